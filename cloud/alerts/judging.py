"""Judging who was not seen at school when a class's deadline has passed: told, held by the brake, or waited for.

Rule: a class is judged once a day, under the lock of its shard's days; what waits for records is judged when they have
come, and what nobody decided before the lessons were over is told to nobody.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
import structlog

from cloud.alerts import rounds
from cloud.alerts.expected import ClassSeen, classes_seen
from cloud.alerts.kinds import Round, State, Why
from cloud.alerts.outages import gates_out, is_behind
from cloud.alerts.rules import GRACE, AlertRules, due_at, held, next_look
from cloud.alerts.settings import rules_of
from cloud.alerts.telling import tell_absent
from cloud.core.errors import kinds_of
from cloud.core.services import Services
from cloud.devices.alarms import Raised, note_alarms
from cloud.schools.many import SchoolDay, days_of
from cloud.schools.queries import SchoolRow, school_of_id

SCHOOLS_AT_ONCE = 500
HELD, WAIT = "absences_held", "absences_wait"  # kinds of alarms
SERVICE = "service"  # in a device's place
logger = structlog.get_logger()
_DUE = """
SELECT school.id FROM school LEFT JOIN alert_watch ON school_id = school.id
WHERE shard = ANY($1::smallint[]) AND coalesce(next_at, '-infinity') <= $2 ORDER BY next_at NULLS FIRST, id LIMIT $3
"""
_PLACE = "INSERT INTO alert_watch (school_id, next_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_LOCK = "SELECT next_at FROM alert_watch WHERE school_id = $1 FOR UPDATE"
_LOOKED = "UPDATE alert_watch SET next_at = $2 WHERE school_id = $1"


@dataclass(frozen=True, slots=True)
class Look:
    """A look at a school: its day, what holds there, and what was judged already."""

    school: SchoolRow
    on: date
    now: datetime
    day: SchoolDay
    rules: AlertRules
    rounds: Sequence[Round]

    def dues(self) -> dict[int, datetime]:
        """Return when the alerts of each class that is waited for fall due."""
        each_due = {class_id: due_at(plan, self.rules) for class_id, plan in self.day.plans.items()}
        return {class_id: due for class_id, due in each_due.items() if class_id is not None and due is not None}

    def due_now(self) -> dict[int, Round]:
        """Return, by class, what is to be judged now: what falls due, and what waited."""
        known = {each.class_id: each for each in self.rounds}
        fresh = {
            class_id: self._fresh(class_id, due)
            for class_id, due in self.dues().items()
            if class_id not in known and due + GRACE <= self.now < self._ends_at(class_id)
        }
        return fresh | {each.class_id: each for each in self.rounds if each.state is State.WAITING}

    def _fresh(self, class_id: int, due: datetime) -> Round:
        return Round(class_id, self.on, due, self._ends_at(class_id), State.WAITING, Why.NONE, 0, 0)

    def _ends_at(self, class_id: int) -> datetime:
        ends_at = self.day.plans[class_id].ends_at
        assert ends_at is not None, "who has a deadline has a last lesson"  # noqa: S101
        return ends_at


async def judge_due(services: Services, shards: Collection[int]) -> int:
    """Look at the schools of some shards where something may be due, and return at how many.

    A school where that fails is told of in the program's log and looked at again the next time: others go on.
    """
    now, pool = services.clock.now(), services.database.pool
    rows = await pool.fetch(_DUE, sorted(shards), now, SCHOOLS_AT_ONCE)
    for row in rows:
        try:
            await judge_at(services, row["id"])
        except Exception as error:  # noqa: BLE001 - one school's trouble is not another's; the next look tries again
            logger.warning("alerts.failed", school=row["id"], error=kinds_of(error))
    return len(rows)


async def judge_at(services: Services, school_id: int) -> None:
    """Judge what is due at a school, unless somebody else does, and note when to look again."""
    school = await school_of_id(services, school_id)
    now = services.clock.now()
    on = now.astimezone(school.zone).date()
    async with services.database.pool.acquire() as connection, connection.transaction():
        await lock_school(connection, school_id, now)
        day = (await days_of(connection, [(school_id, on)]))[school_id, on]
        await rounds.lapse(connection, school_id, now)
        look = Look(
            school, on, now, day, await rules_of(connection, school_id), await rounds.of_day(connection, school_id, on)
        )
        if due := look.due_now():
            await _judge(services, connection, look, due)
        after = await rounds.of_day(connection, school_id, on)
        await connection.execute(_LOOKED, school_id, next_look(look.dues().values(), after, now))


async def lock_school(connection: asyncpg.Connection, school_id: int, now: datetime) -> None:
    """Let nobody else judge or decide about alerts of a school until the transaction ends."""
    await connection.execute(_PLACE, school_id, now)
    await connection.fetchval(_LOCK, school_id)


async def _judge(
    services: Services, connection: asyncpg.Connection, look: Look, due: Mapping[int, Round]
) -> None:  # fmt: skip
    """Tell, hold, or let wait what is due."""
    seen = await classes_seen(connection, services.vault, look.school.id, look.on, due)
    waits = await _waits_for(connection, look)
    if waits is not Why.NONE:
        await _keep(connection, look, due, seen, dict.fromkeys(due, waits), State.WAITING)
        return
    stopped = held({class_id: each.counted for class_id, each in seen.items()}, look.rounds, look.rules)
    told = {class_id: each for class_id, each in due.items() if class_id not in stopped}
    await _keep(connection, look, told, seen, {}, State.TOLD)
    await tell_absent(connection, look.school, told.values(), seen, look.day, look.now)
    stops = {class_id: each for class_id, each in due.items() if class_id in stopped}
    await _keep(connection, look, stops, seen, stopped, State.HELD)


async def _waits_for(connection: asyncpg.Connection, look: Look) -> Why:
    if await is_behind(connection, look.school.shard, look.now):
        return Why.BEHIND
    return Why.GATE if await gates_out(connection, look.school.id, look.now) else Why.NONE


async def _keep(
    connection: asyncpg.Connection, look: Look, due: Mapping[int, Round], seen: Mapping[int, ClassSeen],
    why: Mapping[int, Why], state: State,
) -> None:  # fmt: skip
    """Keep what became of classes, and raise an alarm of what is held or waits since now."""
    kept = [
        Round(
            each.class_id, each.on, each.due_at, each.ends_at, state, why.get(class_id, Why.NONE),
            seen[class_id].counted.absent, seen[class_id].expected,
        )
        for class_id, each in due.items()
    ]  # fmt: skip
    await rounds.keep(connection, look.school.id, kept, look.now)
    news = [
        each for each in kept if each.is_open and each.why is not Why.BEHIND and each.absent and _is_news(each, look)
    ]
    if not news:
        return
    kind = HELD if state is State.HELD else WAIT
    detail = f"{sum(each.absent for each in news)} of {sum(each.expected for each in news)}, classes: {len(news)}"
    await note_alarms(connection, [Raised(SERVICE, kind, detail, look.now, look.school.id)])


def _is_news(kept: Round, look: Look) -> bool:
    before = next((each for each in look.rounds if each.class_id == kept.class_id), None)
    return before is None or (before.state, before.why) != (kept.state, kept.why)
