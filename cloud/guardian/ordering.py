"""What a guardian can order ahead for a child: each day's meals with menu, price, order and the instant they close."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cloud.core.services import Services
from cloud.guardian.lasting import Purse, purses_of
from cloud.guardian.queries import Child
from cloud.menu.entitlements import MealRight, rights_of
from cloud.menu.ordering import AHEAD, Ordered, Standing, closes_at, due_tiyn, is_set, right_on, standing_of
from cloud.menu.preorders import orders_of
from cloud.menu.queries import DishRow, MealRow, MenuRow, dish_versions, meals_of, menus_between
from cloud.menu.restrictions import Limits, held_of
from cloud.menu.rules import Names
from cloud.menu.settings import rules_of
from cloud.schools.queries import school_days


@dataclass(frozen=True, slots=True)
class MealAhead:
    """A meal of a day to come; `gone` are names of ordered dishes that are offered no more."""

    meal: MealRow
    menu: MenuRow | None
    right: MealRight | None
    ordered: Ordered | None
    standing: Standing
    gone: tuple[Names, ...]

    @property
    def due_tiyn(self) -> int:
        """Return what the order comes to by the menu of now."""
        return due_tiyn(self.standing.offered, self.menu.set_key if self.menu else "", self.right)

    @property
    def chosen(self) -> frozenset[str]:
        return frozenset(dish.key for dish in self.standing.offered)

    def price_of(self, dish: DishRow) -> int:
        """Return what the child would pay for a dish by itself: of several sets one is had at the right's price."""
        return due_tiyn((dish,), self.menu.set_key if self.menu else "", self.right)

    def is_covered(self, dish: DishRow) -> bool:
        """Tell whether the child's right can cover a dish."""
        return self.right is not None and self.menu is not None and is_set(dish, self.menu.set_key)


@dataclass(frozen=True, slots=True)
class DayAhead:
    """A day to come. Orders of it close at an instant; on a day without lessons nothing is cooked."""

    on: date
    closes_at: datetime
    is_open: bool
    is_taught: bool
    meals: Sequence[MealAhead]

    @property
    def due_tiyn(self) -> int:
        return sum(meal.due_tiyn for meal in self.meals)

    @property
    def ordered(self) -> int:
        return sum(meal.ordered is not None for meal in self.meals)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What can be and is ordered for a child, and whether the account holds enough for it."""

    days: Sequence[DayAhead]
    limits: Limits
    purse: Purse

    @property
    def due_tiyn(self) -> int:
        return sum(day.due_tiyn for day in self.days if day.is_taught)

    @property
    def broken_on(self) -> date | None:
        """Return the first day whose order cannot be had as it was made: a dish is gone, or the school is closed."""
        return next((day.on for day in self.days if _is_broken(day)), None)

    @property
    def lacking_tiyn(self) -> int:
        """Return what is to be paid in before the orders can be bought."""
        return max(0, self.due_tiyn - max(0, self.purse.held_tiyn))


async def ahead_of(services: Services, child: Child, now: datetime) -> Ahead:
    """Return the days to come for which something is offered or ordered, today's orders too."""
    pool, last_on = services.database.pool, child.on + AHEAD
    menus = {(menu.on, menu.meal): menu for menu in await menus_between(pool, child.school_id, child.on, last_on)}
    orders = {(each.on, each.meal): each for each in await orders_of(pool, child.id, child.on, last_on)}
    rights = [each for own in (await rights_of(pool, child.school_id, child.on, child.id)).values() for each in own]
    known = await dish_versions(pool, child.school_id, {dish for each in orders.values() for dish in each.dishes})
    taught = await school_days(services, child.school_id, child.on, last_on, child.class_id)
    cutoff_min = (await rules_of(pool, child.school_id)).preorder_cutoff_min
    meals = await meals_of(pool, child.school_id)
    names = {key: dish.names for (key, _), dish in known.items()}
    days = []
    for on in (child.on + timedelta(days=number) for number in range(AHEAD.days + 1)):
        own = [
            _meal(meal, menus.get((on, meal.key)), right_on(rights, on, meal.key), orders.get((on, meal.key)), names)
            for meal in meals if _is_shown(meal, (on, meal.key), menus, orders, is_today=on == child.on)
        ]  # fmt: skip
        closing = closes_at(on, cutoff_min, child.zone)
        if own and (on in taught or any(each.ordered for each in own)):
            days.append(DayAhead(on, closing, now < closing, on in taught, own))
    return Ahead(days, await held_of(pool, services.vault, child.id), (await purses_of(services, [child]))[child.id])


def _is_broken(day: DayAhead) -> bool:
    return any(each.gone for each in day.meals) or (not day.is_taught and day.ordered > 0)


def _is_shown(
    meal: MealRow,
    key: tuple[date, str],
    menus: dict[tuple[date, str], MenuRow],
    orders: dict[tuple[date, str], Ordered],
    *,
    is_today: bool,
) -> bool:
    """Tell whether a meal stands on the page: one that is ordered, or, of a later day, one that can be."""
    return key in orders or (not is_today and not meal.is_ended and key in menus)


def _meal(
    meal: MealRow, menu: MenuRow | None, right: MealRight | None, ordered: Ordered | None, names: dict[str, Names]
) -> MealAhead:
    standing = standing_of(ordered, menu) if ordered is not None else Standing((), ())
    gone = tuple(names.get(key, Names(key, key, key)) for key in standing.gone)
    return MealAhead(meal, menu, right, ordered, standing, gone)
