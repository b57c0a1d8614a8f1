"""The tables of a report, as the PDF and the workbook share them: heads, rows, widths.

Rule: what a table says is the same in every file; only how it is drawn differs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloud.core.i18n import N_
from cloud.core.sheets import Cell, Money
from cloud.reports.content import Content, Correction, Tally, Totals
from cloud.reports.wording import ALL_TOGETHER, Wording

STUDENTS, MEALS = N_("Students"), N_("Meals eaten")
PRICE, FULL, PARENTS, BUDGET, RETURNED = (
    N_("Price"), N_("At full price"), N_("Paid by parents"), N_("Owed by the budget"), N_("Given back"),
)  # fmt: skip
KIND, DAY, DISH, PORTIONS, WHAT, CHILD, TILL = (
    N_("Kind"), N_("Day"), N_("Dish"), N_("Portions"), N_("What to know"), N_("Child"), N_("Till"),
)  # fmt: skip
WHY, WHO, HOW_MANY, MEAL = N_("Why"), N_("Who"), N_("How many"), N_("Meal")
SUMMARY, DISHES, DAYS, BY_MEAL, REMARKS, CORRECTIONS = (
    N_("The month"), N_("Dishes and prices"), N_("Days"), N_("By meal"), N_("To be known"), N_("Corrections"),
)  # fmt: skip
WITH_CORRECTIONS = N_("With corrections")
SUMS = (STUDENTS, MEALS, FULL, PARENTS, BUDGET, RETURNED)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title; widths are parts of the whole; the last `sums` rows are sums."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    widths: Sequence[int]
    sums: int = 0


def summary(content: Content, words: Wording, after: Totals | None) -> Table:
    """Return the month's totals; with corrections, once more with them."""
    rows = [*_totals(content.totals, words)]
    if after is not None:
        rows += [[f"{words.told(WITH_CORRECTIONS)}: {row[0]}", *row[1:]] for row in _totals(after, words)]
    head = [words.told(KIND), *(words.told(each) for each in SUMS)]
    return Table(words.told(SUMMARY), head, rows, (34, 11, 11, 16, 16, 16, 14), sums=1)


def dishes(content: Content, words: Wording) -> Table:
    """Return what was eaten at which price."""
    language = words.language.value
    rows: list[list[Cell]] = [
        [
            each.name.told(language), words.kind(each.kind), Money(each.price_tiyn), each.portions,
            each.tally.students, Money(each.tally.full_tiyn), Money(each.tally.parents_tiyn),
            Money(each.tally.budget_tiyn),
        ]
        for each in sorted(content.dishes, key=lambda each: (each.name.told(language), each.price_tiyn, each.kind))
    ]  # fmt: skip
    head = (DISH, KIND, PRICE, PORTIONS, STUDENTS, FULL, PARENTS, BUDGET)
    return Table(words.told(DISHES), [words.told(each) for each in head], rows, (40, 15, 14, 12, 12, 16, 16, 16))


def days(content: Content, words: Wording) -> Table:
    """Return every day's meals."""
    rows: list[list[Cell]] = [[each.on, words.kind(each.kind), *_sums(each.tally)] for each in content.days]
    head = [words.told(each) for each in (DAY, KIND, *SUMS)]
    return Table(words.told(DAYS), head, rows, (16, 16, 11, 11, 16, 16, 16, 14))


def meals(content: Content, words: Wording) -> Table:
    """Return breakfasts, lunches and so on."""
    language = words.language.value
    rows: list[list[Cell]] = [
        [each.name.told(language), words.kind(each.kind), *_sums(each.tally)] for each in content.meals
    ]
    head = [words.told(each) for each in (MEAL, KIND, *SUMS)]
    return Table(words.told(BY_MEAL), head, rows, (24, 16, 11, 11, 16, 16, 16, 14))


def remark_counts(counts: Mapping[str, int], words: Wording) -> Table:
    """Return how often there was something to know of each kind."""
    told = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    rows: list[list[Cell]] = [[words.remark(what), count] for what, count in told]
    return Table(words.told(REMARKS), [words.told(WHAT), words.told(HOW_MANY)], rows, (80, 20))


def remarks(content: Content, words: Wording) -> Table:
    """Return what is to be known of single meals and days; children by their references."""
    names = {each.meal: each.name.told(words.language.value) for each in content.meals}
    rows: list[list[Cell]] = [
        [
            each.on, names.get(each.meal, each.meal),
            f"{words.remark(each.what)} ({words.rule(each.rule)})" if each.rule else words.remark(each.what),
            each.student, each.till, each.count,
        ]
        for each in content.remarks.lines
    ]  # fmt: skip
    head = [words.told(each) for each in (DAY, MEAL, WHAT, CHILD, TILL, HOW_MANY)]
    return Table(words.told(REMARKS), head, rows, (14, 16, 50, 19, 18, 10))


def corrections(told: Sequence[Correction], words: Wording) -> Table:
    """Return the lines of correction, each with who and why."""
    rows: list[list[Cell]] = [
        [
            each.on or "", words.kind(each.kind), each.students, each.meals, Money(each.parents_tiyn),
            Money(each.budget_tiyn), each.reason, each.by,
        ]
        for each in told
    ]  # fmt: skip
    head = [words.told(each) for each in (DAY, KIND, STUDENTS, MEALS, PARENTS, BUDGET, WHY, WHO)]
    return Table(words.told(CORRECTIONS), head, rows, (14, 14, 11, 11, 15, 15, 40, 20))


def _totals(totals: Totals, words: Wording) -> list[list[Cell]]:
    rows = ((words.kind("free"), totals.free), (words.kind("subsidised"), totals.subsidised))
    return [[name, *_sums(tally)] for name, tally in (*rows, (words.told(ALL_TOGETHER), totals.together))]


def _sums(tally: Tally) -> list[Cell]:
    return [
        tally.students, tally.meals, Money(tally.full_tiyn), Money(tally.parents_tiyn), Money(tally.budget_tiyn),
        Money(tally.returned_tiyn),
    ]  # fmt: skip
