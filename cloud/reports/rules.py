"""What a month of meals adds up to, and what the authority should know of it. Pure.

Rule: for the same facts the content is the same, byte by byte, in whatever order they were found.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from cloud.ingest.instants import DOUBTED
from cloud.meals.monthly import GivenMeal
from cloud.meals.rules import Payment, Portion
from cloud.menu.rules import Names as MenuNames
from cloud.reports.content import (
    KINDS,
    AsOf,
    Before,
    Content,
    Context,
    Correction,
    DayLine,
    DishLine,
    Kind,
    MealLine,
    Names,
    Remark,
    Remarks,
    School,
    Tally,
    Totals,
)

REMARKS_MAX = 20_000
_KIND: Mapping[Payment, Kind] = {Payment.FREE: "free", Payment.SUBSIDISED: "subsidised"}


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a report is made of."""

    school: School
    month: str
    number: int
    as_of: AsOf
    meals: Sequence[GivenMeal]  # in order
    seen: AbstractSet[tuple[str, date]]  # who came in on which day
    school_days: Collection[date]
    has_gates: bool
    without_right: Collection[str]
    meal_names: Mapping[str, MenuNames | Names]
    dish_names: Mapping[tuple[str, int], MenuNames | Names]
    before: Before | None = None
    absent: AbstractSet[tuple[str, date]] = frozenset()  # who was absent in class on which day


@dataclass(slots=True)
class _Count:
    """A tally while it is counted."""

    students: set[str] = field(default_factory=set)
    meals: int = 0
    full: int = 0
    parents: int = 0
    returned: int = 0
    last: str = ""  # the sale that was counted last: it may have more lines of a dish

    def add(self, given: GivenMeal, full: int, parents: int, returned: int) -> None:
        self.students.add(given.person)
        self.meals += given.sale != self.last
        self.last = given.sale
        self.full, self.parents, self.returned = self.full + full, self.parents + parents, self.returned + returned

    def add_whole(self, given: GivenMeal) -> None:
        full = max(given.full_tiyn, given.amount_tiyn)  # where lines were lost, it cost what was paid at least
        self.add(given, full, given.amount_tiyn - given.returned_tiyn, given.returned_tiyn)

    @property
    def tally(self) -> Tally:
        budget = self.full - self.parents - self.returned
        return Tally(len(self.students), self.meals, self.full, self.parents, budget, self.returned)


def content_of(facts: Facts) -> Content:
    """Return what a month's meals add up to, with remarks."""
    counted = [each for each in facts.meals if each.is_known]
    return Content(
        facts.school, facts.month, facts.number, facts.as_of, _totals(counted), _days(counted),
        _meals(counted, facts.meal_names), _dishes(counted, facts.dish_names), remarks_of(facts),
        Context(sorted(facts.school_days), facts.has_gates, sorted(facts.without_right)), facts.before,
    )  # fmt: skip


def corrected(totals: Totals, corrections: Iterable[Correction]) -> Totals:
    """Return totals with what was added and taken by corrections."""
    sums = {kind: totals.of(kind) for kind in KINDS}
    together = totals.together
    for each in corrections:
        sums[each.kind] = _moved(sums[each.kind], each)
        together = _moved(together, each)
    return Totals(sums["free"], sums["subsidised"], together)


def shares_of(portions: Sequence[Portion], amount: int) -> list[int]:
    """Deal out an amount among lines by what they cost; the parts sum to it, if the lines cost anything."""
    if not amount:
        return [0] * len(portions)
    whole, upto, dealt = sum(each.cost_tiyn for each in portions), 0, 0
    shares = []
    for each in portions:
        upto += each.cost_tiyn
        reached = amount * upto // whole if whole else 0
        shares.append(reached - dealt)
        dealt = reached
    return shares


def remarks_of(facts: Facts) -> Remarks:
    """Return what should be known of single meals and of days, in order, with how many there are of each kind."""
    found = [*_day_remarks(facts), *_meal_remarks(facts)]
    found.sort(key=lambda each: (each.on, bool(each.sale)))  # of one day in the order in which they were found
    counts = Counter[str]()
    for each in found:
        counts[each.what] += each.count
    return Remarks(dict(sorted(counts.items())), found[:REMARKS_MAX], max(0, len(found) - REMARKS_MAX))


def _moved(tally: Tally, by: Correction) -> Tally:
    return Tally(
        tally.students + by.students, tally.meals + by.meals, tally.full_tiyn + by.parents_tiyn + by.budget_tiyn,
        tally.parents_tiyn + by.parents_tiyn, tally.budget_tiyn + by.budget_tiyn, tally.returned_tiyn,
    )  # fmt: skip


def _totals(meals: Iterable[GivenMeal]) -> Totals:
    together, kinds = _Count(), {kind: _Count() for kind in KINDS}
    for each in meals:
        together.add_whole(each)
        kinds[_KIND[each.payment]].add_whole(each)
    return Totals(kinds["free"].tally, kinds["subsidised"].tally, together.tally)


def _days(meals: Iterable[GivenMeal]) -> list[DayLine]:
    counts: dict[tuple[date, Kind], _Count] = {}
    for each in meals:
        counts.setdefault((each.on, _KIND[each.payment]), _Count()).add_whole(each)
    return [DayLine(on, kind, count.tally) for (on, kind), count in sorted(counts.items(), key=lambda one: one[0])]


def _meals(meals: Iterable[GivenMeal], names: Mapping[str, MenuNames | Names]) -> list[MealLine]:
    counts: dict[tuple[str, Kind], _Count] = {}
    for each in meals:
        counts.setdefault((each.meal, _KIND[each.payment]), _Count()).add_whole(each)
    return [
        MealLine(meal, _named(names.get(meal), meal), kind, count.tally)
        for (meal, kind), count in sorted(counts.items(), key=lambda one: one[0])
    ]


def _dishes(meals: Iterable[GivenMeal], names: Mapping[tuple[str, int], MenuNames | Names]) -> list[DishLine]:
    counts: dict[tuple[str, int, int, Kind], tuple[_Count, list[int]]] = {}
    for each in meals:
        parents = shares_of(each.portions, each.amount_tiyn - each.returned_tiyn)
        returned = shares_of(each.portions, each.returned_tiyn)
        for portion, paid, back in zip(each.portions, parents, returned, strict=True):
            key = (portion.dish, portion.version, portion.price_tiyn, _KIND[each.payment])
            count, portions = counts.setdefault(key, (_Count(), [0]))
            count.add(each, portion.cost_tiyn, paid, back)
            portions[0] += portion.count
    return [
        DishLine(dish, version, _named(names.get((dish, version)), dish), kind, price, portions[0], count.tally)
        for (dish, version, price, kind), (count, portions) in sorted(counts.items(), key=lambda one: one[0])
    ]


def _day_remarks(facts: Facts) -> Iterable[Remark]:
    """Return days on which meals were given and no gate saw anybody, or on which nobody was to be taught."""
    heard = {on for _, on in facts.seen}
    for on, given in groupby(sorted(each.on for each in facts.meals if each.is_known)):
        count = len(list(given))
        if on not in facts.school_days:
            yield Remark("no_school_day", on, count=count)
        if facts.has_gates and on not in heard:
            yield Remark("gates_silent", on, count=count)


def _meal_remarks(facts: Facts) -> Iterable[Remark]:
    heard = {on for _, on in facts.seen}
    without_right, eaten = frozenset(facts.without_right), set[tuple[str, date, str]]()
    for each in facts.meals:
        told = [(rule, "overruled") for rule in each.overruled]
        told += [("", what) for what in _oddities(each)]
        if each.is_known:
            if (who := (each.person, each.on, each.meal)) in eaten:
                told.append(("", "second_meal"))
            eaten.add(who)
            if facts.has_gates and each.on in heard and (each.person, each.on) not in facts.seen:
                told.append(("", "not_seen"))
            if (each.person, each.on) in facts.absent:
                told.append(("", "absent_in_class"))
            if each.sale in without_right:
                told.append(("", "without_right"))
        for rule, what in sorted(told, key=lambda one: (one[1], one[0])):
            yield Remark(what, each.on, each.meal, each.sale, each.person, each.place.device, rule)


def _oddities(given: GivenMeal) -> Iterable[str]:
    """Return what is odd about a meal by itself."""
    if not given.is_known:
        yield "stranger"
    if given.is_unconfirmed:
        yield "unconfirmed"
    if given.full_tiyn == 0 or given.full_tiyn < given.amount_tiyn:
        yield "no_lines"
    if given.clock in DOUBTED:
        yield "rough_clock"


def _named(names: MenuNames | Names | None, otherwise: str) -> Names:
    return Names(names.kk, names.ru, names.en) if names is not None else Names(otherwise, otherwise, otherwise)
