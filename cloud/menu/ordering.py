"""Rules of ordering ahead: until when, what it would cost, and what became of an order when the menu changed. Pure.

Rule: an order moves no money and promises no price: it is paid at the till, by the menu of the day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cloud.menu.entitlements import MealRight
from cloud.menu.queries import DishRow, MenuRow

AHEAD = timedelta(days=14)  # as far as tills know menus
DISHES_MAX = 20


@dataclass(frozen=True, slots=True)
class Ordered:
    """What is ordered for somebody: keys and versions of dishes as they were in the menu then."""

    id: int
    person_id: int
    ref: str
    class_id: int | None
    on: date
    meal: str
    ordered_at: datetime
    ordered_by: str
    dishes: tuple[tuple[str, int], ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for key, _ in self.dishes)


@dataclass(frozen=True, slots=True)
class Standing:
    """An order against the menu of now: what of it is still offered, as it is now, and the keys of what is not."""

    offered: tuple[DishRow, ...]
    gone: tuple[str, ...]


def closes_at(on: date, cutoff_min: int, zone: ZoneInfo) -> datetime:
    """Return when orders for a day close: so many minutes after the local midnight before the day before.

    At that very instant it is too late.
    """
    local = datetime.combine(on - timedelta(days=1), time()) + timedelta(minutes=cutoff_min)
    return local.replace(tzinfo=zone)


def standing_of(ordered: Ordered, menu: MenuRow | None) -> Standing:
    """Return how an order stands; without a menu nothing of it is offered."""
    offered = {dish.key: dish for dish in menu.dishes} if menu is not None else {}
    return Standing(
        tuple(offered[key] for key in ordered.keys if key in offered),
        tuple(key for key in ordered.keys if key not in offered),
    )


def right_on(rights: Iterable[MealRight], on: date, meal: str) -> MealRight | None:
    """Return the right to a meal of a day that costs least."""
    fitting = (right for right in rights if right.meal == meal and right.first_on <= on <= right.last_on)
    return min(fitting, key=lambda right: right.price_tiyn, default=None)


def is_set(dish: DishRow, set_key: str) -> bool:
    """Tell whether a right covers a dish: a set of parts, or what one touch sells."""
    return bool(dish.parts) or dish.key == set_key


def due_tiyn(dishes: Sequence[DishRow], set_key: str, right: MealRight | None) -> int:
    """Return what the child would pay for dishes by today's prices: a right covers one set of them, as at the till."""
    full = sum(dish.price_tiyn for dish in dishes)
    covered = next((dish for dish in dishes if is_set(dish, set_key)), None)
    if right is None or covered is None:
        return full
    return full - covered.price_tiyn + min(right.price_tiyn, covered.price_tiyn)
