"""What the facts of a school's day add up to, and what of it may be shown to whom. Pure.

Rule: for the same facts the lines are the same, in whatever order the facts came.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cloud.meals.rules import Payment
from cloud.register.kinds import Reason, Said, Says
from cloud.statistics.kinds import Figures, Key, Kind, Line

FEW = 5  # a class of fewer is shown to nobody outside of its school
REASONS_FROM = 30  # people, of whom others than the school's own may read why they were absent
MINUTE = timedelta(minutes=1)
SCHOOL, STAFF = Key(Kind.SCHOOL), Key(Kind.STAFF)
_REASONS = {Reason.ILL: "ill", Reason.FAMILY: "family", Reason.OTHER: "other"}


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a school on a day; who has left by then is no longer here, and counts where a gate saw it."""

    person_id: int
    class_id: int  # NO_CLASS where it is in none
    is_student: bool
    is_here: bool
    is_expected: bool  # the school has had it since a day before


@dataclass(frozen=True, slots=True)
class Seen:
    """What the gates saw of somebody."""

    first_in_at: datetime | None
    last_out_at: datetime | None
    is_inside: bool
    late_min: int

    @property
    def inside_min(self) -> int | None:
        """Return whole minutes from the first arrival to the last departure; None where one of them is not known."""
        if self.first_in_at is None or self.last_out_at is None or self.is_inside:
            return None
        return max(0, (self.last_out_at - self.first_in_at) // MINUTE)


@dataclass(frozen=True, slots=True)
class Sold:
    """Sales of a day to one person, or in cash to nobody that is known."""

    person_id: int | None
    meal: str
    payment: Payment
    count: int


@dataclass(frozen=True, slots=True)
class Rated:
    """Marks of a day's meals: how many, and their sums."""

    count: int = 0
    food: int = 0
    service: int = 0


@dataclass(frozen=True)
class Facts:
    """Everything that a school's day is counted of; `taught` are the classes that have lessons."""

    members: Sequence[Member] = ()
    seen: Mapping[int, Seen] = field(default_factory=dict)
    said: Mapping[int, Said] = field(default_factory=dict)  # by the class register
    told: Mapping[int, Reason] = field(default_factory=dict)  # by families
    on_trips: Collection[int] = ()
    taught: Collection[int] = ()
    sold: Sequence[Sold] = ()
    rated: Rated = Rated()


def lines_of(facts: Facts) -> dict[Key, Line]:
    """Return the lines of a day: none where nothing happened and nothing was to happen."""
    counts: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    meals: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    eaters: defaultdict[Key, set[int]] = defaultdict(set)
    for each in facts.members:
        told = _of_member(each, facts)
        for key in _keys_of(each):
            counts[key].update(told)
    for sold, keys in _sales(facts):
        count = sold.count if sold.person_id is None else 1
        for key in keys:
            counts[key][sold.payment.value] += count
            meals[key][sold.meal] += count
            eaters[key].update(() if sold.person_id is None else (sold.person_id,))
    for key, people in eaters.items():
        counts[key]["ate"] = len(people)
    counts[SCHOOL].update({"rated": facts.rated.count, "food": facts.rated.food, "service": facts.rated.service})
    lines = {key: Line(Figures(**told), dict(sorted(meals[key].items()))) for key, told in counts.items()}
    return {key: line for key, line in lines.items() if not line.figures.is_idle}


def hidden_of(people: Mapping[int, int]) -> frozenset[int]:
    """Return which classes are not shown to who is not of the school: those of few, and never just one of them.

    One alone could be reckoned from the school's sum and the others.
    """
    few = {class_id for class_id, count in people.items() if count < FEW}
    if len(few) == 1:
        others = sorted((count, class_id) for class_id, count in people.items() if class_id not in few)
        few |= {class_id for _, class_id in others[:1]}
    return frozenset(few)


def _sales(facts: Facts) -> Iterable[tuple[Sold, tuple[Key, ...]]]:
    """Yield the sales with the lines in which they count; those to somebody whom the school does not have in none."""
    keys = {each.person_id: _keys_of(each) for each in facts.members}
    for sold in facts.sold:
        yield sold, (SCHOOL,) if sold.person_id is None else keys.get(sold.person_id, ())


def _keys_of(member: Member) -> tuple[Key, ...]:
    return (SCHOOL, Key(Kind.CLASS, member.class_id)) if member.is_student else (STAFF,)


def _of_member(member: Member, facts: Facts) -> dict[str, int]:
    """Return what somebody counts of a day, but for meals."""
    seen = facts.seen.get(member.person_id)
    told: dict[str, int] = {"people": int(member.is_here)}
    if seen is not None:
        told |= _of_seen(seen)
    if member.is_student and member.is_here and member.is_expected and member.class_id in facts.taught:
        told["taught"] = 1
        if facts.seen:
            told |= {"expected": 1, "not_seen": int(seen is None)}
        if reason := _reason_of(member.person_id, facts):
            told[reason] = 1
    return told


def _of_seen(seen: Seen) -> dict[str, int]:
    minutes = seen.inside_min
    return {
        "came": int(seen.first_in_at is not None), "late": int(seen.late_min > 0), "late_min": seen.late_min,
        "never_left": int(seen.is_inside), "timed": int(minutes is not None), "inside_min": minutes or 0,
    }  # fmt: skip


def _reason_of(person_id: int, facts: Facts) -> str:
    """Return as what somebody's absence counts; empty for who was not absent, as far as anybody knows."""
    said = facts.said.get(person_id, Said())
    match said.says:
        case Says.ABSENT:
            return _REASONS[said.reason or Reason.OTHER]
        case Says.AWAY:
            return "away"
        case Says.PRESENT:
            return ""
        case Says.UNSAID:
            return "" if person_id in facts.seen else _reason_of_unseen(person_id, facts)


def _reason_of_unseen(person_id: int, facts: Facts) -> str:
    """Return it for whom no gate saw and of whom the register says nothing; of a day without gates nobody knows."""
    if person_id in facts.on_trips:
        return "away"
    if person_id in facts.told:
        return _REASONS[facts.told[person_id]]
    return "unexplained" if facts.seen else ""
