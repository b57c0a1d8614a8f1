"""What is told of a course: how its marks are spread, and how far its lessons are behind. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cloud.journal.sheets import Shares, shares_of
from cloud.studies.queries import Course

MARKS = (5, 4, 3, 2)


class Order(StrEnum):
    """What a table is sorted by; the values stand in addresses."""

    COURSE = "course"
    MARKS = "marks"
    GOOD = "good"
    PASSED = "passed"
    HELD = "held"
    BEHIND = "behind"
    THEMES = "themes"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Line:
    """A course in a quarter up to today."""

    course: Course
    results: Mapping[int, int]  # marks of the quarter, expected ones too, by student
    held: int  # lessons, without those called off
    without_theme: int  # of these
    empty: int  # of these before today, in which nobody was marked, present or absent
    planned: int | None  # hours of the year's themes of the weeks that are over; None without a plan by weeks
    held_year: int  # lessons since the school year began

    @property
    def marks(self) -> list[int]:
        """Return the marks, one a student who has any."""
        return list(self.results.values())

    @property
    def shares(self) -> Shares:
        """Return how many marks there are, and which share is passed and good."""
        return shares_of(self.marks)

    @property
    def spread(self) -> Mapping[int, int]:
        """Return how many students have each mark."""
        counted = Counter(self.marks)
        return {mark: counted[mark] for mark in MARKS}

    @property
    def behind(self) -> int:
        """Return by how many lessons the course is behind its plan; 0 of one that has none, or is ahead."""
        return 0 if self.planned is None else max(0, self.planned - self.held_year)

    def place(self, order: Order) -> int:
        """Return what it is sorted by; courses themselves come in their own order."""
        return {
            Order.COURSE: 0, Order.MARKS: self.shares.marks, Order.GOOD: self.shares.good,
            Order.PASSED: self.shares.passed, Order.HELD: self.held, Order.BEHIND: self.behind,
            Order.THEMES: self.without_theme, Order.EMPTY: self.empty,
        }[order]  # fmt: skip


def ordered(lines: Sequence[Line], order: Order, *, is_descending: bool) -> list[Line]:
    """Return lines in an order; equal ones stay as they stood."""
    return sorted(lines, key=lambda line: line.place(order), reverse=is_descending)


def together(lines: Sequence[Line]) -> Shares:
    """Return how the marks of several courses are spread: a student counts once in a subject."""
    marks = {(line.course.subject.id, person_id): mark for line in lines for person_id, mark in line.results.items()}
    return shares_of(list(marks.values()))
