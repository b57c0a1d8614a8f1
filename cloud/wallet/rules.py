"""Reconciliation: voucher, tabel and our records of one child's meal on one day, compared. Pure.

Rule: every recorded meal stands in exactly one line, and a line agrees only when nothing speaks against it; so what is
owed for all meals is, to the tiyn, what the lines owe that agree, wait and differ. The order of facts changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from cloud.wallet.kinds import Kind, Verdict

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Voucher:
    """The right to a meal a day at the state's cost; `price_tiyn` is what it pays for one, 0 if that was not told."""

    number: str
    person: int
    meal: str
    first_on: date
    last_on: date
    price_tiyn: int = 0
    is_annulled: bool = False
    code: str = field(default="", repr=False)  # the token of its code, where it has one that tills know

    def is_valid_on(self, on: date) -> bool:
        return not self.is_annulled and self.first_on <= on <= self.last_on


@dataclass(frozen=True, slots=True)
class Meal:
    """A free or subsidised meal as our records tell it; `owed_tiyn` is what the budget owes for it."""

    sale: str
    person: int
    on: date
    meal: str
    owed_tiyn: int


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What a line is about: a child, a day, a meal."""

    on: date
    person: int
    meal: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the three tell of some days: `tabel` is by child and day, `left` the last day of who has left the school."""

    vouchers: Sequence[Voucher] = ()
    tabel: Mapping[tuple[int, date], bool] = field(default_factory=dict)
    meals: Sequence[Meal] = ()
    left: Mapping[int, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """The three facts of a place, and how they disagree; `is_present` is None where the tabel says nothing."""

    place: Place
    voucher: Voucher | None
    is_present: bool | None
    meals: Sequence[Meal]
    kinds: frozenset[Kind]

    @property
    def verdict(self) -> Verdict:
        if self.kinds:
            return Verdict.DIFFERS
        return Verdict.WAITING if self.meals and self.is_present is None else Verdict.AGREED

    @property
    def owed_tiyn(self) -> int:
        return sum(meal.owed_tiyn for meal in self.meals)


@dataclass(frozen=True, slots=True)
class Sum:
    """How many lines and meals, and what the budget owes for them."""

    lines: int = 0
    meals: int = 0
    owed_tiyn: int = 0

    def plus(self, line: Line) -> "Sum":
        return Sum(self.lines + 1, self.meals + len(line.meals), self.owed_tiyn + line.owed_tiyn)


def reconcile(facts: Facts, first_on: date, last_on: date) -> list[Line]:
    """Return the lines of some days, by day and child; places of which nobody says anything have none."""
    vouchers: dict[tuple[int, str], list[Voucher]] = {}
    for voucher in facts.vouchers:
        vouchers.setdefault((voucher.person, voucher.meal), []).append(voucher)
    meals: dict[Place, list[Meal]] = {}
    for meal in facts.meals:
        if first_on <= meal.on <= last_on:
            meals.setdefault(Place(meal.on, meal.person, meal.meal), []).append(meal)
    told = {(person, on) for person, on in facts.tabel if first_on <= on <= last_on}
    places = set(meals) | set(_entitled(vouchers, told))
    return [
        _line(place, vouchers.get((place.person, place.meal), ()), meals.get(place, ()), facts)
        for place in sorted(places)
    ]


def sums_of(lines: Iterable[Line]) -> dict[Verdict, Sum]:
    """Return the sums of lines by verdict; those of all verdicts are there."""
    sums = dict.fromkeys(Verdict, Sum())
    for line in lines:
        sums[line.verdict] = sums[line.verdict].plus(line)
    return sums


def counts_of(lines: Iterable[Line]) -> dict[Kind, int]:
    """Return how many lines differ in each way."""
    counts = dict.fromkeys(Kind, 0)
    for line in lines:
        for kind in line.kinds:
            counts[kind] += 1
    return counts


def overlapping(new: Voucher, others: Iterable[Voucher]) -> Voucher | None:
    """Return another voucher of the same child and meal that is valid on a day on which the new one is, if any."""
    for other in others:
        is_same = (other.person, other.meal) == (new.person, new.meal) and other.number != new.number
        is_met = new.first_on <= other.last_on and other.first_on <= new.last_on
        if is_same and is_met and not other.is_annulled and not new.is_annulled:
            return other
    return None


def _entitled(
    vouchers: Mapping[tuple[int, str], Sequence[Voucher]], told: Iterable[tuple[int, date]]
) -> Iterator[Place]:
    """Yield the places of which tabel and voucher speak."""
    meals_of: dict[int, list[str]] = {}
    for person, meal in vouchers:
        meals_of.setdefault(person, []).append(meal)
    for person, on in told:
        for meal in meals_of.get(person, ()):
            if any(voucher.is_valid_on(on) for voucher in vouchers[person, meal]):
                yield Place(on, person, meal)


def _line(place: Place, vouchers: Sequence[Voucher], meals: Sequence[Meal], facts: Facts) -> Line:
    voucher = _voucher(vouchers, place.on)
    is_present = facts.tabel.get((place.person, place.on))
    meals = sorted(meals, key=lambda meal: meal.sale)
    last_on = facts.left.get(place.person)
    kinds = set(_of_voucher(voucher, place.on) if meals else ())
    kinds |= set(_of_meals(voucher if voucher and voucher.is_valid_on(place.on) else None, meals))
    if last_on is not None and last_on < place.on and (meals or is_present):
        kinds.add(Kind.CHILD_LEFT)
    if meals and is_present is False:
        kinds.add(Kind.ABSENT)
    if not meals and is_present:
        kinds.add(Kind.NO_MEAL)
    return Line(place, voucher, is_present, meals, frozenset(kinds))


def _voucher(vouchers: Sequence[Voucher], on: date) -> Voucher | None:
    """Return the voucher that a day is about: a valid one, else the one that is nearest to it."""
    if len(vouchers) == 1:  # as nearly always
        return vouchers[0]
    return min(
        vouchers,
        key=lambda each: (not each.is_valid_on(on), _distance(each, on), each.first_on, each.number),
        default=None,
    )


def _distance(voucher: Voucher, on: date) -> timedelta:
    return max(voucher.first_on - on, on - voucher.last_on, timedelta())


def _of_voucher(voucher: Voucher | None, on: date) -> Iterator[Kind]:
    if voucher is None:
        yield Kind.NO_VOUCHER
    elif voucher.is_annulled:
        yield Kind.ANNULLED
    elif on < voucher.first_on:
        yield Kind.BEFORE_TERM
    elif on > voucher.last_on:
        yield Kind.AFTER_TERM


def _of_meals(voucher: Voucher | None, meals: Sequence[Meal]) -> Iterator[Kind]:
    if len(meals) > 1:
        yield Kind.DOUBLE
    if voucher is not None and voucher.price_tiyn and any(each.owed_tiyn != voucher.price_tiyn for each in meals):
        yield Kind.PRICE
