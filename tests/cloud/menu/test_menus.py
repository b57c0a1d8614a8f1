"""Menus: written, published, kept as a cycle and copied; the menu of a day that is over never changes."""

from datetime import date, timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.menu.errors import DayIsOver, MenuRefused
from cloud.menu.meals import USUAL, end_meal, put_meal
from cloud.menu.menus import fill_from_cycle, keep_cycle, publish_menus, set_menu
from cloud.menu.queries import MenuRow, cycles_of, meals_of, menus_between, plans_between
from cloud.schools.calendar import set_day
from cloud.schools.models import DayKind
from cloud.schools.rules import Day
from tests.cloud.menu.factory import Canteen
from tests.cloud.schools.factory import SYSTEM


def told(menus: list[MenuRow]) -> list[tuple[date, list[str], str]]:
    """Return day, dishes and what one touch sells of some menus."""
    return [(menu.on, [dish.names.en for dish in menu.dishes], menu.set_key) for menu in menus]


def monday_after(on: date) -> date:
    return on + timedelta(days=7 - on.weekday())


async def test_a_menu_is_seen_when_it_is_published_in_the_order_it_was_written(canteen: Canteen) -> None:
    await canteen.offer("tea", "lunch", "soup", sold="lunch", publish=False)
    pool = canteen.services.database.pool
    drafts = await plans_between(canteen.services, canteen.cook, canteen.school_id, canteen.on, canteen.on)
    before = await menus_between(pool, canteen.school_id, canteen.on, canteen.on)

    count = await publish_menus(canteen.services, canteen.cook, canteen.school_id, canteen.on, canteen.on)

    after = await menus_between(pool, canteen.school_id, canteen.on, canteen.on)
    assert (before, count) == ([], 1)
    assert told(after) == told(drafts) == [(canteen.on, ["Tea", "Lunch 1-4", "Borscht"], canteen.keys["lunch"])]
    assert after[0].published_by == "Сәуле Тұрар"
    audit = await noted_of(canteen.services, SYSTEM, canteen.school_id, Wanted())
    assert {"menu.set", "menus.published"} <= {entry.verb for entry in audit}


async def test_a_published_menu_that_is_written_anew_stays_published(canteen: Canteen) -> None:
    await canteen.offer("soup", "lunch", sold="lunch")

    await canteen.offer("tea", "soup", publish=False)

    menus = await menus_between(canteen.services.database.pool, canteen.school_id, canteen.on, canteen.on)
    assert told(menus) == [(canteen.on, ["Tea", "Borscht"], "")]
    await set_menu(canteen.services, canteen.cook, canteen.school_id, canteen.on, "lunch", [])
    assert await menus_between(canteen.services.database.pool, canteen.school_id, canteen.on, canteen.on) == []


async def test_the_menu_of_a_day_that_is_over_stays_as_it_was(canteen: Canteen) -> None:
    with pytest.raises(DayIsOver):
        await canteen.offer("soup", on=canteen.on - timedelta(days=1))
    with pytest.raises(MenuRefused, match="a year ahead"):
        await canteen.offer("soup", on=canteen.on + timedelta(days=400))


async def test_a_menu_holds_dishes_of_the_list_at_a_meal_of_the_school(canteen: Canteen) -> None:
    cook, on = canteen.cook, canteen.on
    for meal, keys, sold, why in (
        ("supper", [canteen.keys["soup"]], "", "no such meal"),
        ("lunch", ["404"], "", "no more on the list"),
        ("lunch", [canteen.keys["soup"]], canteen.keys["tea"], "must stand in the menu"),
        ("lunch", [str(number) for number in range(50)], "", "dishes at most"),
    ):
        with pytest.raises(MenuRefused, match=why):
            await set_menu(canteen.services, cook, canteen.school_id, on, meal, keys, sold)
    guard = Actor("guard", None, frozenset({Reach(Role.GUARD, canteen.school_id)}))
    with pytest.raises(NotAllowed):
        await set_menu(canteen.services, guard, canteen.school_id, on, "lunch", [canteen.keys["soup"]])
    assert await plans_between(canteen.services, cook, canteen.school_id, on, on) == []


async def test_a_cycle_of_two_weeks_fills_a_month_of_school_days_and_spares_what_is_written(canteen: Canteen) -> None:
    monday = monday_after(canteen.on)
    await canteen.offer("soup", "lunch", on=monday, sold="lunch", publish=False)
    await canteen.offer("tea", on=monday + timedelta(days=7), publish=False)
    await keep_cycle(canteen.services, canteen.cook, canteen.school_id, "Күз", monday, 2)
    third = monday + timedelta(days=14)
    holiday = third + timedelta(days=7)
    await set_day(canteen.services, SYSTEM, canteen.school_id, holiday, Day(DayKind.HOLIDAY))
    await canteen.offer("bread", on=third + timedelta(days=14), publish=False)

    last = third + timedelta(days=34)
    made = await fill_from_cycle(canteen.services, canteen.cook, canteen.school_id, "Күз", third, last)
    again = await fill_from_cycle(canteen.services, canteen.cook, canteen.school_id, "Күз", third, last)

    plans = await plans_between(canteen.services, canteen.cook, canteen.school_id, third, last)
    lunch = canteen.keys["lunch"]
    assert (made, again) == (3, 0)
    assert told(plans) == [
        (third, ["Borscht", "Lunch 1-4"], lunch),
        (third + timedelta(days=14), ["Bread"], ""),
        (third + timedelta(days=21), ["Tea"], ""),
        (third + timedelta(days=28), ["Borscht", "Lunch 1-4"], lunch),
    ]
    assert all(plan.published_at is None for plan in plans)
    (cycle,) = await cycles_of(canteen.services, canteen.cook, canteen.school_id)
    assert (cycle.name, cycle.weeks, cycle.menus) == ("Күз", 2, 2)


async def test_a_cycle_begins_on_a_monday_and_is_made_of_menus(canteen: Canteen) -> None:
    monday = monday_after(canteen.on)
    with pytest.raises(MenuRefused, match="no menus"):
        await keep_cycle(canteen.services, canteen.cook, canteen.school_id, "Күз", monday, 2)
    with pytest.raises(MenuRefused, match="Monday"):
        await keep_cycle(canteen.services, canteen.cook, canteen.school_id, "Күз", monday + timedelta(days=1), 2)
    with pytest.raises(NotFound):
        await fill_from_cycle(
            canteen.services, canteen.cook, canteen.school_id, "Қыс", monday, monday + timedelta(days=5)
        )
    with pytest.raises(MenuRefused, match="within"):
        await fill_from_cycle(
            canteen.services, canteen.cook, canteen.school_id, "Күз", monday, monday + timedelta(days=300)
        )
    assert await cycles_of(canteen.services, canteen.cook, canteen.school_id) == []


async def test_a_meal_that_ended_comes_back_under_its_key(canteen: Canteen) -> None:
    await end_meal(canteen.services, canteen.cook, canteen.school_id, "snack")
    with pytest.raises(NotFound):
        await end_meal(canteen.services, canteen.cook, canteen.school_id, "snack")
    ended = {meal.key: meal.is_ended for meal in await meals_of(canteen.services.database.pool, canteen.school_id)}

    await put_meal(canteen.services, canteen.cook, canteen.school_id, USUAL[2])

    meals = await meals_of(canteen.services.database.pool, canteen.school_id)
    assert ended == {"breakfast": False, "lunch": False, "snack": True}
    assert [(meal.key, meal.is_ended) for meal in meals] == [("breakfast", False), ("lunch", False), ("snack", False)]
