"""How a quarter's mark comes of its parts, and a year's of its quarters, with every step that a page explains. Pure.

Rule: the version of a scheme that is in force on a quarter's first day counts for all of it (a half-year's likewise):
what is changed amid a quarter counts from the next one on.

The scale (up to 39 % is 2, up to 64 % 3, up to 84 % 4, then 5) and the year's mark, which is the mean of its quarters'
rounded to the nearest whole, stand in the rules of order no. 125 of the Minister of Education and Science of
Kazakhstan of 18 March 2008, annex 1. Weights changed with its editions: SOR and SOCH by halves at first; then a
quarter of formative marks, a quarter of SOR and a half of SOCH, as the national centre Orleu told for 2020/21. Since
the order is changed nearly every year, all of it is data: the deputy director sets what holds at the school.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction

WHOLE = 100  # percent
HALF = Fraction(1, 2)


class Part(StrEnum):
    """What a quarter's mark is made of. Its words are `word(f"part_{part}")`."""

    FORMATIVE = "formative"
    SOR = "sor"
    SOCH = "soch"


@dataclass(frozen=True, slots=True)
class Scheme:
    """A version: weights in percent, together 100; the least percent of each mark; subjects by their codes."""

    from_on: date
    formative: int
    sor: int
    soch: int
    number: int = 0  # among the school's own; 0: the state's, of this program
    formative_max: int = 10
    formative_least: int = 3  # so many formative marks make a quarter's mark
    three: int = 40
    four: int = 65
    five: int = 85
    unmarked_grade: int = 1  # up to this grade nobody gets marks
    half_year: frozenset[str] = frozenset()  # marked by half-years
    without_soch: frozenset[str] = frozenset()

    def weight(self, part: Part) -> int:
        return {Part.FORMATIVE: self.formative, Part.SOR: self.sor, Part.SOCH: self.soch}[part]

    def has_marks(self, grade: int) -> bool:
        return grade > self.unmarked_grade

    def is_half_year(self, code: str) -> bool:
        return code in self.half_year

    def mark(self, percent: int) -> int:
        """Return the mark of whole percents."""
        return 2 + sum(percent >= least for least in (self.three, self.four, self.five))


PRACTICAL = frozenset({"physical_education", "music", "fine_art", "artistic_labour", "self_knowledge"})
STATE = (
    Scheme(date(2016, 9, 1), 0, 50, 50, without_soch=PRACTICAL),
    Scheme(date(2023, 9, 1), 25, 25, 50, without_soch=PRACTICAL),
)


@dataclass(frozen=True, slots=True)
class Got:
    """What a student has of a part: points, of so many, in how many works; `missed` were held without its points."""

    points: int = 0
    most: int = 0  # of summative works; formative ones have the scheme's
    works: int = 0
    missed: int = 0

    def __add__(self, other: "Got") -> "Got":
        return Got(self.points + other.points, self.most + other.most, self.works + other.works,
                   self.missed + other.missed)  # fmt: skip


class Lack(StrEnum):
    """Why a quarter's mark is not final. Its words are `word(f"lack_{lack}")`."""

    FEW = "few"  # formative marks
    SOR = "sor"
    SOCH = "soch"
    SOCH_AHEAD = "soch_ahead"  # not held yet


@dataclass(frozen=True, slots=True)
class Line:
    """A part in the sum: its weight by the scheme and brought to a whole of 100, what was reached, and what it adds.

    All but `weight` are in percent; `share` and `adds` are None of what is not there yet.
    """

    part: Part
    weight: int
    got: Got
    counted: Fraction = Fraction(0)
    share: Fraction | None = None
    adds: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A quarter's mark: expected while anything lacks, final then. `exact` is the sum that `percent` is rounded of."""

    lines: Sequence[Line] = ()
    exact: Fraction | None = None
    percent: int | None = None
    mark: int | None = None
    lacks: Sequence[Lack] = ()

    @property
    def is_final(self) -> bool:
        return self.mark is not None and not self.lacks

    def line(self, part: Part | str) -> Line | None:
        return next((line for line in self.lines if line.part == part), None)


@dataclass(frozen=True, slots=True)
class YearMark:
    """A year's mark of its stretches' marks: final once each of them is."""

    marks: Sequence[int | None] = field(default_factory=tuple)
    exact: Fraction | None = None
    mark: int | None = None
    is_final: bool = False


def scheme_for(own: Iterable[Scheme], first_on: date) -> Scheme:
    """Return the version that counts for what begins on a day: the school's last one, or the state's."""
    for versions in (own, STATE):
        begun = [version for version in versions if version.from_on <= first_on]
        if begun:
            return max(begun, key=lambda version: (version.from_on, version.number))
    return STATE[0]


def rounded(exact: Fraction) -> int:
    """Return the nearest whole number; a half goes up."""
    return (exact + HALF).__floor__()


def result_of(scheme: Scheme, code: str, got: Mapping[Part, Got]) -> Result:
    """Return the mark of what a student has in a subject; weights of parts that it does not have go to the others.

    The sum counts what is there: of what is not there yet the page says that it lacks.
    """
    lines = [_line(scheme, part, got.get(part, Got())) for part in _parts(scheme, code, got)]
    there = [line for line in lines if line.share is not None]
    lacks = _lacks(scheme, lines)
    if not there:
        return Result(lines, lacks=lacks)
    whole = sum(line.weight for line in there)
    counted = [_counted(line, whole) for line in lines]
    exact = sum((line.adds for line in counted if line.adds is not None), Fraction(0))
    percent = rounded(exact)
    return Result(counted, exact, percent, scheme.mark(percent), lacks)


def year_mark(results: Sequence[Result]) -> YearMark:
    """Return the year's mark: the mean of the marks that there are."""
    marks = [result.mark for result in results]
    there = [mark for mark in marks if mark is not None]
    if not there:
        return YearMark(marks)
    exact = Fraction(sum(there), len(there))
    return YearMark(marks, exact, rounded(exact), all(result.is_final for result in results))


def _parts(scheme: Scheme, code: str, got: Mapping[Part, Got]) -> list[Part]:
    """Return the parts that a subject has: a SOR where one was held, a SOCH unless the scheme has none in it."""
    sor = got.get(Part.SOR, Got())
    has = {
        Part.FORMATIVE: True,
        Part.SOR: sor.works + sor.missed > 0,
        Part.SOCH: code not in scheme.without_soch,
    }
    parts = [part for part in Part if scheme.weight(part) and has[part]]
    return parts or [Part.FORMATIVE]  # nothing else is given in it


def _line(scheme: Scheme, part: Part, got: Got) -> Line:
    most = got.works * scheme.formative_max if part is Part.FORMATIVE else got.most
    weight = scheme.weight(part) or WHOLE
    return Line(part, weight, got, share=Fraction(WHOLE * got.points, most) if most else None)


def _counted(line: Line, whole: int) -> Line:
    if line.share is None:
        return line
    counted = Fraction(WHOLE * line.weight, whole)
    return Line(line.part, line.weight, line.got, counted, line.share, counted * line.share / WHOLE)


def _lacks(scheme: Scheme, lines: Iterable[Line]) -> list[Lack]:
    lacks = []
    for line in lines:
        match line.part:
            case Part.FORMATIVE:
                lacks += [Lack.FEW] * (line.got.works < scheme.formative_least)
            case Part.SOR:
                lacks += [Lack.SOR] * (line.got.missed > 0)
            case Part.SOCH:
                lacks += [Lack.SOCH] * (line.got.missed > 0)
                lacks += [Lack.SOCH_AHEAD] * (line.got.works + line.got.missed == 0)
    return lacks
