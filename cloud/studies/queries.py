"""What is asked of subjects and courses: which there are, who teaches them, and who learns in them on a day.

Rule: rights are the caller's to check; these are for the slices above, which know what is asked and why.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import asyncpg

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.roles import STAFF
from cloud.core.services import Services

SUBJECTS_MAX = 500
COURSES_MAX = 5_000
MEMBERS_MAX = 100_000
STAFF_MAX = 2_000
_SUBJECT = "SELECT id, code, area, name_kk, name_ru, name_en, difficulty, is_active FROM school_subject"
_SUBJECTS = f"{_SUBJECT} WHERE school_id = $1 ORDER BY is_active DESC, id LIMIT $2"
_COURSE = """
SELECT course.id, course.school_id, course.year, course.school_class_id AS class_id, grade || letter AS class_name,
  grade, shift, subject.id AS subject_id, code, area, name_kk, name_ru, name_en, difficulty, subject.is_active,
  group_name, teacher_id, coalesce(concat_ws(' ', surname, given_name, nullif(patronymic, '')), '') AS teacher,
  half_hours, room, ended_on
FROM course JOIN school_class ON school_class.id = course.school_class_id
JOIN school_subject AS subject ON subject.id = subject_id LEFT JOIN person ON person.id = teacher_id
"""
_COURSES = f"""{_COURSE} WHERE course.school_id = $1 AND course.year = $2
  AND ($3::bigint[] IS NULL OR course.school_class_id = ANY($3)) AND ($4::bigint IS NULL OR teacher_id = $4)
ORDER BY grade, letter, subject.id, group_name LIMIT $5"""
_ONE = f"{_COURSE} WHERE course.school_id = $1 AND course.id = $2"
_YEARS = "SELECT DISTINCT year FROM course WHERE school_id = $1 AND year <= $2 ORDER BY year DESC LIMIT 20"
_SOME = f"{_COURSE} WHERE course.school_id = $1 AND course.id = ANY($2) LIMIT $3"
_OWN = """
SELECT person.id FROM staff_account JOIN person ON person.id = person_id
WHERE account_id = $1 AND school_id = $2 AND is_active ORDER BY person.id LIMIT 1
"""
_MEMBERS = """
SELECT course.id AS course_id, person.id, ref, concat_ws(' ', surname, given_name) AS name
FROM course JOIN stay ON stay.school_class_id = course.school_class_id
  AND stay.first_on <= $2 AND (stay.last_on IS NULL OR stay.last_on >= $2)
JOIN person ON person.id = stay.person_id
WHERE course.id = ANY($1) AND (group_name = '' OR EXISTS (
  SELECT FROM course_member AS own WHERE own.course_id = course.id AND own.person_id = person.id
    AND own.first_on <= $2 AND (own.last_on IS NULL OR own.last_on >= $2)))
ORDER BY sort_key, person.id LIMIT $3
"""
_STUDENTS = """
SELECT person.id, ref, concat_ws(' ', surname, given_name) AS name FROM stay JOIN person ON person.id = stay.person_id
WHERE stay.school_class_id = $1 AND stay.first_on <= $2 AND (stay.last_on IS NULL OR stay.last_on >= $2)
ORDER BY sort_key, person.id LIMIT 500
"""
_STAFF = """
SELECT person.id, ref, concat_ws(' ', surname, given_name, nullif(patronymic, '')) AS name, person.position,
  account.id AS account_id, coalesce(account.name, '') AS account
FROM person LEFT JOIN staff_account ON person_id = person.id LEFT JOIN account ON account.id = account_id
WHERE school_id = $1 AND role = 'staff' AND person.is_active ORDER BY sort_key, person.id LIMIT $2
"""
_ACCOUNTS = """
SELECT DISTINCT account.id, account.name FROM grant_of_role JOIN account ON account.id = account_id
WHERE school_id = $1 AND role = ANY($2) AND is_active ORDER BY account.name, account.id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a school teaches; `difficulty` in points of the sanitary rules."""

    id: int
    code: str
    area: str
    names: Mapping[str, str]  # by language
    difficulty: int
    is_active: bool

    def name(self, language: str) -> str:
        """Return the subject's name in a language."""
        return self.names.get(language, self.names["kk"])


@dataclass(frozen=True, slots=True)
class Course:
    """A subject taught to a class, or to a group of it, in the school year that begins in `year`."""

    id: int
    school_id: int
    year: int
    class_id: int
    class_name: str
    grade: int
    shift: int
    subject: Subject
    group: str  # empty: the whole class
    teacher_id: int | None
    teacher: str  # empty: a vacancy
    half_hours: int  # lessons in two weeks
    room: str
    ended_on: date | None

    def is_on(self, on: date) -> bool:
        """Tell whether it is taught on a day, if its year is then."""
        return self.ended_on is None or on <= self.ended_on

    def title(self, language: str) -> str:
        """Return subject, class and group as a list names it."""
        named = f"{self.subject.name(language)}, {self.class_name}"
        return f"{named}, {self.group}" if self.group else named


@dataclass(frozen=True, slots=True)
class Member:
    """A student who learns in a course."""

    id: int
    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody who works at the school and may teach, with the account that is tied to the person."""

    id: int
    ref: str
    name: str
    position: str
    account_id: int | None
    account: str


async def subjects_of(services: Services, school_id: int) -> list[Subject]:
    """Return a school's subjects in the order of the state's list, its own after them, those out of use last."""
    return [_subject(row, row["id"]) for row in await services.database.pool.fetch(_SUBJECTS, school_id, SUBJECTS_MAX)]


async def courses_of(
    services: Services, school_id: int, year: int, *, class_ids: Collection[int] | None = None,
    teacher_id: int | None = None,
) -> list[Course]:  # fmt: skip
    """Return a year's courses by class and subject, ended ones too; of some classes, or of one teacher."""
    wanted = None if class_ids is None else list(class_ids)
    rows = await services.database.pool.fetch(_COURSES, school_id, year, wanted, teacher_id, COURSES_MAX)
    return [_course(row) for row in rows]


async def years_taught(services: Services, school_id: int, year: int) -> list[int]:
    """Return a school year and those before it in which a school had courses, the newest first."""
    rows = await services.database.pool.fetch(_YEARS, school_id, year)
    return sorted({year} | {row["year"] for row in rows}, reverse=True)


async def courses_by_id(services: Services, school_id: int, course_ids: Collection[int]) -> dict[int, Course]:
    """Return courses of a school by their numbers, of whichever year."""
    rows = await services.database.pool.fetch(_SOME, school_id, list(course_ids), COURSES_MAX)
    return {row["id"]: _course(row) for row in rows}


async def course_of(services: Services, school_id: int, course_id: int) -> Course:
    """Return a course of a school. Raises NotFound."""
    return await course_in(services.database.pool, school_id, course_id)


async def course_in(connection: asyncpg.Connection | asyncpg.Pool, school_id: int, course_id: int) -> Course:
    """Return a course of a school, as a transaction of the caller's sees it. Raises NotFound."""
    row = await connection.fetchrow(_ONE, school_id, course_id)
    if row is None:
        raise NotFound
    return _course(row)


async def own_person(services: Services, actor: Actor, school_id: int) -> int | None:
    """Return whom of a school's staff the actor's account is tied to; None where it is nobody's."""
    if actor.account_id is None or actor.must_change:
        return None
    return await services.database.pool.fetchval(_OWN, actor.account_id, school_id)  # type: ignore[no-any-return]


async def members_of(
    connection: asyncpg.Connection | asyncpg.Pool, course_ids: Collection[int], on: date
) -> dict[int, list[Member]]:
    """Return who learns in each course on a day, by name: who is in the class then, of a group who is in it too."""
    members: dict[int, list[Member]] = {course_id: [] for course_id in course_ids}
    for row in await connection.fetch(_MEMBERS, list(course_ids), on, MEMBERS_MAX):
        members[row["course_id"]].append(Member(row["id"], row["ref"], row["name"]))
    return members


async def students_of(connection: asyncpg.Connection | asyncpg.Pool, class_id: int, on: date) -> list[Member]:
    """Return who is in a class on a day, by name."""
    return [Member(**row) for row in await connection.fetch(_STUDENTS, class_id, on)]


async def staff_of_school(services: Services, school_id: int) -> list[StaffMember]:
    """Return who works at a school, by name."""
    return [StaffMember(**row) for row in await services.database.pool.fetch(_STAFF, school_id, STAFF_MAX)]


async def accounts_at_work(services: Services, school_id: int) -> list[tuple[int, str]]:
    """Return the accounts that have a role of staff at a school, id and name."""
    rows = await services.database.pool.fetch(_ACCOUNTS, school_id, [role.value for role in STAFF], STAFF_MAX)
    return [(row["id"], row["name"]) for row in rows]


def _subject(row: asyncpg.Record, subject_id: int) -> Subject:
    names = {"kk": row["name_kk"], "ru": row["name_ru"], "en": row["name_en"]}
    return Subject(subject_id, row["code"], row["area"], names, row["difficulty"], row["is_active"])


def _course(row: asyncpg.Record) -> Course:
    return Course(
        row["id"], row["school_id"], row["year"], row["class_id"], row["class_name"], row["grade"], row["shift"],
        _subject(row, row["subject_id"]), row["group_name"], row["teacher_id"], row["teacher"], row["half_hours"],
        row["room"], row["ended_on"],
    )  # fmt: skip
