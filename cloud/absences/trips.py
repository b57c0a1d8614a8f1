"""Trips of classes: where a class goes, from which day to which, and who of it goes along.

Rule: who goes along is excused for whole days; who stays is expected as ever. A trip that is called off excuses nobody,
from then on, and is never deleted by hand.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.absences.ended import note_ended
from cloud.absences.errors import TripRefused
from cloud.absences.queries import reach_of
from cloud.absences.rules import check_trip
from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.page_wakeups import wake_pages
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.register.queries import hand_of

OPEN_MAX = 20  # of one class
SHOWN_MAX = 100
LATELY = timedelta(days=30)
_OPEN = """
SELECT count(*) FROM trip WHERE school_class_id = $1 AND ended_at IS NULL AND last_on >= $2
"""
_CHILDREN = """
SELECT id, ref, concat_ws(' ', surname, given_name) AS name FROM person
WHERE school_id = $1 AND school_class_id = $2 AND role = 'student' AND is_active ORDER BY sort_key, id LIMIT 200
"""
_MAKE = """
INSERT INTO trip (school_id, school_class_id, title, place, first_on, last_on, made_at, made_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
"""
_JOIN = "INSERT INTO trip_member (trip_id, person_id) SELECT $1, unnest($2::bigint[])"
_TRIPS = """
SELECT trip.id, school_class_id AS class_id, grade || letter AS class_name, title, place, first_on, last_on, made_at,
  made_by, ended_at, ended_by,
  ARRAY(SELECT concat_ws(' ', surname, given_name) FROM trip_member JOIN person ON person.id = person_id
    WHERE trip_id = trip.id ORDER BY sort_key, person.id) AS going
FROM trip JOIN school_class ON school_class.id = school_class_id
WHERE trip.school_id = $1 AND ($2::bigint[] IS NULL OR school_class_id = ANY($2)) AND last_on >= $3
ORDER BY ended_at IS NOT NULL, first_on DESC, trip.id DESC LIMIT $4
"""
_FIND = "SELECT school_class_id, first_on, last_on, ended_at FROM trip WHERE id = $1 AND school_id = $2 FOR UPDATE"
_END = "UPDATE trip SET ended_at = $2, ended_by = $3 WHERE id = $1"
_REFS = "SELECT person.id, ref FROM trip_member JOIN person ON person.id = person_id WHERE trip_id = $1"


@dataclass(frozen=True, slots=True)
class TripGiven:
    """A trip as somebody wrote it down: `refs` are those who go along."""

    class_id: int
    title: str
    place: str
    first_on: date
    last_on: date
    refs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip of a class, with the names of those who go along."""

    id: int
    class_id: int
    class_name: str
    title: str
    place: str
    first_on: date
    last_on: date
    made_at: datetime
    made_by: str
    ended_at: datetime | None
    ended_by: str
    going: Sequence[str]


@dataclass(frozen=True, slots=True)
class Child:
    """A child of a class, who may go along."""

    ref: str
    name: str


async def make_trip(services: Services, actor: Actor, school: SchoolToday, given: TripGiven) -> int:
    """Write down a trip of a class, and return its id. Raises NotAllowed or TripRefused."""
    hand_of(actor, school.id, given.class_id, Right.TRIPS_KEEP)
    title, place = check_trip(given.title, given.place, given.first_on, given.last_on, school.on)
    async with services.database.transaction() as transaction:
        connection, now = raw(transaction), services.clock.now()
        rows = await connection.fetch(_CHILDREN, school.id, given.class_id)
        going = [row for row in rows if row["ref"] in given.refs]
        if not going or len(going) != len(given.refs):
            raise TripRefused(message("Choose who of the class goes along."))
        if await connection.fetchval(_OPEN, given.class_id, school.on) >= OPEN_MAX:
            raise TripRefused(message("The class has {count} trips before it already.", count=OPEN_MAX))
        trip_id: int = await connection.fetchval(
            _MAKE, school.id, given.class_id, title, place, given.first_on, given.last_on, now, actor.name
        )
        await connection.execute(_JOIN, trip_id, [row["id"] for row in going])
        days = given.first_on, given.last_on
        await _noted(services, transaction, actor, school.id, "trip.made", trip_id, given.class_id, days)
        await wake_pages(services.vault, connection, [(school.id, row["ref"]) for row in going])
    return trip_id


async def call_off(services: Services, actor: Actor, school: SchoolToday, trip_id: int) -> None:
    """Call a trip off: who was to go along is expected. Raises NotAllowed, NotFound or TripRefused."""
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        row = await connection.fetchrow(_FIND, trip_id, school.id)
        if row is None:
            raise NotFound
        hand_of(actor, school.id, row["school_class_id"], Right.TRIPS_KEEP)
        if row["ended_at"] is not None:
            return
        if row["last_on"] < school.on:
            raise TripRefused(message("This trip is over, and stays as it was."))
        await connection.execute(_END, trip_id, services.clock.now(), actor.name)
        days = row["first_on"], row["last_on"]
        await _noted(services, transaction, actor, school.id, "trip.called_off", trip_id, row["school_class_id"], days)
        going = await connection.fetch(_REFS, trip_id)
        await note_ended(connection, school.id, [each["id"] for each in going], days, school.on)
        await wake_pages(services.vault, connection, [(school.id, each["ref"]) for each in going])


async def trips_of(services: Services, actor: Actor, school: SchoolToday) -> list[Trip]:
    """Return the trips within the actor's reach, those to come first. Raises NotAllowed."""
    reach = reach_of(actor, school.id, Right.TRIPS_KEEP)
    rows = await services.database.pool.fetch(_TRIPS, school.id, reach, school.on - LATELY, SHOWN_MAX)
    return [Trip(**row) for row in rows]


async def children_of_class(services: Services, actor: Actor, school_id: int, class_id: int) -> list[Child]:
    """Return who of a class may go along. Raises NotFound where the actor makes no trips of it."""
    try:
        hand_of(actor, school_id, class_id, Right.TRIPS_KEEP)
    except NotAllowed:
        raise NotFound from None
    rows = await services.database.pool.fetch(_CHILDREN, school_id, class_id)
    return [Child(row["ref"], row["name"]) for row in rows]


async def trips_on(
    connection: asyncpg.Connection | asyncpg.Pool, trip_ids: Collection[int]
) -> dict[int, tuple[str, str]]:
    """Return title and place of trips. For slices above, after their own check."""
    rows = await connection.fetch("SELECT id, title, place FROM trip WHERE id = ANY($1) LIMIT 500", list(trip_ids))
    return {row["id"]: (row["title"], row["place"]) for row in rows}


async def _noted(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, school_id: int, verb: str, trip_id: int,
    class_id: int, days: tuple[date, date],
) -> None:  # fmt: skip
    detail = {"trip": str(trip_id), "first_on": str(days[0]), "last_on": str(days[1])}
    await audit(
        transaction, actor, verb, f"class:{class_id}", detail, school_id=school_id, at=services.clock.now()
    )  # fmt: skip
