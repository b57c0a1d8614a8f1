"""Versions of a timetable: drafts that are worked on by hand or by the solver, then published from a day on.

Rule: a published version is never changed: a copy of it is, and is published from another day on.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.texts import one_line
from cloud.studies.rules import days_of, year_of
from cloud.timetable.errors import TimetableRefused
from cloud.timetable.framing import Book, book_of
from cloud.timetable.kinds import NEVER, Weeks
from cloud.timetable.rules import Conflict, Slot, conflicts

NAME_MAX, VERSIONS_MAX, SLOTS_MAX = 60, 100, 20_000
_VERSIONS = """
SELECT timetable.*, (SELECT count(*) FROM timetable_slot WHERE timetable_id = timetable.id) AS slot_count FROM timetable
WHERE school_id = $1 AND year = $2 ORDER BY first_on DESC NULLS FIRST, published_at DESC, id DESC LIMIT $3
"""
_ONE = """
SELECT timetable.*, (SELECT count(*) FROM timetable_slot WHERE timetable_id = timetable.id) AS slot_count FROM timetable
WHERE school_id = $1 AND id = $2
"""
_DRAFT = "SELECT id FROM timetable WHERE school_id = $1 AND id = $2 AND first_on IS NULL FOR UPDATE"
_ADD = """
INSERT INTO timetable (school_id, year, name, made_at) SELECT $1, $2, $3, $4
WHERE (SELECT count(*) FROM timetable WHERE school_id = $1 AND year = $2) < $5 RETURNING id
"""
_COPY = """
INSERT INTO timetable_slot (timetable_id, course_id, weekday, number, weeks, room, is_fixed)
SELECT $1, course_id, weekday, number, weeks, slot.room, is_fixed FROM timetable_slot AS slot
JOIN course ON course.id = course_id AND year = $3 WHERE timetable_id = $2
"""
_DROP = "DELETE FROM timetable WHERE id = $1"
_SLOTS = """
SELECT course_id, weekday, number, weeks, room, is_fixed FROM timetable_slot WHERE timetable_id = $1
ORDER BY weekday, number, course_id LIMIT $2
"""
_PUT = """
INSERT INTO timetable_slot (timetable_id, course_id, weekday, number, weeks, room, is_fixed)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (timetable_id, course_id, weekday, number, weeks) DO UPDATE SET room = $6, is_fixed = $7
"""
_TAKE = """
DELETE FROM timetable_slot WHERE (timetable_id, course_id, weekday, number, weeks) = ($1, $2, $3, $4, $5)
RETURNING course_id
"""
_CLEAR = "DELETE FROM timetable_slot WHERE timetable_id = $1"
_PUBLISH = "UPDATE timetable SET first_on = $2, last_on = $3, published_at = $4 WHERE id = $1"
_ANEW = """
INSERT INTO timetable_head (school_id) VALUES ($1) ON CONFLICT (school_id) DO UPDATE SET laid_on = NULL
"""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a school year's timetable; a draft where it begins on no day."""

    id: int
    year: int
    name: str
    first_on: date | None
    last_on: date | None
    published_at: datetime | None
    slot_count: int

    @property
    def is_draft(self) -> bool:
        return self.first_on is None

    def is_on(self, on: date) -> bool:
        """Tell whether lessons of a day could be by it."""
        first_on, last_on = days_of(self.year)
        return self.first_on is not None and max(first_on, self.first_on) <= on <= min(last_on, self.last_on or last_on)


@dataclass(frozen=True, slots=True)
class Held:
    """The slots of a version, and which of them stay where they are."""

    slots: Sequence[Slot]
    fixed: frozenset[Slot]


def in_force(versions: Collection[Version], on: date) -> Version | None:
    """Return by which version lessons of a day are: the one that began last."""
    own = [each for each in versions if each.is_on(on)]
    return max(own, key=lambda each: (each.first_on or date.min, each.published_at), default=None)


async def versions_of(services: Services, school_id: int, year: int) -> list[Version]:
    """Return a year's versions, drafts first. Rights are the caller's to check."""
    return [_version(row) for row in await services.database.pool.fetch(_VERSIONS, school_id, year, VERSIONS_MAX)]


async def version_of(services: Services, school_id: int, timetable_id: int) -> Version:
    """Return a version. Raises NotFound."""
    row = await services.database.pool.fetchrow(_ONE, school_id, timetable_id)
    if row is None:
        raise NotFound
    return _version(row)


async def slots_of_version(at: asyncpg.Connection | asyncpg.Pool, timetable_id: int) -> Held:
    """Return the slots of a version."""
    rows = await at.fetch(_SLOTS, timetable_id, SLOTS_MAX)
    slots = [Slot(row["weekday"], row["number"], row["course_id"], Weeks(row["weeks"]), row["room"]) for row in rows]
    return Held(slots, frozenset(slot for slot, row in zip(slots, rows, strict=True) if row["is_fixed"]))


async def add_draft(
    services: Services, actor: Actor, school_id: int, name: str, on: date, of: int | None = None
) -> int:  # fmt: skip
    """Begin a draft for the school year of a day, empty or as another version, and return its id.

    Raises NotAllowed, NotFound or TimetableRefused.
    """
    actor.require(Right.TIMETABLE_KEEP, school_id)
    named = one_line(name)
    if not 0 < len(named) <= NAME_MAX:
        raise TimetableRefused(message("Name the timetable, in {most} letters at most.", most=NAME_MAX))
    if of is not None:
        await version_of(services, school_id, of)
    async with services.database.transaction() as transaction:
        at, year = raw(transaction), year_of(on)
        draft_id: int | None = await at.fetchval(_ADD, school_id, year, named, services.clock.now(), VERSIONS_MAX)
        if draft_id is None:
            raise TimetableRefused(message("There are too many timetables of this year. Delete drafts first."))
        if of is not None:
            await at.execute(_COPY, draft_id, of, year)
        await audit(transaction, actor, "timetable.begun", f"timetable:{draft_id}", {"year": str(year)},
                    school_id=school_id, at=services.clock.now())  # fmt: skip
    return draft_id


async def drop_draft(services: Services, actor: Actor, school_id: int, timetable_id: int) -> None:
    """Delete a draft. Raises NotAllowed or NotFound."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    async with services.database.transaction() as transaction:
        await _lock_draft(raw(transaction), school_id, timetable_id)
        await raw(transaction).execute(_DROP, timetable_id)
        await audit(transaction, actor, "timetable.dropped", f"timetable:{timetable_id}", school_id=school_id,
                    at=services.clock.now())  # fmt: skip


async def put_slot(
    services: Services, actor: Actor, school_id: int, timetable_id: int, slot: Slot, on: date
) -> list[Conflict]:  # fmt: skip
    """Put a lesson into a cell of a draft by hand, where the solver then leaves it; return what clashes there.

    Raises NotAllowed, NotFound, or TimetableRefused for what can never be: a class, a teacher or a room twice at one
    time, or a lesson for which there is no bell.
    """
    actor.require(Right.TIMETABLE_KEEP, school_id)
    version = await version_of(services, school_id, timetable_id)
    book = await book_of(services, school_id, version.year, on)
    if slot.course_id not in book.courses:
        raise NotFound
    async with services.database.transaction() as transaction:
        at = raw(transaction)
        await _lock_draft(at, school_id, timetable_id)
        held = await slots_of_version(at, timetable_id)
        found = _around(slot, conflicts(book.frame, [*(each for each in held.slots if not _same(each, slot)), slot]))
        if never := [each for each in found if each.kind in NEVER]:
            raise TimetableRefused(message("The lesson cannot be put there. See what it clashes with."), never)
        await at.execute(_PUT, timetable_id, slot.course_id, slot.weekday, slot.number, int(slot.weeks), slot.room,
                         True)  # fmt: skip
        await _note(services, transaction, actor, school_id, timetable_id, "timetable.slot_put", slot)
    return found


async def take_slot(services: Services, actor: Actor, school_id: int, timetable_id: int, slot: Slot) -> None:
    """Take a lesson out of a cell of a draft. Raises NotAllowed or NotFound."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    async with services.database.transaction() as transaction:
        at = raw(transaction)
        await _lock_draft(at, school_id, timetable_id)
        key = (timetable_id, slot.course_id, slot.weekday, slot.number, int(slot.weeks))
        if await at.fetchval(_TAKE, *key) is None:
            raise NotFound
        await _note(services, transaction, actor, school_id, timetable_id, "timetable.slot_taken", slot)


async def put_all(
    services: Services, actor: Actor, school_id: int, timetable_id: int, slots: Sequence[Slot]
) -> None:  # fmt: skip
    """Put slots in the place of a draft's own; those put by hand stay so. Raises NotAllowed or NotFound."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    async with services.database.transaction() as transaction:
        at = raw(transaction)
        await _lock_draft(at, school_id, timetable_id)
        fixed = {_key(slot) for slot in (await slots_of_version(at, timetable_id)).fixed}
        await at.execute(_CLEAR, timetable_id)
        rows = [(timetable_id, slot.course_id, slot.weekday, slot.number, int(slot.weeks), slot.room,
                 _key(slot) in fixed) for slot in slots]  # fmt: skip
        await at.executemany(_PUT, rows)
        await audit(transaction, actor, "timetable.filled", f"timetable:{timetable_id}", {"lessons": str(len(rows))},
                    school_id=school_id, at=services.clock.now())  # fmt: skip


async def publish(
    services: Services, actor: Actor, school_id: int, timetable_id: int, days: tuple[date, date | None], today: date
) -> None:  # fmt: skip
    """Let lessons be by a draft from a day on, up to a day or to the end of the school year.

    Raises NotAllowed, NotFound, or TimetableRefused for days that have gone and for what can never be.
    """
    actor.require(Right.TIMETABLE_KEEP, school_id)
    first_on, last_on = days
    version = await version_of(services, school_id, timetable_id)
    year_first, year_last = days_of(version.year)
    if not max(today, year_first) <= first_on <= (last_on or first_on) <= year_last:
        raise TimetableRefused(message("Choose days to come of the timetable's school year, the first one first."))
    book = await book_of(services, school_id, version.year, first_on)
    async with services.database.transaction() as transaction:
        at = raw(transaction)
        await _lock_draft(at, school_id, timetable_id)
        check(book, (await slots_of_version(at, timetable_id)).slots)
        await at.execute(_PUBLISH, timetable_id, first_on, last_on, services.clock.now())
        await at.execute(_ANEW, school_id)
        detail = {"first_on": str(first_on), "last_on": str(last_on or "")}
        await audit(transaction, actor, "timetable.published", f"timetable:{timetable_id}", detail,
                    school_id=school_id, at=services.clock.now())  # fmt: skip


def check(book: Book, slots: Sequence[Slot]) -> None:
    """Raise TimetableRefused where lessons can never be as they are, or there are none."""
    if not slots:
        raise TimetableRefused(message("There are no lessons in this timetable yet."))
    if never := [each for each in conflicts(book.frame, slots) if each.kind in NEVER]:
        raise TimetableRefused(
            message("It is not published: somebody or something is twice at one time. Put this right first."), never
        )


async def _lock_draft(at: asyncpg.Connection, school_id: int, timetable_id: int) -> None:
    if await at.fetchval(_DRAFT, school_id, timetable_id) is None:
        raise NotFound


async def _note(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, school_id: int, timetable_id: int, verb: str,
    slot: Slot,
) -> None:  # fmt: skip
    detail = {"course": str(slot.course_id), "weekday": str(slot.weekday), "number": str(slot.number)}
    await audit(transaction, actor, verb, f"timetable:{timetable_id}", detail, school_id=school_id,
                at=services.clock.now())  # fmt: skip


def _around(slot: Slot, found: Sequence[Conflict]) -> list[Conflict]:
    return [each for each in found if slot.course_id in each.course_ids and each.weekday == slot.weekday]


def _same(one: Slot, other: Slot) -> bool:
    return _key(one) == _key(other)


def _key(slot: Slot) -> tuple[int, int, int, int]:
    return slot.course_id, slot.weekday, slot.number, int(slot.weeks)


def _version(row: asyncpg.Record) -> Version:
    return Version(
        row["id"], row["year"], row["name"], row["first_on"], row["last_on"], row["published_at"], row["slot_count"]
    )
