"""What is counted of a school's day: of its students together, of each class, and of its staff."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import reduce
from typing import NamedTuple

NO_CLASS = 0  # in the place of a class's id: of students who are in none, and of who is no student


class Kind(StrEnum):
    """Of whom a line counts."""

    SCHOOL = "school"  # all students, and meals of whom nobody knows who ate them
    CLASS = "class"
    STAFF = "staff"


class Key(NamedTuple):
    """What names a line of a day."""

    kind: Kind
    class_id: int = NO_CLASS


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of people on one day; of several days they are added, so that a child that came on two came twice.

    `taught` are those whose class has lessons, `expected` those of them on a day on which the gates saw anybody.
    `absent` are told by the class register; where it is silent and no gate saw the child, by the family, or by nobody.
    """

    people: int = 0  # that the school had; of several days the most of one
    taught: int = 0
    expected: int = 0
    came: int = 0
    late: int = 0
    late_min: int = 0
    not_seen: int = 0  # of the expected
    ill: int = 0
    family: int = 0
    other: int = 0
    away: int = 0  # for the school: a competition, a trip
    unexplained: int = 0  # seen by no gate, and nobody said why
    never_left: int = 0
    timed: int = 0  # of whom both the first arrival and the last departure are known
    inside_min: int = 0  # of these, from the one to the other
    ate: int = 0  # people, each once a day
    free: int = 0  # meals, each of a person and day once for a way of paying
    subsidised: int = 0
    account: int = 0
    cash: int = 0
    rated: int = 0
    food: int = 0  # sums of marks from 1 to 5
    service: int = 0

    @property
    def absent(self) -> int:
        """Return who was absent for whatever reason; who is away for the school is not."""
        return self.ill + self.family + self.other + self.unexplained

    @property
    def meals(self) -> int:
        return self.free + self.subsidised + self.account + self.cash

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing happened and nothing was to happen."""
        return replace(self, people=0) == Figures()

    def plus(self, other: "Figures") -> "Figures":
        """Return both together, of other people on the same days."""
        return Figures(*(getattr(self, name) + getattr(other, name) for name in NAMES))

    def then(self, other: "Figures") -> "Figures":
        """Return both together, of the same people on other days."""
        return replace(self.plus(other), people=max(self.people, other.people))

    def without_reasons(self) -> "Figures":
        """Return the same without why anybody was absent."""
        return replace(self, ill=0, family=0, other=0, away=0, unexplained=0)


NAMES = tuple(each.name for each in fields(Figures))
REASONS = ("ill", "family", "other", "away", "unexplained")
PAYMENTS = ("free", "subsidised", "account", "cash")


def together(figures: Iterable[Figures]) -> Figures:
    """Return the figures of other people on the same days added up."""
    return reduce(Figures.plus, figures, Figures())


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a day: its figures, and how many meals of which key; the keys are the school's own."""

    figures: Figures = Figures()
    by_meal: Mapping[str, int] = field(default_factory=dict)
