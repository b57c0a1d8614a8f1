"""OneRoster's objects, made of a school's rows. Pure.

A quarter is a `term`, and the one `gradingPeriod` within it: marks are given by quarters. All that a grade learns is
one course until subjects have their own; a class is a `homeroom` of it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from cloud.oneroster.kinds import Kind
from cloud.oneroster.rows import ClassRead, PersonRead, Rows
from cloud.people.kinds import PersonRole

Built = dict[str, object]
ROOT = "/ims/oneroster/rostering/v1p2"
YEAR_BEGINS_MONTH = 8  # a term that begins in August or later is of the year that begins then
_TEACHER = re.compile(r"мұғалім|ұстаз|педагог|учител|преподавател|teacher", re.IGNORECASE)
_PRINCIPAL = re.compile(r"^\s*(директор|principal)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes the objects of one school, with references below one address."""

    rows: Rows
    base: str  # the service's own address, up to the root

    # Identifiers

    @property
    def org_id(self) -> str:
        return self.rows.school.code

    def class_id(self, class_id: int) -> str:
        """Return the identifier of a class."""
        return f"{self.org_id}-class-{class_id}"

    def course_id(self, grade: int) -> str:
        """Return the identifier of a grade's course."""
        return f"{self.org_id}-grade-{grade}"

    def year_id(self, year: int) -> str:
        """Return the identifier of the school year that begins in a year."""
        return f"{self.org_id}-year-{year}"

    def term_id(self, first_on: date) -> str:
        """Return the identifier of the quarter that begins on a day."""
        return f"{self.org_id}-term-{first_on}"

    def period_id(self, first_on: date) -> str:
        """Return the identifier of a quarter's grading period."""
        return f"{self.org_id}-period-{first_on}"

    @property
    def year(self) -> int:
        """Return the year in which the school year of now began."""
        return _year_of(self.rows.on)

    # Objects

    def orgs(self) -> list[Built]:
        """Return the school."""
        school = self.rows.school
        names = {"name.ru": school.name_ru, "name.en": school.name_en}
        return [
            _active(self.org_id, name=school.name_kk, type="school", identifier=school.code, metadata=names),
        ]

    def sessions(self) -> list[Built]:
        """Return the school years, their quarters, and the quarters' grading periods."""
        years = {self.year} | {_year_of(first_on) for first_on, _ in self.rows.terms}
        built = [self._year(year) for year in sorted(years)]
        for first_on, last_on in self.rows.terms:
            year, number = _year_of(first_on), self._number(first_on)
            spans = {"startDate": str(first_on), "endDate": _end_of(last_on), "schoolYear": str(year + 1)}
            period = self.ref(Kind.SESSION, self.period_id(first_on))
            built.append(
                _active(self.term_id(first_on), title=f"{number}-тоқсан / {number} четверть", type="term", **spans,
                        parent=self.ref(Kind.SESSION, self.year_id(year)), children=[period])
            )  # fmt: skip
            built.append(
                _active(self.period_id(first_on), title=f"{number}-тоқсан / {number} четверть", type="gradingPeriod",
                        **spans, parent=self.ref(Kind.SESSION, self.term_id(first_on)))
            )  # fmt: skip
        return built

    def courses(self) -> list[Built]:
        """Return a course for each grade that has a class."""
        grades = sorted({each.grade for each in self.rows.classes if each.is_active})
        year, org = self.ref(Kind.SESSION, self.year_id(self.year)), self.ref(Kind.ORG, self.org_id)
        return [
            _active(self.course_id(grade), title=f"{grade}-сынып / {grade} класс", courseCode=str(grade),
                    schoolYear=year, grades=[_grade(grade)], org=org)
            for grade in grades
        ]  # fmt: skip

    def classes(self) -> list[Built]:
        """Return the classes, past ones too."""
        return [self._class(each) for each in self.rows.classes]

    def users(self, people: Iterable[PersonRead]) -> list[Built]:
        """Return people as users; who left is told by the identifier alone."""
        grades = {each.id: each.grade for each in self.rows.classes}
        return [self._user(person, grades) for person in people]

    def enrollments(self) -> list[Built]:
        """Return which student is in which class."""
        return [
            self.enrollment(person.ref, person.class_id)
            for person in self.rows.people
            if person.is_active and person.class_id is not None and person.role is PersonRole.STUDENT
        ]

    def _year(self, year: int) -> Built:
        own = [(first, last) for first, last in self.rows.terms if _year_of(first) == year]
        first_on = min((first for first, _ in own), default=date(year, 9, 1))
        last_on = max((last for _, last in own), default=date(year + 1, 8, 31))
        return _active(
            self.year_id(year), title=f"{year}–{year + 1}", type="schoolYear", startDate=str(first_on),
            endDate=_end_of(last_on), schoolYear=str(year + 1),
            children=[self.ref(Kind.SESSION, self.term_id(first)) for first, _ in own],
        )  # fmt: skip

    def _class(self, each: ClassRead) -> Built:
        own = [self.term_id(first) for first, _ in self.rows.terms if _year_of(first) == self.year]
        name = f"{each.grade}{each.letter}"
        built = _active(
            self.class_id(each.id), title=name, classCode=name, classType="homeroom", grades=[_grade(each.grade)],
            course=self.ref(Kind.COURSE, self.course_id(each.grade)), school=self.ref(Kind.ORG, self.org_id),
            terms=[self.ref(Kind.SESSION, each) for each in own or [self.year_id(self.year)]],
        )  # fmt: skip
        return built if each.is_active else {**built, "status": "tobedeleted"}

    def _user(self, person: PersonRead, grades: dict[int, int]) -> Built:
        org = self.ref(Kind.ORG, self.org_id)
        roles = [{"roleType": "primary", "role": role_of(person), "org": org}]
        built = _active(person.ref, username=person.ref, enabledUser="true", roles=roles, primaryOrg=org)
        if not person.is_active:
            return {**built, "status": "tobedeleted", "enabledUser": "false", "givenName": "", "familyName": ""}
        if not person.is_named:
            built |= {"givenName": "", "familyName": person.ref}
            return built | self._grades(person, grades)
        built |= {"givenName": person.given_name, "familyName": person.surname}
        if person.patronymic:
            built["middleName"] = person.patronymic
        if person.number:
            built["identifier"] = person.number
        return built | self._grades(person, grades)

    def _grades(self, person: PersonRead, grades: dict[int, int]) -> Built:
        return {} if person.class_id not in grades else {"grades": [_grade(grades[person.class_id])]}

    def members(self, class_id: str) -> frozenset[str]:
        """Return the references of who is in a class."""
        return frozenset(
            person.ref
            for person in self.rows.people
            if person.is_active and person.class_id is not None and self.class_id(person.class_id) == class_id
        )

    def classes_of(self, person: PersonRead) -> frozenset[str]:
        """Return the identifiers of somebody's classes."""
        return frozenset({self.class_id(person.class_id)} if person.is_active and person.class_id is not None else ())

    def enrollment(self, ref: str, class_id: int) -> Built:
        """Return that a student is in a class."""
        return _active(
            f"{ref}-{class_id}", user=self.ref(Kind.USER, ref), role="student", primary="false",
            school=self.ref(Kind.ORG, self.org_id),
        ) | {"class": self.ref(Kind.CLASS, self.class_id(class_id))}  # fmt: skip

    def _number(self, first_on: date) -> int:
        own = sorted(first for first, _ in self.rows.terms if _year_of(first) == _year_of(first_on))
        return own.index(first_on) + 1

    def ref(self, kind: Kind, sourced_id: str) -> Built:
        """Return a reference to an object."""
        href = f"{self.base}{ROOT}/{kind.described.path}/{sourced_id}"
        return {"href": href, "sourcedId": sourced_id, "type": kind.value}


def role_of(person: PersonRead) -> str:
    """Return what a person is in the standard's words; of staff the position tells it."""
    if person.role is PersonRole.STUDENT:
        return "student"
    if _PRINCIPAL.match(person.position):
        return "principal"
    return "teacher" if _TEACHER.search(person.position) else "ext:staff"


def _active(sourced_id: str, **fields: object) -> Built:
    return {"sourcedId": sourced_id, "status": "active", "dateLastModified": "", **fields}


def _end_of(last_on: date) -> str:
    """Return the first day after: the standard's end is exclusive."""
    return str(last_on + timedelta(days=1))


def _grade(grade: int) -> str:
    return "KG" if grade == 0 else f"{grade:02}"


def _year_of(day: date) -> int:
    return day.year if day.month >= YEAR_BEGINS_MONTH else day.year - 1
