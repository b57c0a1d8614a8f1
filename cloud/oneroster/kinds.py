"""The kinds of things that OneRoster tells of, under the names of the standard."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from pydantic import BaseModel

from cloud.oneroster import shapes


@dataclass(frozen=True, slots=True)
class Described:
    """How a kind stands in answers: alone, in a page, and which shapes document it."""

    one: str
    many: str
    path: str  # where one is found, below the root
    shape: type[BaseModel]
    one_shape: type[BaseModel]
    many_shape: type[BaseModel]

    @property
    def fields(self) -> frozenset[str]:
        """Return the names of the fields, as they are filtered and selected by."""
        return frozenset(field.alias or name for name, field in self.shape.model_fields.items())


class Telling(Protocol):
    """A kind of either service."""

    @property
    def described(self) -> Described: ...

    @property
    def value(self) -> str: ...


class Kind(Enum):
    """A kind of thing; `value` is the type of references to it."""

    ORG = "org"
    SESSION = "academicSession"
    COURSE = "course"
    CLASS = "class"
    USER = "user"
    ENROLLMENT = "enrollment"

    @property
    def described(self) -> Described:
        return _DESCRIBED[self]


_DESCRIBED = {
    Kind.ORG: Described("org", "orgs", "orgs", shapes.Org, shapes.OneOrg, shapes.Orgs),
    Kind.SESSION: Described(
        "academicSession", "academicSessions", "academicSessions",
        shapes.AcademicSession, shapes.OneAcademicSession, shapes.AcademicSessions,
    ),
    Kind.COURSE: Described("course", "courses", "courses", shapes.Course, shapes.OneCourse, shapes.Courses),
    Kind.CLASS: Described("class", "classes", "classes", shapes.SchoolClass, shapes.OneClass, shapes.Classes),
    Kind.USER: Described("user", "users", "users", shapes.User, shapes.OneUser, shapes.Users),
    Kind.ENROLLMENT: Described(
        "enrollment", "enrollments", "enrollments", shapes.Enrollment, shapes.OneEnrollment, shapes.Enrollments
    ),
}  # fmt: skip
