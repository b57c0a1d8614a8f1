"""A school whose rosters cannot be made holds up no other: it is alarmed, and tried again by itself."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from cloud.core.services import Services
from cloud.devices.actions import NewDevice, register
from cloud.menu.entitlements import EntitlementGiven, approve, list_children, propose
from cloud.menu.kinds import RightKind, TillMode
from cloud.menu.rules import Names
from cloud.menu.tills import TillRow, put_till
from cloud.people.actions import tell_changed
from cloud.rosters.actions import publish
from cloud.rosters.publisher import AGAIN_S_MAX, AGAIN_S_MIN, ALARM, APART_S, Publisher
from simulators.clock import SimulatedClock
from tests.cloud.menu.factory import Canteen
from tests.cloud.people.factory import a_student
from tests.cloud.rosters.issued import Issued, listening
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.waiting import until_async

TILL = TillRow("till1", Names("Касса", "Касса", "Till"), "almaty5-till-1", TillMode.SET)
SCHOOLS = ("almaty5", "almaty6", "almaty7")
BROKEN = "UPDATE school SET zone = $2 WHERE id = $1"


@pytest.fixture(name="schools")
async def _schools(services: Services) -> list[int]:
    """Three schools with a device and a student each; the zone of the first is none that there is."""
    ids = []
    for code in SCHOOLS:
        school_id = await a_school(services, code)
        await register(services, SYSTEM, school_id, NewDevice(f"{code}-gate-1"))
        await a_student(services, school_id)
        ids.append(school_id)
    await services.database.pool.execute(BROKEN, ids[0], "Mars/Base")
    return ids


async def alarms(services: Services, school_id: int) -> list[tuple[str, str]]:
    rows = await services.database.pool.fetch("SELECT kind, detail FROM alarm WHERE school_id = $1", school_id)
    return [tuple(row) for row in rows]


async def pause_after(publisher: Publisher, school_id: int, failures: int) -> float:
    """Wait until a school could not be issued so often, and return for how long it is put off then."""
    await until_async(lambda: publisher._failures.get(school_id) == failures and school_id in publisher._wanted)
    return publisher._wanted[school_id] - publisher.services.clock.monotonic_s()


async def mended(services: Services, school_id: int) -> None:
    """Mend a school's zone, as somebody does it at a page: whoever issues is told."""
    async with services.database.transaction() as connection:
        await connection.execute_query(BROKEN, [school_id, "Asia/Almaty"])
        await tell_changed(connection, school_id)


async def test_the_other_schools_are_issued_and_the_broken_one_is_alarmed(
    services: Services, schools: list[int]
) -> None:
    publisher = Publisher(services)
    async with asyncio.TaskGroup() as tasks, AsyncExitStack() as stack:
        issued = [await stack.enter_async_context(Issued(services, each)) for each in schools]
        running = tasks.create_task(publisher.run())
        for each in issued[1:]:
            await each.until(doors=1)
        await until_async(lambda: bool(publisher._failures))

        assert await issued[0].versions() == {}
        assert not running.done()
        running.cancel()
    assert await alarms(services, schools[0]) == [(ALARM, "InvalidParameterValueError 22023")]
    assert await alarms(services, schools[1]) == []


async def test_a_broken_school_is_tried_again_later_and_later_and_issued_when_it_is_mended(
    services: Services, schools: list[int], clock: SimulatedClock
) -> None:
    publisher, broken = Publisher(services), schools[0]
    async with asyncio.TaskGroup() as tasks, Issued(services, broken) as issued:
        running = tasks.create_task(publisher.run())
        pauses: list[float] = []
        for failures in range(1, 10):
            clock.advance(pauses[-1] + 1 if pauses else 0)
            pauses.append(await pause_after(publisher, broken, failures))
        await services.database.pool.execute(BROKEN, broken, "Asia/Almaty")
        clock.advance(AGAIN_S_MAX + 1)
        await issued.until(doors=1)
        await until_async(lambda: publisher._failures == {})
        running.cancel()
    assert pauses[:3] == pytest.approx([AGAIN_S_MIN, 2 * AGAIN_S_MIN, 4 * AGAIN_S_MIN])
    assert pauses[-1] == pytest.approx(AGAIN_S_MAX)


async def test_what_is_mended_is_issued_at_once_and_not_after_the_pause(
    services: Services, schools: list[int], clock: SimulatedClock
) -> None:
    publisher, broken = Publisher(services), schools[0]
    async with asyncio.TaskGroup() as tasks, Issued(services, broken) as issued:
        running = tasks.create_task(publisher.run())
        for failures in range(1, 5):
            clock.advance(await pause_after(publisher, broken, failures) + 1)
        await pause_after(publisher, broken, 5)
        await listening(services)
        clock.advance(APART_S + 1)

        await mended(services, broken)

        await issued.until(doors=1)
        running.cancel()


async def test_a_school_that_is_put_off_delays_no_blocked_card_of_another(
    services: Services, schools: list[int], clock: SimulatedClock
) -> None:
    publisher, (broken, other, _) = Publisher(services), schools
    async with asyncio.TaskGroup() as tasks, Issued(services, other) as issued:
        running = tasks.create_task(publisher.run())
        await issued.until(doors=1)
        await listening(services)
        for failures in range(1, 4):
            clock.advance(await pause_after(publisher, broken, failures) + 1)
        await pause_after(publisher, broken, 4)
        clock.advance(APART_S + 1)

        await a_student(services, other, "2")

        await issued.until(doors=2)
        assert publisher._failures == {broken: 4}
        running.cancel()


async def test_doors_are_told_where_only_the_canteens_roster_cannot_be_made(services: Services) -> None:
    canteen = await Canteen(services).open()
    _, ref = await canteen.child()
    await register(services, SYSTEM, canteen.school_id, NewDevice(TILL.device))
    await put_till(services, canteen.cook, canteen.school_id, TILL)
    free = EntitlementGiven(RightKind.FREE, "orphan", ("lunch",), canteen.on, canteen.on, "№ 12")
    order_id = await propose(services, SYSTEM, canteen.school_id, free)
    await list_children(services, SYSTEM, canteen.school_id, order_id, [ref])
    await approve(services, SYSTEM, canteen.school_id, order_id)
    await services.database.pool.execute("UPDATE entitlement SET kind = 'nonsense'")

    with pytest.raises(ValueError, match="RightKind"):
        await publish(services, SYSTEM, canteen.school_id)

    async with Issued(services, canteen.school_id) as issued:
        assert await issued.versions() == {"doors": 1}
