"""What a child ate in a week, a month or a term: for the page, its files and the API alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.core.charts import Chart, Column, chart_of
from cloud.core.formats import Formats
from cloud.core.i18n import N_
from cloud.core.services import Services
from cloud.core.sheets import Cell, Money
from cloud.core.words import word
from cloud.guardian.queries import Child
from cloud.meals.spans import By, Span, after, before, parts_of, span_of
from cloud.meals.statistics import Meal, Part, Portion, Statistics, meals_taken, statistics_of
from cloud.menu.kinds import ALLERGENS, CATEGORIES
from cloud.schools.queries import terms_of

YEARS = range(2020, 2100)
HEADS = (
    N_("Day"), N_("Time"), N_("Meal"), N_("Dish"), N_("Category"), N_("How many"), N_("Price"), N_("Cost"),
    N_("How it is paid"), N_("Paid"), N_("By the budget"), N_("Allergens"), N_("Note"),
)  # fmt: skip
TAKEN_BACK = N_("taken back")
Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Eaten:
    """A child's meals of a stretch of days, newest first, with what they add up to, and the stretches beside it."""

    span: Span
    earlier: Span | None
    later: Span | None
    meals: Sequence[Meal]
    statistics: Statistics
    has_terms: bool  # else the school year stands for one


async def eaten_of(services: Services, child: Child, by: By, on: date | None) -> Eaten:
    """Return what a child ate in the stretch that a day is in; today's when none is named, or one of no school year."""
    terms = await terms_of(services, child.school_id)
    day = on if on is not None and on.year in YEARS else child.on
    span = span_of(by, day, terms)
    later = after(span, terms)
    meals = await meals_taken(services.database.pool, child.id, span.first_on, span.last_on)
    return Eaten(
        span, before(span, terms), later if later is not None and later.first_on <= child.on else None, meals,
        statistics_of(meals, parts_of(span)), bool(terms),
    )  # fmt: skip


def chart_of_money(eaten: Eaten, formats: Formats) -> Chart:
    """Return the columns of what was paid and what the budget owes, by the parts of the days."""
    return chart_of([_column(part, eaten.span, formats) for part in eaten.statistics.parts])


def part_name(part: Part, formats: Formats) -> str:
    """Return the days of a part as a person writes them."""
    if part.first_on == part.last_on:
        return formats.day_short(part.first_on)
    return f"{formats.day_short(part.first_on)} – {formats.day_short(part.last_on)}"


def part_short(part: Part, span: Span, formats: Formats) -> str:
    """Return what stands under a column: the weekday, the day, or the day that a week begins with."""
    if span.by is By.WEEK:
        return formats.weekday(part.first_on)
    if part.first_on == part.last_on:
        return str(part.first_on.day)
    return f"{part.first_on:%d.%m}"


def rows_of(eaten: Eaten, formats: Formats, translate: Translate) -> list[list[Cell]]:
    """Return a row of heads and one for each line of each meal, the oldest first; sums of columns are right."""
    rows: list[list[Cell]] = [[translate(head) for head in HEADS]]
    for meal in reversed(eaten.meals):
        lines: Sequence[Portion | None] = meal.portions or [None]
        rows += [_row(meal, line, formats, translate, is_first=number == 0) for number, line in enumerate(lines)]
    return rows


def _column(part: Part, span: Span, formats: Formats) -> Column:
    paid, budget = part.sums.paid_tiyn, part.sums.budget_tiyn
    title = f"{part_name(part, formats)}: {formats.tenge(paid)}" + (f" + {formats.tenge(budget)}" if budget else "")
    return Column(part_short(part, span, formats), title, (paid, budget))


def _row(meal: Meal, line: Portion | None, formats: Formats, translate: Translate, *, is_first: bool) -> list[Cell]:
    language = formats.language.value
    head: list[Cell] = [meal.on, formats.hour(meal.at), meal.names[language]]
    dish: list[Cell] = ["", "", "", "", ""]
    if line is not None:
        category = translate(CATEGORIES.get(line.category, CATEGORIES["other"]))
        dish = [line.names[language], category, line.count, Money(line.price_tiyn), Money(line.cost_tiyn)]
    money: list[Cell] = [Money(meal.paid_tiyn), Money(meal.budget_tiyn)] if is_first else ["", ""]
    allergens = ", ".join(translate(ALLERGENS.get(each, each)) for each in line.allergens) if line else ""
    note = translate(TAKEN_BACK) if meal.is_void else ""
    return [*head, *dish, translate(word(f"meal_by_{meal.payment.value}")), *money, allergens, note]
