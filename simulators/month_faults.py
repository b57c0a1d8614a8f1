"""What goes wrong in a simulated month, and when: drawn from the seed, each kind at least once if there is time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from random import Random

from simulators.month_plan import Plan

A_DAY = 1.6  # faults on the average
STOLEN_TILLS_MIN = 3
HOUR_S = 3_600


class Fault(Enum):
    """Something that goes wrong, or is changed at a bad moment."""

    INTERNET_DOWN = "the internet is down for hours"
    INTERNET_DOWN_OVERNIGHT = "the internet is down until the next afternoon"
    HUB_DOWN = "the hub's broker is down"
    TILL_PARTED = "a till's cable to the hub is pulled"
    CLOCK_JUMPS = "a till's clock jumps an hour"
    CLOCK_AN_HOUR_OFF = "a till starts an hour off, without the internet"
    CLOCK_AT_FLOOR = "a till starts in 1970, without the internet"
    POWER_CUT = "the power fails between tap and receipt"
    POWER_CUT_IDLE = "the power fails while nobody is there"
    DISK_REFUSES = "a till's disk is full, or takes nothing any more"
    LINE_POOR = "the line loses, repeats and reorders all day"
    RENAMED = "a dish is renamed in mid-shift"
    PRICE_CHANGED = "a price is changed in mid-shift"
    PRICE_CHANGED_OFFLINE = "a price is changed while the tills are offline"
    PRICE_CHANGED_AT_THE_TOUCH = "a price is changed between tap and touch"
    MOVED = "a child is moved to another class at noon"
    CARD_LOST = "a card is lost, and another one given"
    CARD_OF_A_FRIEND = "a card is handed to a friend"
    LEFT_OPEN = "a shift is left open overnight"
    TWO_TILLS = "one child at two tills in the same second"
    LEAVER = "a child leaves the school"
    TRANSFER = "money goes from a child to its sibling"
    ANOTHER_SUM = "the bank tells a payment again with another sum"
    STOLEN = "a till is stolen at night, and revoked"


BETWEEN_TILLS = frozenset({Fault.HUB_DOWN, Fault.TILL_PARTED, Fault.TWO_TILLS})


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault on a day, so many seconds after midnight, at a till."""

    fault: Fault
    on: date
    at_s: int
    till: int
    lasts_s: int


def strikes_of(plan: Plan) -> Sequence[Strike]:
    """Return everything that goes wrong, in order."""
    rng = Random(f"{plan.seed} faults")
    kinds = [fault for fault in Fault if _is_possible(fault, plan)]
    rng.shuffle(kinds)
    more = max(0, int(A_DAY * len(plan.days)) - len(kinds))
    kinds += [fault for fault in rng.choices(kinds, k=more) if fault is not Fault.STOLEN]
    made = [_strike(fault, rng.choice(plan.days[1:-1]), plan, rng) for fault in kinds]
    return sorted(made, key=lambda strike: (strike.on, strike.at_s, strike.fault.value))


def _is_possible(fault: Fault, plan: Plan) -> bool:
    if fault is Fault.STOLEN:
        return plan.size.tills >= STOLEN_TILLS_MIN
    return fault not in BETWEEN_TILLS or plan.size.tills > 1


def _strike(fault: Fault, on: date, plan: Plan, rng: Random) -> Strike:
    at_s = rng.randrange(int(8.7 * HOUR_S), int(13.5 * HOUR_S))
    till = rng.randrange(plan.size.tills)
    if fault is Fault.STOLEN:
        till = plan.size.tills - 1  # never the hub
    if fault is Fault.TILL_PARTED:
        till = rng.randrange(1, plan.size.tills)
    return Strike(fault, on, at_s, till, rng.randrange(HOUR_S // 3, 3 * HOUR_S))
