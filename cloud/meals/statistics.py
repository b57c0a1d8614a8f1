"""What a person ate and what it cost, told by days: the meals themselves, and what they add up to.

Rule: dishes are named as they were sold, for ever; a meal that was taken back stands in the list and in no sum.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from cloud.meals.rules import Payment
from cloud.menu.rules import Names

MEALS_MAX, LINES_MAX = 5_000, 20_000  # of one person in one stretch of days: ten sales a day in a year
SPENT_MAX = 5_000  # days of persons: a parent's children in some months
OTHER = "other"
MEALS = """
SELECT sale.id, sale.at, sale."on", sale.meal, meal.name_kk, meal.name_ru, meal.name_en, payment, amount_tiyn,
  full_tiyn, returned_tiyn, is_void
FROM meal_sale AS sale LEFT JOIN meal ON meal.school_id = sale.school_id AND meal.key = sale.meal
WHERE person_id = $1 AND "on" BETWEEN $2 AND $3 ORDER BY sale.at DESC, sale.id LIMIT $4
"""
LINES = """
SELECT line.sale, line.dish, line.count, line.price_tiyn, v.name_kk, v.name_ru, v.name_en, v.category,
  (SELECT coalesce(array_agg(DISTINCT a ORDER BY a), '{}') FROM (
    SELECT unnest(v.allergens) UNION SELECT unnest(pv.allergens) FROM dish_part p
      JOIN dish_version pv ON pv.dish_id = part_id AND pv.version = part_version
      WHERE p.dish_id = v.dish_id AND p.version = v.version) held (a)) AS allergens
FROM meal_sale AS sale JOIN meal_line AS line ON line.school_id = sale.school_id AND line.sale = sale.id
  AND line.device = sale.device AND line.epoch = sale.epoch
LEFT JOIN dish ON dish.school_id = line.school_id AND dish.key = line.dish
LEFT JOIN dish_version v ON v.dish_id = dish.id AND v.version = line.version
WHERE sale.person_id = $1 AND sale."on" BETWEEN $2 AND $3 ORDER BY line.sale, line.seq LIMIT $4
"""
SPENT = """
SELECT person_id, "on", sum(amount_tiyn - returned_tiyn)::bigint AS spent_tiyn FROM meal_sale
WHERE person_id = any($1::bigint[]) AND "on" BETWEEN $2 AND $3 AND NOT is_void AND payment <> 'cash'
GROUP BY 1, 2 LIMIT $4
"""
BY_RIGHT = (Payment.FREE, Payment.SUBSIDISED)


@dataclass(frozen=True, slots=True)
class Portion:
    """So many of a dish, as it was when it was sold; a set has the allergens of its parts too."""

    dish: str
    names: Names
    category: str
    count: int
    price_tiyn: int
    allergens: tuple[str, ...]

    @property
    def cost_tiyn(self) -> int:
        return self.count * self.price_tiyn


@dataclass(frozen=True, slots=True)
class Meal:
    """A sale to a person; `budget_tiyn` is what of its price the budget owes."""

    at: datetime
    on: date
    meal: str
    names: Names
    payment: Payment
    paid_tiyn: int  # less what was given back
    budget_tiyn: int
    is_void: bool
    portions: Sequence[Portion]

    @property
    def allergens(self) -> tuple[str, ...]:
        return tuple(sorted({each for portion in self.portions for each in portion.allergens}))


@dataclass(frozen=True, slots=True)
class Sums:
    """What meals come to. A meal of a day counts once, also where it was paid in two ways."""

    meals: int = 0
    free: int = 0
    subsidised: int = 0
    paid_tiyn: int = 0
    budget_tiyn: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a stretch of days with its sums."""

    first_on: date
    last_on: date
    sums: Sums


@dataclass(frozen=True, slots=True)
class DishTally:
    """How often a dish was eaten under a name, and what it cost by the menu."""

    dish: str
    names: Names
    category: str
    count: int
    cost_tiyn: int


@dataclass(frozen=True, slots=True)
class CategoryTally:
    """How many portions of a category, and what they cost by the menu."""

    category: str
    count: int
    cost_tiyn: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """What some meals add up to; dishes and categories by cost, allergens by the number of meals they were in."""

    sums: Sums
    parts: Sequence[Part]
    dishes: Sequence[DishTally]
    categories: Sequence[CategoryTally]
    allergens: Sequence[tuple[str, int]]


async def meals_taken(
    connection: asyncpg.Connection | asyncpg.Pool, person_id: int, first_on: date, last_on: date
) -> list[Meal]:
    """Return what a person took on days of the school, newest first. For slices above, after their own check."""
    rows = await connection.fetch(MEALS, person_id, first_on, last_on, MEALS_MAX)
    portions: dict[str, list[Portion]] = {}
    for row in await connection.fetch(LINES, person_id, first_on, last_on, LINES_MAX):
        portions.setdefault(row["sale"], []).append(_portion(row))
    return [_meal(row, portions.get(row["id"], ())) for row in rows]


async def spent_by(
    connection: asyncpg.Connection | asyncpg.Pool, person_ids: Sequence[int], first_on: date, last_on: date
) -> Mapping[int, Mapping[date, int]]:
    """Return what was taken from some persons' accounts on each day that they ate on; see `meals_taken`."""
    spent: dict[int, dict[date, int]] = {}
    for row in await connection.fetch(SPENT, person_ids, first_on, last_on, SPENT_MAX):
        spent.setdefault(row["person_id"], {})[row["on"]] = row["spent_tiyn"]
    return spent


def statistics_of(meals: Iterable[Meal], parts: Sequence[tuple[date, date]]) -> Statistics:
    """Return what meals add up to, in all and by parts (first and last day) of their days."""
    taken = [meal for meal in meals if not meal.is_void]
    return Statistics(
        _sums(taken),
        [Part(first, last, _sums([meal for meal in taken if first <= meal.on <= last])) for first, last in parts],
        _dishes(taken),
        _categories(taken),
        Counter(
            allergen for on_meal in _by_meal(taken).values()
            for allergen in {each for meal in on_meal for each in meal.allergens}
        ).most_common(),
    )  # fmt: skip


def _sums(meals: Sequence[Meal]) -> Sums:
    by_meal = _by_meal(meals).values()
    return Sums(
        meals=len(by_meal),
        free=sum(any(meal.payment is Payment.FREE for meal in each) for each in by_meal),
        subsidised=sum(any(meal.payment is Payment.SUBSIDISED for meal in each) for each in by_meal),
        paid_tiyn=sum(meal.paid_tiyn for meal in meals),
        budget_tiyn=sum(meal.budget_tiyn for meal in meals),
    )


def _by_meal(meals: Sequence[Meal]) -> Mapping[tuple[date, str], list[Meal]]:
    found: dict[tuple[date, str], list[Meal]] = {}
    for meal in meals:
        found.setdefault((meal.on, meal.meal), []).append(meal)
    return found


def _dishes(meals: Sequence[Meal]) -> list[DishTally]:
    counts: Counter[tuple[str, Names, str]] = Counter()
    costs: Counter[tuple[str, Names, str]] = Counter()
    for portion in _portions(meals):
        what = portion.dish, portion.names, portion.category
        counts[what] += portion.count
        costs[what] += portion.cost_tiyn
    found = [DishTally(*what, count, costs[what]) for what, count in counts.items()]
    return sorted(found, key=lambda each: (-each.cost_tiyn, -each.count, each.dish))


def _categories(meals: Sequence[Meal]) -> list[CategoryTally]:
    counts: Counter[str] = Counter()
    costs: Counter[str] = Counter()
    for portion in _portions(meals):
        counts[portion.category] += portion.count
        costs[portion.category] += portion.cost_tiyn
    found = [CategoryTally(category, count, costs[category]) for category, count in counts.items()]
    return sorted(found, key=lambda each: (-each.cost_tiyn, -each.count, each.category))


def _portions(meals: Sequence[Meal]) -> Iterable[Portion]:
    return (portion for meal in meals for portion in meal.portions)


def _portion(row: Mapping[str, Any]) -> Portion:
    return Portion(
        row["dish"], _names(row, row["dish"]), row["category"] or OTHER, row["count"], row["price_tiyn"],
        tuple(row["allergens"]),
    )  # fmt: skip


def _meal(row: Mapping[str, Any], portions: Sequence[Portion]) -> Meal:
    payment = Payment(row["payment"])
    is_owed = payment in BY_RIGHT and not row["is_void"]
    owed = max(0, row["full_tiyn"] - row["amount_tiyn"]) if is_owed else 0
    return Meal(
        row["at"], row["on"], row["meal"], _names(row, row["meal"]), payment,
        row["amount_tiyn"] - row["returned_tiyn"], owed, row["is_void"], portions,
    )  # fmt: skip


def _names(row: Mapping[str, Any], key: str) -> Names:
    kk, ru, en = (row[f"name_{language}"] or key for language in ("kk", "ru", "en"))
    return Names(kk, ru, en)
