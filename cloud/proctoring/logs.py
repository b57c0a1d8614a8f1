"""Logs as pages write them and teachers read them.

Rule: nothing is written of who has not consented, and nothing of it is shown once a consent has ended; the nightly
retention deletes it then. An attempt is never held up, and never ended, by its log.
"""

from collections.abc import Sequence

import asyncpg

from cloud.accounts.actions import audit
from cloud.assessments.attempts import sitter_of
from cloud.assessments.kinds import GRACE, Attempt, Given
from cloud.assessments.reach import given_by
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.people.consents import has_consented
from cloud.people.kinds import Purpose
from cloud.proctoring.kinds import EVENTS_MAX, Event, Log, Noticed, State, What
from cloud.proctoring.rules import placed, silence

_ASKED = "SELECT EXISTS (SELECT FROM sitting_watch WHERE given_id = $1)"
_FIND = """
SELECT attempt.school_id, began_at, ends_at, handed_at,
  EXISTS (SELECT FROM sitting_watch WHERE given_id = attempt.given_id) AND consented(person_id, 'test_log') AS is_logged
FROM assessment_attempt AS attempt WHERE id = $1 AND person_id = $2
"""
_OPEN = """
INSERT INTO sitting_log (attempt_id, school_id, person_id, began_at, seen_at) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (attempt_id) DO NOTHING
"""
_HOLD = """
SELECT seen_at, (SELECT count(*) FROM sitting_event WHERE attempt_id = $1) AS count
FROM sitting_log WHERE attempt_id = $1 FOR UPDATE
"""
_SEEN = "UPDATE sitting_log SET seen_at = $2, is_full = is_full OR $3 WHERE attempt_id = $1"
_WRITE = """
INSERT INTO sitting_event (attempt_id, kind, at, lasted_s, place)
SELECT $1, kind, at, lasted_s, place
FROM unnest($2::text[], $3::timestamptz[], $4::integer[], $5::smallint[]) AS told (kind, at, lasted_s, place)
"""
_LOG = """
SELECT began_at, seen_at, is_full, consented(person_id, 'test_log') AS is_shown FROM sitting_log WHERE attempt_id = $1
"""
_EVENTS = "SELECT kind, at, lasted_s, place FROM sitting_event WHERE attempt_id = $1 ORDER BY at, id LIMIT $2"
_COUNTS = """
SELECT log.attempt_id, count(event.id) FILTER (WHERE kind = 'left') AS left
FROM sitting_log AS log LEFT JOIN sitting_event AS event ON event.attempt_id = log.attempt_id
WHERE log.attempt_id = ANY($1) AND consented(log.person_id, 'test_log') GROUP BY log.attempt_id
"""
_WATCH = """
INSERT INTO sitting_watch (given_id, school_id, set_at, by_name) VALUES ($1, $2, $3, $4)
ON CONFLICT (given_id) DO NOTHING RETURNING true
"""
_UNWATCH = "DELETE FROM sitting_watch WHERE given_id = $1 RETURNING true"


async def is_asked(services: Services, given_id: int) -> bool:
    """Tell whether a test is taken with a log, by who consented."""
    return bool(await services.database.pool.fetchval(_ASKED, given_id))


async def is_logged(services: Services, given_id: int, person_id: int) -> bool:
    """Tell whether a log is kept of somebody's attempt at a test."""
    pool = services.database.pool
    return await is_asked(services, given_id) and await has_consented(pool, person_id, Purpose.TEST_LOG)


async def ask_for_log(
    services: Services, actor: Actor, school: SchoolToday, given_id: int, *, is_wanted: bool
) -> None:  # fmt: skip
    """Have a test taken with a log from now on, or without. Raises NotAllowed or NotFound."""
    await given_by(services, actor, school, given_id)
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        if is_wanted:
            changed = await connection.fetchval(_WATCH, given_id, school.id, now, actor.name)
        else:
            changed = await connection.fetchval(_UNWATCH, given_id)
        if changed:
            verb = "test_log.asked" if is_wanted else "test_log.dropped"
            await audit(transaction, actor, verb, f"given_test:{given_id}", {}, school_id=school.id, at=now)


async def note(services: Services, actor: Actor, ref: str, attempt_id: int, told: Sequence[Noticed]) -> bool:
    """Write what a page noticed, and that it is there; tell whether a log is kept at all. Raises NotFound."""
    sitter, now = await sitter_of(services, actor, ref), services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        row = await connection.fetchrow(_FIND, attempt_id, sitter.id)
        if row is None:
            raise NotFound
        if not row["is_logged"] or row["handed_at"] is not None or now > row["ends_at"] + GRACE:
            return False
        await connection.execute(_OPEN, attempt_id, row["school_id"], sitter.id, now)
        held = await connection.fetchrow(_HOLD, attempt_id)
        events = placed(told, row["began_at"], now)
        gap = silence(held["seen_at"], now)
        events = [*([gap] if gap else ()), *events]
        await _write(connection, attempt_id, events[: max(0, EVENTS_MAX - held["count"])])
        await connection.execute(_SEEN, attempt_id, now, held["count"] + len(events) > EVENTS_MAX)
    return True


async def log_of(services: Services, given: Given, attempt: Attempt) -> Log:
    """Return the log of an attempt, or why there is none; rights are asked before."""
    pool = services.database.pool
    row = await pool.fetchrow(_LOG, attempt.id)
    if row is not None and row["is_shown"]:
        rows = await pool.fetch(_EVENTS, attempt.id, EVENTS_MAX)
        events = [Event(What(each["kind"]), each["at"], each["lasted_s"], each["place"]) for each in rows]
        now = services.clock.now()
        ended_at = attempt.handed_at or min(attempt.ends_at, now)
        if (gap := silence(row["seen_at"], ended_at)) is not None:
            events.append(gap)
        return Log(State.LOGGED, events, row["began_at"], row["seen_at"], row["is_full"])
    if row is None and not await is_asked(services, given.id):
        return Log(State.NOT_ASKED)
    if not await has_consented(pool, attempt.person_id, Purpose.TEST_LOG):
        return Log(State.NO_CONSENT)
    return Log(State.NOT_HEARD)


async def times_left(services: Services, attempt_ids: Sequence[int]) -> dict[int, int]:
    """Return how often the page was left, for attempts that have a log."""
    rows = await services.database.pool.fetch(_COUNTS, list(attempt_ids))
    return {row["attempt_id"]: row["left"] for row in rows}


async def _write(connection: asyncpg.Connection, attempt_id: int, events: Sequence[Event]) -> None:
    if events:
        await connection.execute(
            _WRITE, attempt_id, [each.what.value for each in events], [each.at for each in events],
            [each.lasted_s for each in events], [each.place for each in events],
        )  # fmt: skip
