"""The demonstration's canteen offers something on every school day, with photos; the first grades eat by voucher."""

from datetime import timedelta

from cloud.core.services import Services
from cloud.menu.entitlements import orders_of
from cloud.menu.queries import menus_between
from cloud.schools.actions import add_class
from cloud.wallet.kinds import Verdict
from cloud.wallet.queries import compared, imports_of
from cloud.wallet.rules import sums_of
from simulators.demo_canteen import seed_canteen
from simulators.demo_wallet import FORGOTTEN, ILL, seed_wallet
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school


async def test_a_visitor_finds_menus_with_photos_and_an_approved_order(services: Services) -> None:
    school_id = await a_school(services)

    await seed_canteen(services, school_id)

    today = (services.clock.now() + timedelta(hours=5)).date()
    menus = await menus_between(services.database.pool, school_id, today, today + timedelta(days=13))
    assert {menu.on for menu in menus} == {
        on for on in (today + timedelta(days=number) for number in range(14)) if on.isoweekday() < 6
    }
    assert all(menu.set_dish for menu in menus if menu.meal == "lunch")
    assert {bool(dish.photo) for menu in menus for dish in menu.dishes if not dish.parts} == {True}
    (order,) = await orders_of(services, SYSTEM, school_id)
    assert (order.needs_approval, order.given.grades) == (False, (1, 2, 3, 4))


async def test_a_visitor_finds_vouchers_and_days_that_agree_and_some_that_do_not(services: Services) -> None:
    school_id = await a_school(services)
    class_id = await add_class(services, SYSTEM, school_id, 1, "А")
    for number in range(ILL + FORGOTTEN + 1):
        await a_student(services, school_id, str(number), class_id)
    await seed_canteen(services, school_id)

    await seed_wallet(services, school_id)

    yesterday = (services.clock.now() + timedelta(hours=5)).date() - timedelta(days=1)
    sums = sums_of((await compared(services, SYSTEM, school_id, yesterday, yesterday)).lines)
    assert [each.rejected for each in await imports_of(services, SYSTEM, school_id)] == [0, 0]
    assert (sums[Verdict.AGREED].lines, sums[Verdict.DIFFERS].lines) == (ILL, FORGOTTEN)
