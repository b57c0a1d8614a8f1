"""Where a person stands on a day, in one word: a pure function of presence, plan and time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cloud.ingest.instants import DOUBTED
from cloud.schools.rules import DayPlan

DELAYED_AFTER = timedelta(minutes=1)  # a record that took longer to reach us is shown as delayed


class Standing(StrEnum):
    """The word; late is told beside it, since who came late is inside or left."""

    INSIDE = "inside"
    LEFT = "left"
    ABSENT = "absent"
    EXPECTED = "expected"  # the own first lesson has not begun
    OFF = "off"  # no lessons that day
    AWAY = "away"  # not here, and no bell says when to be


@dataclass(frozen=True, slots=True)
class Came:
    """What the gates saw of a person on a day."""

    first_in_at: datetime | None = None
    last_out_at: datetime | None = None
    is_inside: bool = False


def standing_of(came: Came, plan: DayPlan, now: datetime) -> Standing:
    """Return where a person stands at an instant of, or after, the day."""
    if came.is_inside:
        return Standing.INSIDE
    if came.first_in_at or came.last_out_at:
        return Standing.LEFT
    if not plan.is_school_day:
        return Standing.OFF
    if plan.starts_at is None:
        return Standing.AWAY
    return Standing.EXPECTED if now < plan.starts_at else Standing.ABSENT


def is_delayed(at: datetime, received_at: datetime) -> bool:
    """Tell whether we learnt of something so late that its reader must know."""
    return received_at - at > DELAYED_AFTER


def is_rough(clock: str) -> bool:
    """Tell whether the time of a record is not to be relied on."""
    return clock in DOUBTED
