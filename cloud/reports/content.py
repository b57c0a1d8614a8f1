"""What a report holds, as it is kept: shapes whose canonical JSON is the same bytes for the same facts.

Rule: the bytes that were kept are what a checksum is of. A field that is added later has a default, so that reports of
before can be read; nothing that is here is ever renamed. No names of children: a child is its reference.
"""

import hashlib
from datetime import UTC, date, datetime
from typing import Literal

import msgspec

VERSION = 1
Kind = Literal["free", "subsidised"]
KINDS: tuple[Kind, ...] = ("free", "subsidised")


class Shape(msgspec.Struct, frozen=True):
    """A frozen part of a report."""


class Names(Shape, frozen=True):
    """What something is called, in each language."""

    kk: str
    ru: str
    en: str

    def told(self, language: str) -> str:
        """Return the name in a language."""
        return {"ru": self.ru, "en": self.en}.get(language, self.kk)


class School(Shape, frozen=True):
    """Whose report it is."""

    code: str
    name: Names
    zone: str


class AsOf(Shape, frozen=True, omit_defaults=True):
    """What was known when the report was made: how far each reader of the log had come on the school's shard.

    `register` is the number of the last mark of the school's class register; 0, which is left out, where there is none.
    """

    at: str  # an instant in UTC, as 2026-09-01T21:00:00Z
    shard: int
    meals: int
    attendance: int
    register: int = 0


class Tally(Shape, frozen=True):
    """Meals counted: by how many students, how many, and what they cost, in tiyn.

    `full_tiyn` is `parents_tiyn` and `budget_tiyn` and `returned_tiyn` together.
    """

    students: int = 0
    meals: int = 0
    full_tiyn: int = 0
    parents_tiyn: int = 0  # paid, less what was given back
    budget_tiyn: int = 0
    returned_tiyn: int = 0  # to parents


class Totals(Shape, frozen=True):
    """The month: a student who ate both free and for less is one student together."""

    free: Tally
    subsidised: Tally
    together: Tally

    def of(self, kind: Kind) -> Tally:
        """Return the tally of a kind."""
        return self.free if kind == "free" else self.subsidised


class DayLine(Shape, frozen=True):
    """A day's meals of a kind."""

    on: date
    kind: Kind
    tally: Tally


class MealLine(Shape, frozen=True):
    """A month's breakfasts, or lunches, of a kind."""

    meal: str
    name: Names
    kind: Kind
    tally: Tally


class DishLine(Shape, frozen=True):
    """A month's portions of one version of a dish at one price, of a kind."""

    dish: str
    version: int
    name: Names
    kind: Kind
    price_tiyn: int
    portions: int
    tally: Tally


class Remark(Shape, frozen=True):
    """Something that the authority should know of a meal, or, without a sale, of a day."""

    what: str
    on: date
    meal: str = ""
    sale: str = ""
    student: str = ""  # reference, never a name
    till: str = ""  # the device
    rule: str = ""  # that was overruled
    count: int = 1


class Remarks(Shape, frozen=True):
    """All remarks counted by kind, and the first of them line by line."""

    counts: dict[str, int]
    lines: list[Remark]
    left_out: int = 0


class Context(Shape, frozen=True):
    """What no record says, kept as it was: whoever makes the report anew takes it from here."""

    school_days: list[date]
    has_gates: bool
    without_right: list[str]  # sales to children who had no approved right on that day


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
    meals: list[MealLine]
    dishes: list[DishLine]
    remarks: Remarks
    context: Context
    before: Before | None = None
    report: str = "meals"
    version: int = VERSION


class Correction(Shape, frozen=True):
    """What somebody adds to, or takes from, what the records tell, and why; amounts are differences."""

    kind: Kind
    on: date | None
    students: int
    meals: int
    parents_tiyn: int
    budget_tiyn: int
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


class Counted(Shape, frozen=True):
    """Of remarks only how many there are of each kind."""

    counts: dict[str, int]


class Glance(Shape, frozen=True):
    """The few members of a kept report that lists show."""

    totals: Totals
    remarks: Counted


def canonical(shape: Shape) -> bytes:
    """Return canonical JSON: UTF-8, members sorted, nothing between them, whole numbers only (as RFC 8785 has it)."""
    return msgspec.json.encode(shape, order="sorted")


def instant(at: datetime) -> str:
    """Return an instant as reports write it: in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def digest_of(kept: bytes) -> str:
    """Return the checksum of kept bytes, in hex."""
    return hashlib.sha256(kept).hexdigest()


def content_kept(kept: bytes) -> Content:
    """Return what a kept report holds."""
    return msgspec.json.decode(kept, type=Content)


def document_kept(kept: bytes) -> Document:
    """Return what a kept signed report holds."""
    return msgspec.json.decode(kept, type=Document)
