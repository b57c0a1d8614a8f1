"""Who comes to a resource: a student or a teacher of a school, with what may be told of them and nothing else."""

from dataclasses import dataclass
from enum import StrEnum

import asyncpg

from cloud.core.actor import Actor, Role
from cloud.core.rights import Right, Within, holders
from cloud.core.services import Services
from cloud.people.consents import consented_to
from cloud.people.kinds import PersonRole, Purpose

TEACHING = holders(Right.RESOURCES_OPEN, (Within.SCHOOL,))
STUDENTS_MAX = 200
_STUDENT = f"""
SELECT person.id AS person_id, person.school_id, school_class.id AS class_id, grade,
    coalesce(grade || letter, '') AS class_name, surname, given_name,
    {consented_to(Purpose.RESOURCE)} AS may_be_named
FROM person LEFT JOIN school_class ON school_class.id = school_class_id
"""  # noqa: S608 (a text of ours)
_OF_ACCOUNT = (
    f"{_STUDENT} JOIN student_account s ON s.person_id = person.id"
    " WHERE s.account_id = $1 AND person.school_id = $2 AND person.is_active AND person.role = $3"
)
_OF_CLASS = (
    f"{_STUDENT} WHERE school_class_id = $1 AND person.is_active AND person.role = $2"
    " AND NOT is_refused(person.id, 'data') ORDER BY sort_key LIMIT $3"
)
_ACCOUNT = """
SELECT name, array_agg(DISTINCT role) AS roles FROM account JOIN grant_of_role ON account_id = account.id
WHERE account.id = $1 AND school_id = $2 AND is_active GROUP BY account.id
"""


class MemberRole(StrEnum):
    """What a resource is told that somebody is."""

    STUDENT = "student"
    TEACHER = "teacher"


@dataclass(frozen=True, slots=True)
class Member:
    """A student or a teacher of one school. `key` is the same as long as it is the same person."""

    key: str
    school_id: int
    role: MemberRole
    name: str
    surname: str = ""
    given_name: str = ""
    person_id: int | None = None
    class_id: int | None = None
    class_name: str = ""
    grade: int | None = None
    may_be_named: bool = True  # a student only with a consent on record


def schools_of_member(actor: Actor) -> list[int]:
    """Return the schools that the actor studies or teaches at."""
    return sorted(actor.schools_as(Role.STUDENT, *TEACHING))


async def member_of(services: Services, account_id: int | None, school_id: int) -> Member | None:
    """Return what an account is at a school now; None for who neither studies nor teaches there, or no more."""
    row = await services.database.pool.fetchrow(_ACCOUNT, account_id, school_id)
    if row is None:
        return None
    roles = {Role(role) for role in row["roles"]}
    if roles & TEACHING:
        return Member(f"account:{account_id}", school_id, MemberRole.TEACHER, row["name"])
    if Role.STUDENT not in roles:
        return None
    student = await services.database.pool.fetchrow(_OF_ACCOUNT, account_id, school_id, PersonRole.STUDENT.value)
    return None if student is None else _student(student)


async def students_of(services: Services, class_id: int) -> list[Member]:
    """Return the students of a class, in the order of the Kazakh alphabet; for programs that asked for themselves.

    Whose data nobody may keep is not among them: the program did not meet the child before.
    """
    rows = await services.database.pool.fetch(_OF_CLASS, class_id, PersonRole.STUDENT.value, STUDENTS_MAX)
    return [_student(row) for row in rows]


def _student(row: asyncpg.Record) -> Member:
    return Member(
        f"person:{row['person_id']}", row["school_id"], MemberRole.STUDENT, f"{row['surname']} {row['given_name']}",
        row["surname"], row["given_name"], row["person_id"], row["class_id"], row["class_name"], row["grade"],
        row["may_be_named"],
    )  # fmt: skip
