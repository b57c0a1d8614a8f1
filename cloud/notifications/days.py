"""Notices of days at the gates: reads the days that changed, and tells what they tell, many at once.

Rule: what was met, what was told and what is known to be told are written in one transaction, under the lock of the
shard, which whoever tells of absences holds too. A batch costs a handful of statements, whatever is in it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import structlog

from cloud.absences.queries import excused_on
from cloud.attendance.changes import Changed, Day, changed_after, days_in, forget_changed, put_off
from cloud.attendance.told import Passed, Seen, classes_of, passed_on
from cloud.core.errors import kinds_of
from cloud.core.services import Services
from cloud.notifications.day_rules import BACK_MAX, Known, Told, judged
from cloud.notifications.outbox import tell
from cloud.notifications.rules import Fact
from cloud.register.kinds import Said, Says
from cloud.register.queries import said_on
from cloud.schools.many import Plans, SchoolDay, SchoolOn

DAYS_AT_ONCE = 500
FORGOTTEN_AT_ONCE = 200_000
logger = structlog.get_logger()
_BEHIND = """
SELECT head.shard FROM day_head AS head LEFT JOIN notice_day_cursor AS reached USING (shard)
WHERE head.shard = ANY($1::smallint[]) AND head.number > coalesce(reached.number, 0)
"""
_PLACE = """
INSERT INTO notice_day_cursor (shard, number) SELECT shard, 0 FROM unnest($1::smallint[]) AS mine (shard) ORDER BY shard
ON CONFLICT DO NOTHING
"""
_LOCK = "SELECT shard, number FROM notice_day_cursor WHERE shard = ANY($1::smallint[]) ORDER BY shard FOR UPDATE"
_MOVE = """
UPDATE notice_day_cursor AS reached SET number = met.number
FROM unnest($1::smallint[], $2::bigint[]) AS met (shard, number) WHERE reached.shard = met.shard
"""
_TOLD = """
SELECT person_id, "on", told FROM notice_day JOIN unnest($1::bigint[], $2::date[]) AS asked (person_id, "on")
  USING (person_id, "on")
"""
_KEEP = """
INSERT INTO notice_day (school_id, person_id, "on", told)
SELECT school_id, person_id, "on", told::jsonb FROM unnest($1::bigint[], $2::bigint[], $3::date[], $4::text[])
  AS day (school_id, person_id, "on", told)
ON CONFLICT (person_id, "on") DO UPDATE SET told = excluded.told, school_id = excluded.school_id
"""
_FORGET = """
DELETE FROM notice_day WHERE (person_id, "on") IN (SELECT person_id, "on" FROM notice_day WHERE "on" < $1 LIMIT $2)
"""
_told = msgspec.json.Decoder(list[Told]).decode
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Days:
    """Tells of the days that changed at the schools of some shards."""

    services: Services
    _plans: Plans = field(init=False)

    def __post_init__(self) -> None:
        """Remember plans for a while."""
        self._plans = Plans(self.services.clock)

    async def meet(self, shards: Collection[int]) -> int:
        """Tell of the next days, and return how many changes were met, 0 when there is nothing left.

        A school whose days cannot be told is told of in the program's log, and tried again after the others.
        """
        behind = [row["shard"] for row in await self.services.database.pool.fetch(_BEHIND, sorted(shards))]
        if not behind:
            return 0
        try:
            return await self._meet(behind, self._tell)
        except Exception as error:  # noqa: BLE001 - whose trouble it is shows school by school
            logger.warning("notices.failed", log="days", error=kinds_of(error))
            return await self._meet(behind, self._tell_by_schools)

    async def _meet(
        self, shards: Collection[int], tell_of: Callable[[asyncpg.Connection, Sequence[Changed]], Awaitable[int]]
    ) -> int:
        async with self.services.database.pool.acquire() as connection, connection.transaction():
            reached = await lock(connection, shards)
            changed, upto = await changed_after(connection, reached, DAYS_AT_ONCE)
            if not changed:
                return 0
            met = await tell_of(connection, changed)
            await connection.execute(_MOVE, list(upto), list(upto.values()))
        return met

    async def _tell_by_schools(self, connection: asyncpg.Connection, changed: Sequence[Changed]) -> int:
        """Tell what can be told, and put off the rest: it is noted as changed anew."""
        met = 0
        for school_id in {each.school_id for each in changed}:
            own = [each for each in changed if each.school_id == school_id]
            try:
                async with connection.transaction():
                    met += await self._tell(connection, own)
            except Exception as error:  # noqa: BLE001 - one school's trouble is not another's; it is tried again
                logger.warning("notices.failed", log="days", school=school_id, error=kinds_of(error))
                await put_off(connection, [(school_id, person_id, on) for person_id, on in days_in(own)])
        return met

    async def _tell(self, connection: asyncpg.Connection, changed: Sequence[Changed]) -> int:
        """Tell what days tell by now, in the open transaction, and return how many changes that were."""
        days, now = days_in(changed), self.services.clock.now()
        plans = await self._plans.of(connection, {(school_id, on) for (_, on), school_id in days.items()})
        passed = await passed_on(connection, days)
        classes = await classes_of(connection, {person_id for person_id, _ in days})
        told = await told_of(connection, days)
        known = await self._known(connection, days, plans, now)
        facts: list[Fact] = []
        kept: dict[Day, tuple[int, Sequence[Told]]] = {}
        for day, school_id in days.items():
            if (school_id, day[1]) not in plans:
                continue
            seen = _seen(day, school_id, passed.get(day, ()), classes, plans[school_id, day[1]])
            before = told.get(day, ())
            fresh, after = judged(seen, before, known[day], now)
            facts += fresh
            if after != list(before):
                kept[day] = (school_id, after)
        await keep_told(connection, kept)
        await tell(connection, facts, now)
        return len(changed)

    async def _known(
        self,
        connection: asyncpg.Connection,
        days: Mapping[Day, int],
        plans: Mapping[SchoolOn, SchoolDay],
        now: datetime,
    ) -> dict[Day, Known]:
        """Return what is known of each day beside the gates."""
        person_ids, ons = {person_id for person_id, _ in days}, {on for _, on in days}
        said = await said_on(connection, self.services.vault, person_ids, min(ons), max(ons))
        excused = {(each, on) for on in ons for each in await excused_on(connection, person_ids, on)}  # few days
        return {
            day: _known_of(plans[school_id, day[1]].zone, now, said.get(day, Said()), is_away=day in excused)
            for day, school_id in days.items()
            if (school_id, day[1]) in plans
        }


async def lock(connection: asyncpg.Connection, shards: Collection[int]) -> dict[int, int]:
    """Let nobody else tell of days in these shards until the transaction ends; return how far each was met."""
    await connection.execute(_PLACE, sorted(shards))
    return dict(await connection.fetch(_LOCK, sorted(shards)))


async def told_of(connection: asyncpg.Connection, days: Collection[Day]) -> dict[Day, list[Told]]:
    """Return what was told of days."""
    rows = await connection.fetch(_TOLD, *(list(column) for column in zip(*days, strict=True)))
    return {(row["person_id"], row["on"]): _told(row["told"]) for row in rows}


async def keep_told(connection: asyncpg.Connection, days: Mapping[Day, tuple[int, Sequence[Told]]]) -> None:
    """Keep what was told of days, each with its school's id."""
    if not days:
        return
    rows = [(school_id, *day, _encode(told).decode()) for day, (school_id, told) in days.items()]
    await connection.execute(_KEEP, *(list(column) for column in zip(*rows, strict=True)))


async def forget_days(services: Services) -> None:
    """Forget the changes that were met, and what was told of days of which nothing is told any more."""
    pool = services.database.pool
    await forget_changed(pool, dict(await pool.fetch("SELECT shard, number FROM notice_day_cursor")))
    before = services.clock.now().date() - BACK_MAX - timedelta(days=2)
    await pool.execute(_FORGET, before, FORGOTTEN_AT_ONCE)


def _seen(
    day: Day, school_id: int, passed: Sequence[Passed], classes: Mapping[int, tuple[int, int]], plans: SchoolDay
) -> Seen:
    """Return a day as the gates saw it; who is in no class of the school by now has no lessons there."""
    person_id, on = day
    own, class_id = classes.get(person_id, (school_id, None))
    return Seen(school_id, person_id, on, passed, plans.plan_of(class_id if own == school_id else None))


def _known_of(zone: ZoneInfo, now: datetime, said: Said, *, is_away: bool) -> Known:
    today = now.astimezone(zone).date()
    return Known(today, is_excused=is_away or said.is_excused, is_present=said.says is Says.PRESENT)
