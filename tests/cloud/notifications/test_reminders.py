"""Who used to order and did not is reminded while it still helps, once; nobody else is."""

from datetime import UTC, date, datetime, timedelta

import pytest

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.menu.meals import USUAL, put_meal
from cloud.menu.preorders import cancel, order
from cloud.menu.settings import CanteenRules, set_rules
from cloud.notifications.kinds import Kind
from cloud.notifications.queries import NoticeRow, notices_of
from cloud.notifications.reminders import remind
from simulators.clock import SimulatedClock
from tests.cloud.menu.factory import Canteen
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

TUESDAY = date(2026, 9, 1)
ORDER = """
INSERT INTO preorder (school_id, person_id, "on", meal, ordered_at, ordered_by) VALUES ($1, $2, $3, 'lunch', now(), 'x')
"""
THURSDAY_16 = datetime(2026, 9, 3, 11, 0, tzinfo=UTC)  # 16:00 at the school; orders for Friday close at 18:00


async def orderly(services: Services, *days: int) -> tuple[Canteen, Actor, str]:
    """Return a canteen with menus until Friday, and a parent who ordered lunch for some days of September."""
    canteen = await Canteen(services).open()
    for number in range(4):
        await canteen.offer("lunch", "tea", on=TUESDAY + timedelta(days=number), sold="lunch")
    person_id, ref = await canteen.child()
    parent = await canteen.parent(person_id)
    for day in days:
        await order(services, parent, ref, date(2026, 9, day), "lunch", [canteen.keys["lunch"]])
    return canteen, parent, ref


async def reminded(services: Services, parent: Actor) -> list[NoticeRow]:
    await remind(services)
    return (await notices_of(services, parent)).notices


async def test_who_used_to_order_is_reminded_once_two_hours_before_it_is_too_late(
    services: Services, clock: SimulatedClock
) -> None:
    _, parent, ref = await orderly(services, 2, 3)
    clock.advance((THURSDAY_16 - clock.now()).total_seconds() - 1)
    before = await reminded(services, parent)
    clock.advance(1)
    await remind(services)

    (notice,) = await reminded(services, parent)

    assert before == []
    assert (notice.kind, notice.person, notice.detail.on) == (Kind.PREORDER_REMINDER, ref, date(2026, 9, 4))
    assert (notice.at, notice.detail.until) == (THURSDAY_16, THURSDAY_16 + timedelta(hours=2))


async def test_a_school_where_it_fails_does_not_hold_up_the_others(services: Services, clock: SimulatedClock) -> None:
    other_id = await a_school(services, "almaty6")
    for meal in USUAL:
        await put_meal(services, SYSTEM, other_id, meal)
    await services.database.pool.execute(ORDER, other_id, await a_student(services, other_id, "1"), TUESDAY)
    await services.database.pool.execute("UPDATE school SET zone = 'Asia/Nowhere' WHERE id = $1", other_id)
    _, parent, _ = await orderly(services, 2, 3)
    clock.advance((THURSDAY_16 - clock.now()).total_seconds())

    assert len(await reminded(services, parent)) == 1


async def test_orders_that_close_soon_after_midnight_are_reminded_of_on_the_evening_before(
    services: Services, clock: SimulatedClock
) -> None:
    canteen, parent, _ = await orderly(services, 2, 3)
    await set_rules(services, canteen.cook, canteen.school_id, CanteenRules(preorder_cutoff_min=60))
    wednesday_23 = datetime(2026, 9, 2, 18, 0, tzinfo=UTC)
    clock.advance((wednesday_23 - clock.now()).total_seconds() - 1)
    before = await reminded(services, parent)
    clock.advance(1)

    (notice,) = await reminded(services, parent)

    assert before == []
    assert (notice.at, notice.detail.on) == (wednesday_23, date(2026, 9, 4))
    assert notice.detail.until == wednesday_23 + timedelta(hours=2)


async def test_after_orders_closed_nobody_is_reminded(services: Services, clock: SimulatedClock) -> None:
    _, parent, _ = await orderly(services, 2, 3)
    clock.advance((THURSDAY_16 - clock.now()).total_seconds() + 7_200)

    assert await reminded(services, parent) == []


@pytest.mark.parametrize("why", ["ordered", "cancelled", "no_habit", "no_menu", "holiday"])
async def test_who_needs_no_reminder_gets_none(services: Services, clock: SimulatedClock, why: str) -> None:
    canteen, parent, ref = await orderly(services, *((2,) if why == "no_habit" else (2, 3)))
    friday = date(2026, 9, 4)
    if why in ("ordered", "cancelled"):
        await order(services, parent, ref, friday, "lunch", [canteen.keys["lunch"]])
    if why == "cancelled":
        await cancel(services, parent, ref, friday, "lunch")
    if why == "no_menu":
        await services.database.pool.execute('UPDATE menu SET published_at = NULL WHERE "on" = $1', friday)
    if why == "holiday":
        await services.database.pool.execute(
            "INSERT INTO calendar_day (school_id, \"on\", kind, note) VALUES ($1, $2, 'holiday', '')",
            canteen.school_id,
            friday,
        )
    clock.advance((THURSDAY_16 - clock.now()).total_seconds() + 60)

    assert await reminded(services, parent) == []
