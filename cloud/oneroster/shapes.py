"""The shapes of OneRoster 1.2's rostering service, as its own OpenAPI document has them, with the fields that we fill.

Left out: demographics (sex, birth and origin are nobody's business who needs a class list), IIN, phones, guardians.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["active", "tobedeleted"]
YesNo = Literal["true", "false"]


class Shape(BaseModel):
    """A shape of the standard; its fields have the standard's names."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Ref(Shape):
    """Another object: where it is, and its kind."""

    href: str
    sourced_id: str = Field(alias="sourcedId")
    type: Literal["academicSession", "class", "course", "org", "user"]


class Base(Shape):
    """What every object has. `tobedeleted` says that it is there no more."""

    sourced_id: str = Field(alias="sourcedId")
    status: Status
    date_last_modified: str = Field(alias="dateLastModified", description="When it was first seen to be as it is.")


class Org(Base):
    """The school."""

    name: str
    type: Literal["school"]
    identifier: str
    metadata: dict[str, str] | None = Field(None, description="Its names in Russian and English.")


class AcademicSession(Base):
    """A school year, a quarter of it, or the grading period of a quarter."""

    title: str
    start_date: str = Field(alias="startDate")
    end_date: str = Field(alias="endDate")
    type: Literal["schoolYear", "term", "gradingPeriod"]
    parent: Ref | None = None
    children: list[Ref] | None = None
    school_year: str = Field(alias="schoolYear", description="The year in which it ends.")


class Course(Base):
    """All that a grade learns: subjects have no courses of their own yet."""

    title: str
    course_code: str = Field(alias="courseCode")
    school_year: Ref = Field(alias="schoolYear")
    grades: list[str]
    org: Ref


class SchoolClass(Base):
    """A class of the school, as 5А."""

    title: str
    class_code: str = Field(alias="classCode")
    class_type: Literal["homeroom"] = Field(alias="classType")
    grades: list[str]
    course: Ref
    school: Ref
    terms: list[Ref]


class UserRole(Shape):
    """What somebody is at the school."""

    role_type: Literal["primary"] = Field(alias="roleType")
    role: str = Field(description="student, teacher, principal, or ext:staff.")
    org: Ref


class User(Base):
    """A student or a member of staff."""

    username: str = Field(description="The person's reference; no login.")
    enabled_user: YesNo = Field(alias="enabledUser")
    given_name: str = Field(alias="givenName")
    family_name: str = Field(alias="familyName")
    middle_name: str | None = Field(None, alias="middleName")
    roles: list[UserRole]
    primary_org: Ref = Field(alias="primaryOrg")
    identifier: str | None = Field(None, description="The school's own number of the person.")
    email: str | None = Field(None, description="Of who signs in by it.")
    grades: list[str] | None = None


class Enrollment(Base):
    """Who learns in a class, or leads it."""

    user: Ref
    school_class: Ref = Field(alias="class")
    school: Ref
    role: Literal["student", "teacher"]
    primary: YesNo | None = None


class Orgs(Shape):
    """A page of schools."""

    orgs: list[Org]


class AcademicSessions(Shape):
    """A page of years, quarters and periods."""

    academic_sessions: list[AcademicSession] = Field(alias="academicSessions")


class Courses(Shape):
    """A page of courses."""

    courses: list[Course]


class Classes(Shape):
    """A page of classes."""

    classes: list[SchoolClass]


class Users(Shape):
    """A page of people."""

    users: list[User]


class Enrollments(Shape):
    """A page of enrolments."""

    enrollments: list[Enrollment]


class OneOrg(Shape):
    """A school."""

    org: Org


class OneAcademicSession(Shape):
    """A year, a quarter or a period."""

    academic_session: AcademicSession = Field(alias="academicSession")


class OneCourse(Shape):
    """A course."""

    course: Course


class OneClass(Shape):
    """A class."""

    school_class: SchoolClass = Field(alias="class")


class OneUser(Shape):
    """A person."""

    user: User


class OneEnrollment(Shape):
    """An enrolment."""

    enrollment: Enrollment
