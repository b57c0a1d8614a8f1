"""When the alerts of a class fall due, and the brake: where too many would be told at once, nobody is. Pure.

Rule: a gate that was out for an hour and a school that is empty look alike from here; so a person looks first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.alerts.errors import AlertRuleRefused
from cloud.alerts.kinds import Counted, Round, State, Why
from cloud.core.messages import message
from cloud.schools.rules import DayPlan

GRACE = timedelta(minutes=1)  # what was tapped in time has come by then
# So many may always be told of: a class of three, a school of twenty.
FEW_OF_CLASS, FEW_OF_GATE, FEW_OF_SCHOOL = (
    2,
    4,
    4,
)
LOOK_AGAIN = timedelta(minutes=30)  # the calendar may have been changed
LOOK_AT_WAITING = timedelta(seconds=30)
MINUTES, SHARES = range(5, 181), range(5, 101)


@dataclass(frozen=True, slots=True)
class AlertRules:
    """What a school has set: minutes after the class's first lesson; shares in per cent beyond which to hold."""

    absent_after_min: int = 20
    class_share: int = 30
    school_share: int = 10
    gate_share: int = 30  # of those who usually come through one gate

    def __post_init__(self) -> None:
        """Refuse what no school can mean."""
        if self.absent_after_min not in MINUTES:
            raise AlertRuleRefused(message("Parents are told 5 to 180 minutes after the first lesson began."))
        if any(share not in SHARES for share in (self.class_share, self.school_share, self.gate_share)):
            raise AlertRuleRefused(message("A share is 5 to 100 per cent."))


def due_at(plan: DayPlan, rules: AlertRules) -> datetime | None:
    """Return when the alerts of a class fall due on its day; None where nobody is waited for."""
    if not plan.is_school_day or plan.starts_at is None or plan.ends_at is None:
        return None
    at = plan.starts_at + timedelta(minutes=rules.absent_after_min)
    return at if at < plan.ends_at else None


def held(due: Mapping[int, Counted], rounds: Iterable[Round], rules: AlertRules) -> dict[int, Why]:
    """Return of which of the classes that fall due now the alerts are held, and why.

    The share of a school is of all that were judged today and told without anybody's decision, together with these.
    """
    whole = sum([*(each.told for each in rounds), *due.values()], Counted())
    if _is_over(whole, rules.school_share, FEW_OF_SCHOOL):
        return {class_id: Why.SCHOOL for class_id, each in due.items() if each.absent}
    return {
        class_id: Why.CLASS for class_id, each in due.items() if _is_over(each, rules.class_share, FEW_OF_CLASS)
    }  # fmt: skip


def gates_held(due: Mapping[int, Counted], rounds: Iterable[Round], rules: AlertRules) -> frozenset[int]:
    """Return the gates of whose usual children too many would be told of at once, with those told today.

    `due` are the children who fall due now, by their usual gate. A reader that fails in silence looks like this.
    """
    told = [part for each in rounds for part in each.parts if not part.is_stopped]
    whole = {
        gate_id: sum((part.counted for part in told if part.gate_id == gate_id), counted)
        for gate_id, counted in due.items()
    }
    return frozenset(gate_id for gate_id, each in whole.items() if _is_over(each, rules.gate_share, FEW_OF_GATE))


def next_look(dues: Iterable[datetime], rounds: Sequence[Round], now: datetime) -> datetime:
    """Return when to look at a school again: at the next deadline, at the end of what is held, soon at what waits."""
    looks = [due + GRACE for due in dues if due + GRACE > now]
    looks += [each.ends_at for each in rounds if each.is_open]
    looks += [now + LOOK_AT_WAITING for each in rounds if each.state is State.WAITING]
    return max(now + timedelta(seconds=1), min([*looks, now + LOOK_AGAIN]))


def _is_over(counted: Counted, share: int, few: int) -> bool:
    return counted.absent > few and 100 * counted.absent > share * counted.expected
