"""Rules of attendance: what records tell of somebody at a gate, and what a day's movements make of it. Pure.

Rule: a movement is a function of the set of records that tell of it, and a day of the set of its movements, whatever
order they came in. Where a gate has a sensor, an allowed decision alone moves nobody: only `passed` does.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from cloud.attendance.models import MovementKind
from cloud.ingest.plan import clean
from cloud.schools.rules import DayPlan
from schemas.structs import AnyRecord, Decision, HandPass, Passage

MINUTE = timedelta(minutes=1)
WAY_MIN = timedelta(seconds=20)  # nobody goes in by two gates within it; a copied card does
GOOD_CLOCKS = frozenset({"rtc", "ntp", "hub"})
COUNTED = (MovementKind.CARD, MovementKind.HAND)
PASSED = "passed"
ENTRIES_MAX = 32_767  # what the table holds; a device that tells of more must not stop everybody's day
_LETS = (MovementKind.HAND, MovementKind.CARD, MovementKind.DENIED, None)
SILENT_REASONS = frozenset({"repeat"})  # the same card once more: says nothing about anybody


@dataclass(frozen=True, slots=True)
class Place:
    """What names a movement: the device, the epoch, and the number of its decision."""

    device: str
    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Told:
    """A movement as far as records have told it: how the gate let somebody (`let`), and what its sensor saw.

    `let` is None and `let_reason` empty while only the sensor has told; `passage` is empty while it has not.
    """

    place: Place
    person: str | None  # nobody's where the gate did not know the card
    at: datetime
    direction: str
    gate: str
    clock: str
    let: MovementKind | None
    let_reason: str = ""
    passage: str = ""

    @property
    def kind(self) -> MovementKind:
        """Return what this is to whoever looks: the sensor knows best whether somebody went through."""
        if self.passage and self.passage != PASSED:
            return MovementKind.TURNED
        if self.passage and self.let is not MovementKind.HAND:
            return MovementKind.CARD
        return self.let or MovementKind.CARD

    @property
    def reason(self) -> str:
        """Return why it is of that kind."""
        return self.passage if self.kind is MovementKind.TURNED else self.let_reason


def told_by(record: AnyRecord, place: Place, at: datetime, *, has_sensor: bool) -> Told | None:
    """Return what one record tells of a movement, or None. `place` is the record's own."""
    match record:
        case Decision(person=person) if record.reason not in SILENT_REASONS:
            is_denied = record.outcome == "denied"
            if has_sensor and not is_denied:
                return None
            let = MovementKind.DENIED if is_denied else MovementKind.CARD
            return Told(place, person, at, record.direction, clean(record.gate), record.clock, let, record.reason)
        case HandPass():
            let = MovementKind.HAND
            return Told(
                place, record.person, at, record.direction, clean(record.gate), record.clock, let, record.reason
            )
        case Passage(person=str(person)):
            of = _decision_of(record, place)
            gate, passage = clean(record.gate), record.outcome
            return Told(of, person, at, record.direction, gate, record.clock, None, passage=passage)
        case _:
            return None


def merged(one: Told, other: Told) -> Told:
    """Return a movement that two records, or what was made of them, tell of; their order does not matter."""
    lead = min(one, other, key=_rank_of_passage)
    let = min(one, other, key=_rank_of_let)
    known = [told.person for told in (one, other) if told.person is not None]
    return replace(lead, person=min(known, default=None), let=let.let, let_reason=let.let_reason)


def _rank_of_passage(told: Told) -> tuple[bool, bool, datetime, str, str]:
    """Put first what knows better when and whether: somebody passed, the sensor said otherwise, it said nothing."""
    return told.passage != PASSED, not told.passage, told.at, told.passage, told.direction


def _rank_of_let(told: Told) -> tuple[int, str]:
    """Put first what knows better how somebody was let through."""
    return _LETS.index(told.let), told.let_reason


def _decision_of(passage: Passage, place: Place) -> Place:
    """Return the place of the decision that a passage follows, in its own epoch unless it names another."""
    if passage.decision_seq is None:
        return place
    return Place(place.device, passage.epoch or place.epoch, passage.decision_seq)


@dataclass(frozen=True, slots=True)
class Moved:
    """A movement as a day counts it; `order` parts movements of one instant."""

    at: datetime
    order: tuple[str, str, int]
    direction: str
    kind: MovementKind
    gate: str = ""
    clock: str = "ntp"


@dataclass(frozen=True, slots=True)
class DayOf:
    """One person's day."""

    first_in_at: datetime | None = None
    last_out_at: datetime | None = None
    is_inside: bool = False
    late_min: int = 0
    without_card: bool = False
    entries: int = 0


def presence_of(movements: Iterable[Moved], plan: DayPlan) -> DayOf:
    """Return what a day's movements make of it; lateness is whole minutes after the own first lesson began."""
    counted = sorted((each for each in movements if each.kind in COUNTED), key=lambda each: (each.at, each.order))
    ins = [each for each in counted if each.direction == "in"]
    outs = [each for each in counted if each.direction == "out"]
    first_in_at = ins[0].at if ins else None
    return DayOf(
        first_in_at=first_in_at,
        last_out_at=outs[-1].at if outs else None,
        is_inside=bool(counted) and counted[-1].direction == "in",
        late_min=late_min_of(first_in_at, plan),
        without_card=any(each.kind is MovementKind.HAND for each in counted),
        entries=min(len(ins), ENTRIES_MAX),
    )


def doubles_of(movements: Iterable[Moved]) -> set[tuple[str, str, int]]:
    """Return the places of movements that one card cannot have made: the same way by two gates in too short a time.

    The later of two is named. Where a clock is not to be trusted nothing is said; nor of who was let in by hand.
    """
    found: set[tuple[str, str, int]] = set()
    for direction in ("in", "out"):
        went = sorted(
            (each.at, each.order, each.gate)
            for each in movements
            if each.kind is MovementKind.CARD and each.direction == direction and each.clock in GOOD_CLOCKS
        )
        for (before_at, _, before), (at, order, gate) in pairwise(went):
            if gate != before and at - before_at < WAY_MIN:
                found.add(order)
    return found


def late_min_of(first_in_at: datetime | None, plan: DayPlan) -> int:
    """Return how many whole minutes after the own first lesson began somebody came; 0 for who came after the last."""
    if first_in_at is None or plan.starts_at is None or plan.ends_at is None or first_in_at >= plan.ends_at:
        return 0  # who comes when lessons are over comes for something else
    return max(0, (first_in_at - plan.starts_at) // MINUTE)
