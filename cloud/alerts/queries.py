"""What the page of alerts shows: what is held and who is meant, class by class, and what became of the others."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from cloud.alerts import rounds
from cloud.alerts.expected import classes_seen
from cloud.alerts.kinds import Counted, Round, Why
from cloud.alerts.outages import GateOut, gates_out
from cloud.alerts.rules import AlertRules
from cloud.alerts.settings import rules_of
from cloud.alerts.telling import told_absent
from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services

_NAMES = "SELECT id, grade || letter AS name FROM school_class WHERE id = ANY($1)"
_GATES = "SELECT id, name_kk, name_ru, name_en FROM gate WHERE id = ANY($1) ORDER BY key LIMIT 100"
_OPEN = """
SELECT count(*) FROM alert_round
WHERE school_id = $1 AND "on" = $2 AND state IN ('held', 'waiting') AND EXISTS (
  SELECT FROM jsonb_array_elements(parts) AS part WHERE (part ->> 1)::int > 0 AND (part ->> 3)::boolean
)
"""


@dataclass(frozen=True, slots=True)
class ClassAlerts:
    """A class today: what became of its alerts, and, while they are open, of whom nobody was told yet."""

    round: Round
    name: str
    children: Sequence[str]

    @property
    def share(self) -> int:
        """Return the share of those not seen, in whole per cent."""
        return round(100 * self.round.absent / self.round.expected) if self.round.expected else 0


@dataclass(frozen=True, slots=True)
class GateHeld:
    """A gate of whose usual children too many were not seen."""

    names: Mapping[str, str]
    absent: int
    expected: int


@dataclass(frozen=True, slots=True)
class AlertsToday:
    """The alerts of a school today."""

    rules: AlertRules
    open: Sequence[ClassAlerts]
    closed: Sequence[ClassAlerts]
    out: Sequence[GateOut]
    gates: Sequence[GateHeld] = ()

    def why(self, why: str) -> list[ClassAlerts]:
        """Return what is open for one reason."""
        return [each for each in self.open if each.round.why == why]

    @property
    def open_ids(self) -> str:
        """Return the classes that are open, for one button."""
        return ",".join(str(each.round.class_id) for each in self.open)

    @property
    def absent(self) -> int:
        return sum(len(each.children) for each in self.open)


async def alerts_today(services: Services, actor: Actor, school_id: int, on: date) -> AlertsToday:
    """Return the alerts of a school on its day of today. Raises NotAllowed."""
    actor.require(Right.ALERTS_DECIDE, school_id)
    now = services.clock.now()
    async with services.database.pool.acquire() as connection:
        judged = await rounds.of_day(connection, school_id, on)
        names = dict(await connection.fetch(_NAMES, [each.class_id for each in judged]))
        open_ids = [each.class_id for each in judged if each.is_open]
        seen = await classes_seen(connection, services.vault, school_id, on, open_ids) if open_ids else {}
        known = await told_absent(connection, [child.id for each in seen.values() for child in each.absent], on)
        out = await gates_out(connection, school_id, now)
        gates = await _gates_held(connection, judged)
        rules = await rules_of(connection, school_id)
    children = {
        class_id: [child.name for child in each.absent if child.id not in known] for class_id, each in seen.items()
    }
    told = [ClassAlerts(each, names[each.class_id], children.get(each.class_id, ())) for each in judged]
    told.sort(key=lambda each: (len(each.name), each.name))
    return AlertsToday(
        rules, [each for each in told if each.round.is_open and (each.children or each.round.stopped.absent)],
        [each for each in told if not each.round.is_open], out, gates,
    )  # fmt: skip


async def _gates_held(connection: asyncpg.Connection, judged: Sequence[Round]) -> list[GateHeld]:
    """Return the gates for which alerts are held, with all of their usual children that were judged today."""
    held = {
        part.gate_id for each in judged if each.why is Why.GATE_SHARE and each.is_open for part in each.parts
        if part.gate_id and part.is_stopped
    }  # fmt: skip
    if not held:
        return []
    counted = _by_gate(judged)
    rows = await connection.fetch(_GATES, sorted(held))
    return [
        GateHeld(_names(row), counted[row["id"]].absent, counted[row["id"]].expected) for row in rows
    ]  # fmt: skip


def _by_gate(judged: Iterable[Round]) -> Mapping[int, Counted]:
    counted: defaultdict[int, Counted] = defaultdict(Counted)
    for part in (part for each in judged for part in each.parts):
        counted[part.gate_id] += part.counted
    return counted


def _names(row: asyncpg.Record) -> dict[str, str]:
    return {language: row[f"name_{language}"] for language in ("kk", "ru", "en")}


async def open_alerts(services: Services, actor: Actor, school_id: int, on: date) -> int:
    """Return of how many classes alerts are held or wait today; 0 for who does not decide about them."""
    if not actor.can(Right.ALERTS_DECIDE, school_id):
        return 0
    return int(await services.database.pool.fetchval(_OPEN, school_id, on))
