"""Rules of ordering ahead: the second at which orders close, in any zone; what an order comes to by a right."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.menu.entitlements import MealRight
from cloud.menu.kinds import RightKind
from cloud.menu.ordering import Ordered, closes_at, due_tiyn, right_on, standing_of
from cloud.menu.queries import DishRow, MenuRow, Part
from cloud.menu.rules import Names

ON = date(2026, 9, 2)
AT = datetime(2026, 9, 1, tzinfo=UTC)


def a_dish(key: str, price_tiyn: int, parts: tuple[Part, ...] = ()) -> DishRow:
    """Return a dish of which only key, price and parts matter."""
    names = Names(key, key, key)
    return DishRow(
        int(key), key, 1, names, "set" if parts else "soup", price_tiyn, "", None, "", (), "", "", parts, False, AT, "",
        (), None,
    )  # fmt: skip


SOUP, TEA = a_dish("1", 35_000), a_dish("3", 8_000)
LUNCH = a_dish("4", 57_700, (Part("1", 1, SOUP.names, "soup"),))


def a_right(kind: RightKind, price_tiyn: int, first_on: date = ON, last_on: date = ON) -> MealRight:
    return MealRight("lunch", kind, first_on, last_on, price_tiyn)


@pytest.mark.parametrize(
    ("zone", "cutoff_min", "closes"),
    [
        ("Asia/Almaty", 18 * 60, datetime(2026, 9, 1, 13, 0, tzinfo=UTC)),
        ("Asia/Almaty", 0, datetime(2026, 8, 31, 19, 0, tzinfo=UTC)),
        ("Asia/Almaty", 24 * 60, datetime(2026, 9, 1, 19, 0, tzinfo=UTC)),
        ("Pacific/Kiritimati", 18 * 60, datetime(2026, 9, 1, 4, 0, tzinfo=UTC)),
        ("America/Los_Angeles", 18 * 60, datetime(2026, 9, 2, 1, 0, tzinfo=UTC)),
    ],
)
def test_orders_close_by_the_schools_own_clock_on_the_day_before(zone: str, cutoff_min: int, closes: datetime) -> None:
    assert closes_at(ON, cutoff_min, ZoneInfo(zone)) == closes


def test_orders_close_at_the_hour_on_the_wall_where_the_clock_was_turned_that_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    closings = [closes_at(date(2026, 3, 29) + timedelta(days=days), 18 * 60, berlin) for days in (0, 1)]

    assert [at.astimezone(UTC).hour for at in closings] == [17, 16]
    assert [at.hour for at in closings] == [18, 18]


@pytest.mark.parametrize(
    ("dishes", "right", "due"),
    [
        ((SOUP, TEA), None, 43_000),
        ((LUNCH, TEA), None, 65_700),
        ((LUNCH, TEA), a_right(RightKind.FREE, 0), 8_000),
        ((LUNCH,), a_right(RightKind.SUBSIDISED, 20_000), 20_000),
        ((LUNCH,), a_right(RightKind.SUBSIDISED, 90_000), 57_700),  # never dearer than the dish
        ((SOUP, TEA), a_right(RightKind.FREE, 0), 43_000),  # a right is for the set
        ((), a_right(RightKind.FREE, 0), 0),
    ],
)
def test_a_right_covers_one_set_as_at_the_till(dishes: tuple[DishRow, ...], right: MealRight | None, due: int) -> None:
    assert due_tiyn(dishes, "", right) == due


def test_what_one_touch_sells_is_the_set_of_the_right_also_when_it_has_no_parts() -> None:
    assert due_tiyn((SOUP, TEA), "1", a_right(RightKind.FREE, 0)) == 8_000


def test_of_several_rights_the_cheapest_of_the_day_and_meal_holds() -> None:
    dear, cheap = a_right(RightKind.SUBSIDISED, 30_000), a_right(RightKind.SUBSIDISED, 20_000)
    over = a_right(RightKind.FREE, 0, last_on=ON - timedelta(days=1), first_on=ON - timedelta(days=9))

    assert right_on((dear, cheap, over), ON, "lunch") == cheap
    assert right_on((dear,), ON, "breakfast") is None


def test_a_dish_that_left_the_menu_is_gone_and_one_that_changed_is_as_it_is_now() -> None:
    ordered = Ordered(1, 1, "r" * 12, None, ON, "lunch", AT, "", (("1", 1), ("3", 1)))
    dearer = a_dish("3", 9_000)
    menu = MenuRow(ON, "lunch", (dearer, LUNCH), "", AT, "")

    assert standing_of(ordered, menu).offered == (dearer,)
    assert standing_of(ordered, menu).gone == ("1",)
    assert standing_of(ordered, None).gone == ("1", "3")
