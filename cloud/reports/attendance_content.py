"""What a report of attendance holds, as it is kept: counts by class and day, and each one's days with their times.

Rule: as for all reports (`content.py`): what was kept stays readable, and a person is a reference, never a name.
"""

from datetime import date
from typing import Literal

from cloud.reports.content import AsOf, Counted, School, Shape

VERSION = 1
Kind = Literal["students", "staff"]
KINDS: tuple[Kind, ...] = ("students", "staff")


class Heads(Shape, frozen=True):
    """Days of people counted, each day of each once: a class of 20 that all came on two days came 40 times.

    `expected` are those of students of whom the calendar says that they are taught, on days on which the gates saw
    anybody; `not_seen` are those of them of whom no gate told. Of staff nobody says when they are expected.
    """

    expected: int = 0
    came: int = 0
    late: int = 0
    not_seen: int = 0
    marked_absent: int = 0  # in the class register, whatever the gates say
    by_hand: int = 0  # let through by the guard, without a card
    never_left: int = 0  # seen coming in, and by no gate going out after it


class Group(Shape, frozen=True):
    """Students or staff: how many the school had when the report was made, how many of all were seen, their days."""

    people: int
    seen: int
    heads: Heads


class Totals(Shape, frozen=True):
    """The month."""

    students: Group
    staff: Group

    def of(self, kind: Kind) -> Group:
        """Return the group of a kind."""
        return self.students if kind == "students" else self.staff


class ClassLine(Shape, frozen=True):
    """A class's month; the class without a name is of students who are in none."""

    name: str
    group: Group


class DayLine(Shape, frozen=True):
    """A day of the students, or of the staff."""

    on: date
    kind: Kind
    heads: Heads


class ClassDay(Shape, frozen=True):
    """A class's day."""

    name: str
    on: date
    heads: Heads


class PersonDay(Shape, frozen=True, omit_defaults=True):
    """What the gates saw of a person on a day; instants by the clock of the school, as 2026-09-01T07:52:10+05:00."""

    on: date
    arrived_at: str = ""
    left_at: str = ""
    late_min: int = 0
    by_hand: bool = False
    never_left: bool = False


class PersonLine(Shape, frozen=True, omit_defaults=True):
    """A person's month, with where the school had it when the report was made."""

    person: str  # reference
    kind: Kind
    days: list[PersonDay]
    class_name: str = ""
    has_left: bool = False  # the school: expected on no day
    since: date | None = None  # the first day on which it was expected, where that is in the month


class Remark(Shape, frozen=True, omit_defaults=True):
    """Something that the authority should know of a person's day, or, without a person, of a day."""

    what: str
    on: date
    person: str = ""
    class_name: str = ""
    count: int = 1


class Remarks(Shape, frozen=True):
    """All remarks counted by kind, and the first of them line by line."""

    counts: dict[str, int]
    lines: list[Remark]
    left_out: int = 0


class Lessons(Shape, frozen=True):
    """The days on which some classes are taught; the class without a name is the school itself."""

    classes: list[str]
    days: list[date]


class Context(Shape, frozen=True):
    """What no record says, kept as it was; which class somebody was in, and lateness, stand with the person."""

    lessons: list[Lessons]
    has_gates: bool


class Before(Shape, frozen=True):
    """The signed report that a supplement follows."""

    number: int
    digest: str
    totals: Totals


class Content(Shape, frozen=True):
    """A month as the records tell it."""

    school: School
    month: str
    number: int  # 1, or 2 and so on for a supplement
    as_of: AsOf
    totals: Totals
    days: list[DayLine]
    classes: list[ClassLine]
    class_days: list[ClassDay]
    people: list[PersonLine]
    remarks: Remarks
    context: Context
    before: Before | None = None
    report: str = "attendance"
    version: int = VERSION


class Correction(Shape, frozen=True):
    """What somebody adds to, or takes from, what the records tell, and why: days of people, as differences."""

    kind: Kind
    class_name: str
    on: date | None
    came: int
    late: int
    not_seen: int
    reason: str
    by: str
    at: str


class Document(Shape, frozen=True):
    """A report as it was signed: what the records tell, the corrections, and both together."""

    content: Content
    content_sha256: str
    corrections: list[Correction]
    corrected: Totals
    signed_by: str
    signed_at: str


class Glance(Shape, frozen=True):
    """The few members of a kept report that lists show."""

    totals: Totals
    remarks: Counted
