"""Reads of the class register: a day of one's classes, a class's day child by child, and what parents are told.

Rule: one statement a question, with a limit; the actor's reach is asked first, and a class out of it is not found.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.register.kinds import WHY, Reason, Said, Says
from cloud.register.rules import Clash, Hand, clash_of, is_taken

CHILDREN_MAX = 10_000  # of one school
CLASSES_MAX = 500
HISTORY_MAX = 200
DAYS_MAX = 5_000
CHILDREN = """
SELECT p.id, p.ref, concat_ws(' ', p.surname, p.given_name) AS name, here.class_id AS school_class_id, p.school_id,
  last.number,
  last.says, reason_encrypted, last.at, last.by_name, e.first_in_at, e.last_out_at,
  coalesce(e.is_inside, false) AS is_inside, coalesce(e.late_min, 0) AS late_min
FROM person p
LEFT JOIN stay AS was ON was.person_id = p.id AND $2 BETWEEN was.first_on AND was.last_on -- one that is over
CROSS JOIN LATERAL (
  SELECT CASE WHEN was.id IS NULL THEN p.school_class_id ELSE was.school_class_id END AS class_id
) AS here
LEFT JOIN LATERAL (SELECT number, says, at, by_name FROM register_mark
  WHERE person_id = p.id AND "on" = $2 ORDER BY number DESC LIMIT 1) last ON true
LEFT JOIN register_reason ON register_reason.school_id = $1 AND register_reason.number = last.number
LEFT JOIN presence e ON e.person_id = p.id AND e."on" = $2
WHERE p.school_id = $1 AND p.role = 'student' AND (p.is_active OR was.last_on > $2) AND here.class_id = ANY($3)
ORDER BY p.sort_key, p.id LIMIT $4
"""
_CLASSES = """
SELECT id, grade || letter AS name FROM school_class
WHERE school_id = $1 AND is_active AND ($2::bigint[] IS NULL OR id = ANY($2)) ORDER BY grade, letter LIMIT $3
"""
_HEARD = 'SELECT EXISTS (SELECT FROM presence WHERE school_id = $1 AND "on" = $2 AND first_in_at IS NOT NULL)'
_HISTORY = """
SELECT concat_ws(' ', surname, given_name) AS name, says, mark.school_id, mark.number, reason_encrypted, at, by_name
FROM register_mark AS mark JOIN person ON person.id = person_id
LEFT JOIN register_reason AS why ON why.school_id = mark.school_id AND why.number = mark.number
WHERE person_id = ANY($1) AND "on" = $2 ORDER BY mark.number DESC LIMIT $3
"""
_OF_PEOPLE = """
SELECT DISTINCT ON (person_id, "on") person_id, ref, "on", says, mark.school_id, mark.number, reason_encrypted
FROM register_mark AS mark JOIN person ON person.id = person_id
LEFT JOIN register_reason AS why ON why.school_id = mark.school_id AND why.number = mark.number
WHERE person_id = ANY($1) AND "on" BETWEEN $2 AND $3 ORDER BY person_id, "on", mark.number DESC LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class ChildMarked:
    """A child of a class on a day: what the register says, since when and by whom, and what the gates saw."""

    id: int
    ref: str
    name: str
    number: int  # of the mark that stands; 0 where nothing was said
    said: Said
    at: datetime | None
    by: str
    first_in_at: datetime | None
    last_out_at: datetime | None
    is_inside: bool
    clash: Clash | None
    late_min: int


@dataclass(frozen=True, slots=True)
class ClassDay:
    """A class on a day."""

    id: int
    name: str
    children: Sequence[ChildMarked]

    def count(self, says: str) -> int:
        """Return of how many children the register says so."""
        return sum(each.said.says == says for each in self.children)

    @property
    def clashes(self) -> list[ChildMarked]:
        return [each for each in self.children if each.clash is not None]

    @property
    def is_taken(self) -> bool:
        return is_taken(each.said.says for each in self.children)

    @property
    def number(self) -> int:
        """Return the last mark's number: whoever writes shows that nothing was said since."""
        return max((each.number for each in self.children), default=0)

    @property
    def last(self) -> ChildMarked | None:
        """Return the child of whom something was said last."""
        return max((each for each in self.children if each.number), key=lambda each: each.number, default=None)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was said, when and by whom."""

    name: str
    said: Said
    at: datetime
    by: str


def hand_of(actor: Actor, school_id: int, class_id: int, right: Right = Right.REGISTER_KEEP) -> Hand:
    """Return by whose hand an actor has a right in a class. Raises NotAllowed."""
    if actor.can(right, school_id):
        return Hand.SCHOOL
    if class_id in actor.classes(right, school_id):
        return Hand.TEACHER
    raise NotAllowed


async def classes_on(services: Services, actor: Actor, school: SchoolToday, on: date) -> list[ClassDay]:
    """Return the classes within the actor's reach on a day, each with its children. Raises NotAllowed."""
    reach = None
    if not actor.can(Right.REGISTER_READ, school.id):
        reach = sorted(actor.classes(Right.REGISTER_READ, school.id))
        if not reach:
            raise NotAllowed
    return await _days(services, school.id, reach, on)


async def class_on(services: Services, actor: Actor, school: SchoolToday, class_id: int, on: date) -> ClassDay:
    """Return a class on a day. Raises NotFound where it is none, or out of the actor's reach."""
    try:
        hand_of(actor, school.id, class_id, Right.REGISTER_READ)
    except NotAllowed:
        raise NotFound from None
    days = await _days(services, school.id, [class_id], on)
    if not days:
        raise NotFound
    return days[0]


async def history_of(services: Services, day: ClassDay, on: date) -> list[Change]:
    """Return what was said of a class's children on a day, the newest first; who may ask was asked for the class."""
    ids = [each.id for each in day.children]
    rows = await services.database.pool.fetch(_HISTORY, ids, on, HISTORY_MAX)
    return [Change(row["name"], said_in(services.vault, row), row["at"], row["by_name"]) for row in rows]


async def said_of(
    services: Services, person_ids: Iterable[int], first_on: date, last_on: date
) -> dict[str, dict[date, Said]]:
    """Return what the register says of people's days, by reference. Who may ask is the caller's to check."""
    rows = await services.database.pool.fetch(_OF_PEOPLE, list(person_ids), first_on, last_on, DAYS_MAX)
    days: dict[str, dict[date, Said]] = {}
    for row in rows:
        if (said := said_in(services.vault, row)).says is not Says.UNSAID:
            days.setdefault(row["ref"], {})[row["on"]] = said
    return days


async def children_on(
    connection: asyncpg.Connection, vault: Vault, school_id: int, on: date, class_ids: Sequence[int]
) -> dict[int, list[ChildMarked]]:
    """Return the children of classes with what stands of a day, in an open transaction of a slice above."""
    children: dict[int, list[ChildMarked]] = {each: [] for each in class_ids}
    for row in await connection.fetch(CHILDREN, school_id, on, list(class_ids), CHILDREN_MAX):
        children[row["school_class_id"]].append(_child(vault, row, heard=False))
    return children


async def said_on(
    connection: asyncpg.Connection, vault: Vault, person_ids: Iterable[int], first_on: date, last_on: date
) -> dict[tuple[int, date], Said]:
    """Return what the register says of people's days, by their ids, in an open transaction of a slice above."""
    rows = await connection.fetch(_OF_PEOPLE, list(person_ids), first_on, last_on, DAYS_MAX)
    return {(row["person_id"], row["on"]): said_in(vault, row) for row in rows}


def said_in(vault: Vault, row: Mapping[str, Any]) -> Said:
    """Return what a row says."""
    sealed = row["reason_encrypted"]
    why = None if sealed is None else Reason(vault.decrypt(sealed, WHY, place_of(row["school_id"], row["number"])))
    return Said(Says(row["says"] or Says.UNSAID), why)


def place_of(school_id: int, number: int) -> str:
    """Return what names a mark at the vault."""
    return f"{school_id}:{number}"


async def _days(services: Services, school_id: int, reach: Sequence[int] | None, on: date) -> list[ClassDay]:
    async with services.database.pool.acquire() as connection:
        classes = await connection.fetch(_CLASSES, school_id, reach, CLASSES_MAX)
        ids = [row["id"] for row in classes]
        children: dict[int, list[ChildMarked]] = {each: [] for each in ids}
        heard = bool(await connection.fetchval(_HEARD, school_id, on))
        for row in await connection.fetch(CHILDREN, school_id, on, ids, CHILDREN_MAX):
            children[row["school_class_id"]].append(_child(services.vault, row, heard=heard))
    return [ClassDay(row["id"], row["name"], children[row["id"]]) for row in classes]


def _child(vault: Vault, row: asyncpg.Record, *, heard: bool) -> ChildMarked:
    said = said_in(vault, row)
    return ChildMarked(
        row["id"], row["ref"], row["name"], row["number"] or 0, said, row["at"], row["by_name"] or "",
        row["first_in_at"], row["last_out_at"], row["is_inside"],
        clash_of(said.says, came=row["first_in_at"] is not None, heard=heard), row["late_min"],
    )  # fmt: skip
