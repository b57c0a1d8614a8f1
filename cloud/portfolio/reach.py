"""Whose profile somebody may open: a student within a right's reach, a child of one's own, who works here, oneself.

Rule: what is out of reach answers as what is not there.
"""

from datetime import date, datetime

import asyncpg

from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.portfolio.kinds import Subject

_COLUMNS = """
person.id, person.ref, person.school_id, concat_ws(' ', surname, given_name, nullif(patronymic, '')) AS name,
coalesce(person.school_class_id, 0) AS class_id, coalesce(grade || letter, '') AS class_name, person.position,
person.is_active
"""
_FROM = "FROM person LEFT JOIN school_class ON school_class.id = person.school_class_id"
_ONE = f"SELECT {_COLUMNS} {_FROM} WHERE person.ref = $1 AND person.school_id = $2 AND role = $3"
# A guardian who may see the child's days, or the student whose own account it is.
_KIN = f"""
SELECT {_COLUMNS}, may_consent, is_own FROM (
  SELECT account_id, person_id, may_see, may_consent, false AS is_own FROM guardianship_at($3)
  UNION ALL
  SELECT account_id, person_id, true, false, true FROM student_account WHERE EXISTS (
    SELECT FROM grant_of_role AS held JOIN person ON person.id = student_account.person_id
    WHERE held.account_id = student_account.account_id AND held.role = 'student' AND held.school_id = person.school_id)
) AS family JOIN person ON person.id = family.person_id
LEFT JOIN school_class ON school_class.id = person.school_class_id
WHERE family.account_id = $1 AND person.ref = $2 AND person.is_active AND may_see
ORDER BY may_consent DESC LIMIT 1
"""  # noqa: S608 (texts of ours)
_OWN = f"""
SELECT {_COLUMNS} FROM staff_account JOIN person ON person.id = staff_account.person_id
LEFT JOIN school_class ON school_class.id = person.school_class_id
WHERE staff_account.account_id = $1 AND person.is_active ORDER BY person.id LIMIT 20
"""  # noqa: S608
_TODAY = "SELECT ($2::timestamptz AT TIME ZONE zone)::date FROM school WHERE id = $1"


async def student_at(services: Services, actor: Actor, school_id: int, ref: str, *rights: Right) -> Subject:
    """Return a student for whose class, or school, the actor has all of these rights. Raises NotFound."""
    found = await _person(services, school_id, ref, "student")
    if not all(may(actor, right, found) for right in rights):
        raise NotFound
    return found


async def staff_at(services: Services, actor: Actor, school_id: int, ref: str, right: Right) -> Subject:
    """Return somebody who works at a school, for who has a right about staff there. Raises NotFound or NotAllowed."""
    actor.require(right, school_id)
    return await _person(services, school_id, ref, "staff")


async def kin_of(services: Services, actor: Actor, ref: str) -> tuple[Subject, bool]:
    """Return a child of the actor's own, or the student the actor is; and whether the actor is a legal representative.

    Raises NotFound.
    """
    if actor.account_id is None or not actor.kinships(Right.PORTFOLIO_ADD):
        raise NotFound
    row = await services.database.pool.fetchrow(_KIN, actor.account_id, ref, services.clock.now())
    if row is None:
        raise NotFound
    return _subject(row), row["may_consent"]


async def own_places(services: Services, actor: Actor) -> list[Subject]:
    """Return who the actor is at each school where it works. Raises NotAllowed where its roles are not of staff."""
    if actor.account_id is None or not actor.kinships(Right.STAFF_PROFILE_OWN):
        raise NotAllowed
    return [_subject(row) for row in await services.database.pool.fetch(_OWN, actor.account_id)]


async def own_place(services: Services, actor: Actor, ref: str) -> Subject:
    """Return one of `own_places`. Raises NotFound or NotAllowed."""
    for each in await own_places(services, actor):
        if each.ref == ref:
            return each
    raise NotFound


def may(actor: Actor, right: Right, whose: Subject) -> bool:
    """Tell whether the actor has a right for a student, by the whole school or by the class."""
    return actor.can(right, whose.school_id) or whose.class_id in actor.classes(right, whose.school_id)


async def today_at(connection: asyncpg.Connection | asyncpg.Pool, school_id: int, now: datetime) -> date:
    """Return a school's day."""
    day: date = await connection.fetchval(_TODAY, school_id, now)
    return day


async def _person(services: Services, school_id: int, ref: str, role: str) -> Subject:
    row = await services.database.pool.fetchrow(_ONE, ref, school_id, role)
    if row is None:
        raise NotFound
    return _subject(row)


def _subject(row: asyncpg.Record) -> Subject:
    return Subject(
        row["id"], row["ref"], row["school_id"], row["name"], row["class_id"], row["class_name"], row["position"],
        row["is_active"],
    )  # fmt: skip
