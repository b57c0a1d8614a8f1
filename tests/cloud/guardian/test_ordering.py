"""A parent is told of an order that cannot be had as it was made: a dish was taken off, or the school is closed."""

from datetime import timedelta

from cloud.core.services import Services
from cloud.guardian.ordering import ahead_of
from cloud.guardian.queries import child_of
from cloud.menu.menus import set_menu
from cloud.menu.preorders import order
from cloud.schools.actions import set_day
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
