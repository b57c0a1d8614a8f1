"""What a parent is told of orders ahead: which cannot be had as it was made, and what a dish costs by a right."""

from dataclasses import replace
from datetime import timedelta

from cloud.core.services import Services
from cloud.guardian.ordering import ahead_of
from cloud.guardian.queries import child_of
from cloud.menu.entitlements import MealRight
from cloud.menu.kinds import RightKind
from cloud.menu.menus import set_menu
from cloud.menu.preorders import order
from cloud.schools.calendar import set_day
from cloud.schools.models import DayKind
from cloud.schools.rules import Day
from tests.cloud.menu.factory import Canteen
from tests.cloud.schools.factory import SYSTEM


async def test_an_order_that_cannot_be_had_as_it_was_made_is_told_with_its_day(services: Services) -> None:
    canteen = await Canteen(services).open()
    person_id, ref = await canteen.child()
    mother, on = await canteen.parent(person_id), canteen.on + timedelta(days=1)
    soup, tea = canteen.keys["soup"], canteen.keys["tea"]
    for days in (1, 2):
        await canteen.offer("soup", "tea", on=canteen.on + timedelta(days=days))
        await order(services, mother, ref, canteen.on + timedelta(days=days), "lunch", [soup])
    child, now = await child_of(services, mother, ref), services.clock.now()
    before = (await ahead_of(services, child, now)).broken_on

    await set_day(services, SYSTEM, canteen.school_id, on + timedelta(days=1), Day(DayKind.HOLIDAY))
    closed = (await ahead_of(services, child, now)).broken_on
    await set_menu(services, canteen.cook, canteen.school_id, on, "lunch", [tea])
    gone = (await ahead_of(services, child, now)).broken_on

    assert (before, closed, gone) == (None, on + timedelta(days=1), on)


async def test_every_set_of_a_menu_is_shown_at_the_price_of_the_right(services: Services) -> None:
    canteen = await Canteen(services).open()
    person_id, ref = await canteen.child()
    mother, on = await canteen.parent(person_id), canteen.on + timedelta(days=1)
    await canteen.offer("lunch", "soup", "tea", on=on, sold="soup")
    child = await child_of(services, mother, ref)
    (day,) = (await ahead_of(services, child, services.clock.now())).days
    (full,) = day.meals

    by_right = replace(full, right=MealRight("lunch", RightKind.SUBSIDISED, on, on, 20_000))

    assert full.menu is not None
    dishes = full.menu.dishes
    assert [full.price_of(dish) for dish in dishes] == [57_700, 35_000, 8_000]
    assert [by_right.price_of(dish) for dish in dishes] == [20_000, 20_000, 8_000]
    assert [by_right.is_covered(dish) for dish in dishes] == [True, True, False]
