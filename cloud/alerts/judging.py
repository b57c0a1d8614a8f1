"""Judging who was not seen at school when a class's deadline has passed: told, held by the brake, or waited for.

Rule: a class is judged once a day, under the lock of its shard's days; what waits for records is judged when they have
come, and what nobody decided before the lessons were over is told to nobody.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import asyncpg
import structlog

from cloud.alerts import rounds
from cloud.alerts.again import those_again
from cloud.alerts.brake import Verdict, all_waiting, braked
from cloud.alerts.expected import ClassSeen, classes_seen
from cloud.alerts.kinds import Counted, Round, State, Why
from cloud.alerts.outages import gates_out, is_behind
from cloud.alerts.rules import GRACE, AlertRules, due_at, next_look
from cloud.alerts.settings import rules_of
from cloud.alerts.telling import tell_absent
from cloud.alerts.usual import usual_gates
from cloud.core.errors import kinds_of
from cloud.core.services import Services
from cloud.devices.alarms import Raised, note_alarms
from cloud.schools.many import SchoolDay, days_of
from cloud.schools.queries import SchoolRow, school_of_id

SCHOOLS_AT_ONCE = 500
HELD, WAIT = "absences_held", "absences_wait"  # kinds of alarms
UNDECIDED = frozenset({State.TOLD, State.HELD, State.WAITING})
SERVICE = "service"  # in a device's place
logger = structlog.get_logger()
_DUE = """
SELECT school.id FROM school LEFT JOIN alert_watch ON school_id = school.id
WHERE shard = ANY($1::smallint[])
  AND (coalesce(next_at, '-infinity') <= $2 OR school.id IN (SELECT school_id FROM expected_again))
ORDER BY next_at NULLS FIRST, id LIMIT $3
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
    again: Collection[int] = ()  # classes of which somebody is expected again

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
        return fresh | {each.class_id: each for each in self.rounds if self._is_looked_at_again(each)}

    def moved(self) -> list[int]:
        """Return the classes that were judged before they fall due by the calendar of now: a day was changed late."""
        dues = self.dues()
        return [
            each.class_id for each in self.rounds
            if each.state in UNDECIDED and (each.class_id not in dues or each.due_at < dues[each.class_id])
        ]  # fmt: skip

    def as_told(self, judged: Round) -> Round:
        """Return a round as its alerts are told: of who is expected since now it is told what is so now."""
        is_again = judged.class_id in self.again and judged.state is not State.WAITING
        return replace(judged, due_at=self.now) if is_again else judged

    def _is_looked_at_again(self, judged: Round) -> bool:
        if judged.state is State.WAITING:
            return True
        return judged.state is State.TOLD and judged.class_id in self.again and self.now < judged.ends_at

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
        look = await _look(connection, school, day, on, now)
        if due := look.due_now():
            await _judge(services, connection, look, due)
        await _tell_of_released(services, connection, look)
        after = await rounds.of_day(connection, school_id, on)
        await connection.execute(_LOOKED, school_id, next_look(look.dues().values(), after, now))


async def _look(
    connection: asyncpg.Connection, school: SchoolRow, day: SchoolDay, on: date, now: datetime
) -> Look:  # fmt: skip
    """Return the school as it is now; what was judged before its time by now is judged in its time."""
    again, rules = await those_again(connection, school.id, on), await rules_of(connection, school.id)
    look = Look(school, on, now, day, rules, await rounds.of_day(connection, school.id, on), again)
    moved = look.moved()
    if not moved:
        return look
    await rounds.take_back(connection, school.id, on, moved)
    return replace(look, rounds=[each for each in look.rounds if each.class_id not in moved])


async def lock_school(connection: asyncpg.Connection, school_id: int, now: datetime) -> None:
    """Let nobody else judge or decide about alerts of a school until the transaction ends."""
    await connection.execute(_PLACE, school_id, now)
    await connection.fetchval(_LOCK, school_id)


async def _judge(
    services: Services, connection: asyncpg.Connection, look: Look, due: Mapping[int, Round]
) -> None:  # fmt: skip
    """Tell, hold, or let wait what is due."""
    seen = await classes_seen(connection, services.vault, look.school.id, look.on, due)
    verdicts = await _verdicts(services, connection, look, seen)
    told = {class_id: seen[class_id].only(each.told) for class_id, each in verdicts.items()}
    await tell_absent(connection, look.school, map(look.as_told, due.values()), told, look.day, look.now)
    for state in (State.TOLD, State.WAITING, State.HELD):
        own = {class_id: each for class_id, each in due.items() if verdicts[class_id].state is state}
        await _keep(connection, look, own, verdicts, state)


async def _verdicts(
    services: Services, connection: asyncpg.Connection, look: Look, seen: Mapping[int, ClassSeen]
) -> dict[int, Verdict]:  # fmt: skip
    usual = await usual_gates(connection, services, look.school.id, look.on)
    waited = {class_id: each.waited(usual) for class_id, each in seen.items()}
    if await is_behind(connection, look.school.shard, look.now):
        return {class_id: all_waiting(own, Why.BEHIND) for class_id, own in waited.items()}
    out = {each.id for each in await gates_out(connection, look.school.id, look.now)}
    return braked(waited, out, look.rounds, look.rules)


async def _tell_of_released(services: Services, connection: asyncpg.Connection, look: Look) -> None:
    """Tell of who is expected again in a class of which a person has decided that parents are told."""
    own = [
        each for each in look.rounds
        if each.state is State.RELEASED and each.class_id in look.again and look.now < each.ends_at
    ]  # fmt: skip
    if own:
        ids = [each.class_id for each in own]
        seen = await classes_seen(connection, services.vault, look.school.id, look.on, ids)
        await tell_absent(connection, look.school, map(look.as_told, own), seen, look.day, look.now)


async def _keep(
    connection: asyncpg.Connection, look: Look, due: Mapping[int, Round], verdicts: Mapping[int, Verdict], state: State
) -> None:
    """Keep what became of classes, and raise an alarm of what is held or waits since now."""
    kept = [_judged(each, verdicts[class_id]) for class_id, each in due.items()]
    await rounds.keep(connection, look.school.id, kept, look.now)
    news = [
        each for each in kept
        if each.is_open and each.why is not Why.BEHIND and each.stopped.absent and _is_news(each, look)
    ]  # fmt: skip
    if not news:
        return
    stopped = sum((each.stopped for each in news), Counted())
    kind = HELD if state is State.HELD else WAIT
    detail = f"{stopped.absent} of {stopped.expected}, classes: {len(news)}"
    await note_alarms(connection, [Raised(SERVICE, kind, detail, look.now, look.school.id)])


def _judged(due: Round, verdict: Verdict) -> Round:
    whole = sum((each.counted for each in verdict.parts), Counted())
    return replace(
        due, state=verdict.state, why=verdict.why, absent=whole.absent, expected=whole.expected, parts=verdict.parts
    )


def _is_news(kept: Round, look: Look) -> bool:
    before = next((each for each in look.rounds if each.class_id == kept.class_id), None)
    return before is None or (before.state, before.why) != (kept.state, kept.why)
