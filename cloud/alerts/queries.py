"""What the page of alerts shows: what is held and who is meant, class by class, and what became of the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cloud.alerts import rounds
from cloud.alerts.expected import classes_seen
from cloud.alerts.kinds import Round
from cloud.alerts.outages import GateOut, gates_out
from cloud.alerts.rules import AlertRules
from cloud.alerts.settings import rules_of
from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services

_NAMES = "SELECT id, grade || letter AS name FROM school_class WHERE id = ANY($1)"
_OPEN = """
SELECT count(*) FROM alert_round
WHERE school_id = $1 AND "on" = $2 AND state IN ('held', 'waiting') AND absent > 0
"""


@dataclass(frozen=True, slots=True)
class ClassAlerts:
    """A class today: what became of its alerts, and, while they are open, who is not seen by now."""

    round: Round
    name: str
    children: Sequence[str]

    @property
    def share(self) -> int:
        """Return the share of those not seen, in whole per cent."""
        return round(100 * self.round.absent / self.round.expected) if self.round.expected else 0


@dataclass(frozen=True, slots=True)
class AlertsToday:
    """The alerts of a school today."""

    rules: AlertRules
    open: Sequence[ClassAlerts]
    closed: Sequence[ClassAlerts]
    out: Sequence[GateOut]

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
        out = await gates_out(connection, school_id, now)
        rules = await rules_of(connection, school_id)
    told = [
        ClassAlerts(
            each, names[each.class_id], [child.name for child in seen[each.class_id].absent] if each.is_open else ()
        )
        for each in judged
    ]  # fmt: skip
    told.sort(key=lambda each: (len(each.name), each.name))
    return AlertsToday(
        rules, [each for each in told if each.round.is_open and (each.children or each.round.absent)],
        [each for each in told if not each.round.is_open], out,
    )  # fmt: skip


async def open_alerts(services: Services, actor: Actor, school_id: int, on: date) -> int:
    """Return of how many classes alerts are held or wait today; 0 for who does not decide about them."""
    if not actor.can(Right.ALERTS_DECIDE, school_id):
        return 0
    return int(await services.database.pool.fetchval(_OPEN, school_id, on))
