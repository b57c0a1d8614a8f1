"""Moving students between classes, letting people leave and come back, by an order, as of a day; and the book of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.audit.ties import Kind as TieKind
from cloud.audit.ties import Tie, told_of
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.texts import has_unseen
from cloud.people.actions import note_change
from cloud.people.bulk import lock_school
from cloud.people.errors import PersonRefused
from cloud.people.photos import forget_photo
from cloud.people.stays import NAME_MAX, PAPER_MAX, PLACE_MAX, Kind, Said, note

AT_ONCE = 500
BOOK_MAX = 500
_THESE = """
SELECT person.id, role, is_active, person.school_class_id, first_on FROM person
LEFT JOIN stay ON stay.person_id = person.id AND stay.last_on IS NULL
WHERE person.id = ANY($1) AND person.school_id = $2 ORDER BY person.id FOR UPDATE OF person
"""
_TODAY = "SELECT ($2::timestamptz AT TIME ZONE zone)::date FROM school WHERE id = $1"
_CLASS = "SELECT grade || letter FROM school_class WHERE id = $1 AND school_id = $2 AND is_active"
_MOVE = "UPDATE person SET school_class_id = $2 WHERE id = ANY($1)"
_GO = "UPDATE person SET is_active = false WHERE id = $1"
_COME = "UPDATE person SET is_active = true, school_class_id = coalesce($2, school_class_id) WHERE id = $1"
_BOOK = """
SELECT transfer.number, kind, "on", ref, concat_ws(' ', surname, given_name) AS name, person.is_active,
  coalesce(was.grade || was.letter, '') AS from_class, coalesce(now.grade || now.letter, '') AS to_class, place, paper,
  at, by_name
FROM transfer JOIN person ON person.id = person_id
LEFT JOIN school_class AS was ON was.id = from_class_id LEFT JOIN school_class AS now ON now.id = to_class_id
"""
_OF_SCHOOL = f"""{_BOOK} WHERE transfer.school_id = $1 AND "on" BETWEEN $2 AND $3 AND ($4 = '' OR kind = $4)
ORDER BY "on" DESC, transfer.number DESC LIMIT $5 OFFSET $6"""
_OF_PERSON = f"{_BOOK} WHERE transfer.person_id = $1 ORDER BY transfer.number DESC LIMIT 200"
_STAYS = """
SELECT coalesce(grade || letter, '') AS class_name, first_on, last_on FROM stay
LEFT JOIN school_class ON school_class.id = school_class_id WHERE person_id = $1 ORDER BY first_on LIMIT 200
"""


@dataclass(frozen=True, slots=True)
class Transfer:
    """A line of the book."""

    number: int
    kind: Kind
    on: date
    ref: str
    name: str
    is_active: bool
    from_class: str
    to_class: str
    place: str
    paper: str
    at: datetime
    by_name: str


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in a class; `class_name` is empty for in none, `last_on` none while it goes on."""

    class_name: str
    first_on: date
    last_on: date | None


async def move(
    services: Services, actor: Actor, school_id: int, person_ids: Sequence[int], class_id: int, said: Said
) -> int:
    """Move students of a school to one of its classes as of a day, and return how many were in another one.

    Raises NotAllowed, NotFound, or PersonRefused for a day before they came into the class where they are.
    """
    actor.require(Right.PEOPLE_KEEP, school_id)
    told = _checked(actor, said)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await lock_school(at, school_id)
        name = await at.fetchval(_CLASS, class_id, school_id)
        if name is None:
            raise NotFound(message("There is no such class at this school."))
        people = await _found(services, at, school_id, person_ids, told)
        moved = [row["id"] for row in people if row["school_class_id"] != class_id]
        if not all(row["is_active"] and row["role"] == "student" for row in people):
            raise PersonRefused(message("Only students who are at the school can change class."))
        await at.execute(_MOVE, moved, class_id)
        await note(at, school_id, moved, services.clock.now(), told)
        for person_id in moved:
            await _tell(services, connection, actor, school_id, "person.moved", person_id, told, {"class": name})
    return len(moved)


async def leave(services: Services, actor: Actor, person_id: int, said: Said | None = None) -> None:
    """Let a person belong to the school no more, a student as of a day, the last one there; what happened stays told.

    The cards open no gate from now on, whatever the day. Raises NotAllowed, NotFound or PersonRefused.
    """
    school_id = await services.database.pool.fetchval("SELECT school_id FROM person WHERE id = $1", person_id)
    if school_id is None:
        raise NotFound
    actor.require(Right.PEOPLE_KEEP, school_id)
    told = _checked(actor, said or Said())
    async with services.database.transaction() as connection:
        at = raw(connection)
        await lock_school(at, school_id)
        await _found(services, at, school_id, [person_id], told)
        await at.execute(_GO, person_id)
        await note(at, school_id, [person_id], services.clock.now(), told)
        await forget_photo(at, person_id)
        await _tell(services, connection, actor, school_id, "person.left", person_id, told, {})


async def bring_back(
    services: Services, actor: Actor, school_id: int, person_id: int, class_id: int | None, said: Said
) -> None:
    """Let somebody who left belong to the school again, in a class, or (None) in the one of before.

    Who left the day before or the same day never left. Raises NotAllowed, NotFound or PersonRefused.
    """
    actor.require(Right.PEOPLE_KEEP, school_id)
    told = _checked(actor, said)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await lock_school(at, school_id)
        (row,) = await _found(services, at, school_id, [person_id], told)
        if row["is_active"]:
            raise PersonRefused(message("This person is at the school already."))
        if class_id is not None and await at.fetchval(_CLASS, class_id, school_id) is None:
            raise NotFound(message("There is no such class at this school."))
        await at.execute(_COME, person_id, class_id)
        await note(at, school_id, [person_id], services.clock.now(), told)
        await _tell(services, connection, actor, school_id, "person.came_back", person_id, told, {})


async def transfers_of(
    services: Services, actor: Actor, school_id: int, first_on: date, last_on: date, kind: Kind | None = None,
    most: int = BOOK_MAX, skipped: int = 0,
) -> list[Transfer]:  # fmt: skip
    """Return a school's book of transfers between two days, both included, the last first. Raises NotAllowed."""
    actor.require(Right.PEOPLE_KEEP, school_id)
    wanted = kind.value if kind else ""
    rows = await services.database.pool.fetch(_OF_SCHOOL, school_id, first_on, last_on, wanted, most, skipped)
    return [_transfer(row) for row in rows]


async def history_of(
    services: Services, actor: Actor, school_id: int, person_id: int
) -> tuple[list[Stay], list[Transfer]]:
    """Return in which classes of a school a student was when, and the lines of the book. Raises NotAllowed."""
    actor.require(Right.PEOPLE_KEEP, school_id)
    return await timeline_of(services, person_id)


async def timeline_of(services: Services, person_id: int) -> tuple[list[Stay], list[Transfer]]:
    """Return the same of a student whom the caller's reader may look at, by a check of the caller's."""
    pool = services.database.pool
    stays = [Stay(row["class_name"], row["first_on"], row["last_on"]) for row in await pool.fetch(_STAYS, person_id)]
    return stays, [_transfer(row) for row in await pool.fetch(_OF_PERSON, person_id)]


async def _found(
    services: Services, connection: asyncpg.Connection, school_id: int, person_ids: Sequence[int], said: Said
) -> list[asyncpg.Record]:
    if not person_ids or len(person_ids) > AT_ONCE:
        raise PersonRefused(message("Choose from 1 to {most} students.", most=AT_ONCE))
    rows = await connection.fetch(_THESE, list(person_ids), school_id)
    if len(rows) != len(set(person_ids)):
        raise NotFound(message("One of these does not belong to this school."))
    today = await connection.fetchval(_TODAY, school_id, services.clock.now())
    if said.on is not None and said.on > today:
        raise PersonRefused(message("This day is still to come. Write it down on the day itself."))
    since = max((row["first_on"] for row in rows if row["is_active"] and row["first_on"]), default=None)
    if said.on is not None and since is not None and said.on < since:
        raise PersonRefused(message("The student came into the class on {day}. Choose that day or a later one.",
                                    day=str(since)))  # fmt: skip
    return list(rows)


def _checked(actor: Actor, said: Said) -> Said:
    place, paper = " ".join(said.place.split()), " ".join(said.paper.split())
    if len(place) > PLACE_MAX or len(paper) > PAPER_MAX or has_unseen(place + paper):
        raise PersonRefused(message("Say it in {most} letters at most.", most=PAPER_MAX))
    return replace(said, place=place, paper=paper, by=actor.name[:NAME_MAX])


async def _tell(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, verb: str, person_id: int,
    said: Said, detail: dict[str, str],
) -> None:  # fmt: skip
    told = detail | {key: value for key, value in (("on", str(said.on or "")), ("paper", said.paper)) if value}
    told |= await told_of(connection, Tie(TieKind.CLASS, person_id))
    await note_change(services, connection, actor, verb, f"person:{person_id}", school_id, told)


def _transfer(row: asyncpg.Record) -> Transfer:
    return Transfer(**{**row, "kind": Kind(row["kind"])})
