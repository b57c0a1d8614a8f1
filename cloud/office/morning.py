"""A class's morning as its teacher looks at it: who is not where the class is, why, and what is asked. Pure.

Rule: gates say who is in the building, the register who is in class; where one of them says nothing, nothing is
concluded from it but that it is not known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cloud.office.offers import Offer
from cloud.register.kinds import Says
from cloud.register.queries import ChildMarked, ClassDay
from cloud.schools.rules import DayPlan


class Where(StrEnum):
    """Where a child is, in the order of how much it matters. Its words are `word(f"morning_{where}")`."""

    NOT_IN_CLASS = "not_in_class"  # in the building, and marked absent
    UNKNOWN = "unknown"  # the lesson runs, no gate saw the child, and nobody told why
    GONE = "gone"  # came, and left before the lessons end
    EXPECTED = "expected"  # before the first lesson
    LATE = "late"  # in the building, and came after the bell
    AWAY = "away"  # and it is known why
    INSIDE = "inside"  # in the building, and nothing said yet
    HERE = "here"  # in class, by the register


ASKED_OF = frozenset({Where.NOT_IN_CLASS, Where.UNKNOWN, Where.GONE, Where.EXPECTED})  # whose family is asked


@dataclass(frozen=True, slots=True)
class Line:
    """A child of the class this morning; `asked_at` is when its family was asked today."""

    child: ChildMarked
    where: Where
    offer: Offer | None
    asked_at: datetime | None

    @property
    def may_ask(self) -> bool:
        return self.where in ASKED_OF and self.asked_at is None


@dataclass(frozen=True, slots=True)
class Morning:
    """A class this morning, in groups that are not empty."""

    day: ClassDay
    groups: Mapping[Where, Sequence[Line]]
    is_taught: bool  # it has lessons today

    def count(self, *where: Where) -> int:
        """Return how many children are there."""
        return sum(len(self.groups.get(each, ())) for each in where)

    @property
    def offers(self) -> Mapping[str, Offer]:
        """Return what is offered, by reference."""
        lines = (line for group in self.groups.values() for line in group)
        return {line.child.ref: line.offer for line in lines if line.offer is not None}

    @property
    def troubles(self) -> int:
        """Return of how many children somebody should find out where they are."""
        return self.count(Where.NOT_IN_CLASS, Where.UNKNOWN, Where.GONE)


def morning_of(
    day: ClassDay, offers: Mapping[str, Offer], asked: Mapping[int, datetime], plan: DayPlan, now: datetime
) -> Morning:
    """Return a class's morning."""
    groups: dict[Where, list[Line]] = {where: [] for where in Where}
    for child in day.children:
        offer = offers.get(child.ref)
        where = where_of(child, offer, plan, now)
        groups[where].append(Line(child, where, offer, asked.get(child.id)))
    return Morning(day, {where: lines for where, lines in groups.items() if lines}, plan.is_school_day)


def where_of(child: ChildMarked, offer: Offer | None, plan: DayPlan, now: datetime) -> Where:
    """Return where a child is, as far as register and gates tell."""
    match child.said.says:
        case Says.ABSENT if child.is_inside:
            return Where.NOT_IN_CLASS
        case Says.ABSENT | Says.AWAY:
            return Where.AWAY
        case Says.PRESENT | Says.UNSAID:
            return _by_the_gates(child, offer, plan, now)


def _by_the_gates(child: ChildMarked, offer: Offer | None, plan: DayPlan, now: datetime) -> Where:
    is_present = child.said.says is Says.PRESENT
    if child.is_inside:
        if child.late_min > 0:
            return Where.LATE
        return Where.HERE if is_present else Where.INSIDE
    if child.first_in_at is not None:
        has_lessons = plan.ends_at is not None and now < plan.ends_at
        return Where.GONE if has_lessons else Where.HERE
    if is_present:
        return Where.HERE
    if offer is not None and offer.is_excused:
        return Where.AWAY
    has_begun = plan.starts_at is not None and now >= plan.starts_at
    return Where.UNKNOWN if has_begun and plan.is_school_day else Where.EXPECTED
