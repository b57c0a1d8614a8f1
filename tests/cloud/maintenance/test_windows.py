"""Maintenance windows: who may announce which, what pages say of them, and what the journal keeps."""

from datetime import timedelta

import httpx2
import pytest

from cloud.app import create_app
from cloud.core.actor import Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.core.windows import SAID_BEFORE, Window
from cloud.maintenance.actions import KEPT, cancel, forget, plan
from cloud.maintenance.errors import WindowRefused
from cloud.maintenance.queries import LOOK_S, Announced, is_worked_on, windows_of
from simulators.clock import SimulatedClock
from tests.cloud.accounts.factory import somebody
from tests.cloud.maintenance.factory import planned, window_of
from tests.cloud.schools.factory import SYSTEM

DAY_MIN = 24 * 60
VERBS = "SELECT verb, subject FROM audit_entry WHERE verb LIKE 'maintenance.%' ORDER BY id"


@pytest.mark.parametrize(
    ("after_min", "minutes"),
    [(-6, 60), (30, 0), (30, -5), (30, 24 * 60 + 1), (367 * DAY_MIN, 60)],
    ids=["begins in the past", "is empty", "ends before it begins", "is longer than a day", "is years ahead"],
)
async def test_a_window_that_nobody_can_keep_is_refused(services: Services, after_min: int, minutes: int) -> None:
    with pytest.raises(WindowRefused):
        await planned(services, after_min, minutes)

    assert (await windows_of(services, SYSTEM)).ahead == []


async def test_two_windows_are_never_at_one_time_and_one_may_follow_the_other(services: Services) -> None:
    first = await planned(services, 60, 60)
    await planned(services, 120, 60)

    with pytest.raises(WindowRefused):
        await planned(services, 90, 60)
    await cancel(services, SYSTEM, first)
    await planned(services, 70, 50)


async def test_only_an_operator_announces_and_calls_off(services: Services) -> None:
    director = (await somebody(services, Role.DIRECTOR)).actor
    number = await planned(services, 60)

    for refused in (
        plan(services, director, window_of(services, 600)), cancel(services, director, number),
        windows_of(services, director),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            await refused


async def test_the_journal_keeps_who_announced_and_called_off(services: Services) -> None:
    number = await planned(services, 60)
    await cancel(services, SYSTEM, number)

    noted = [tuple(row) for row in await services.database.pool.fetch(VERBS)]

    assert noted == [(f"maintenance.{verb}", f"maintenance:{number}") for verb in ("planned", "cancelled")]
    with pytest.raises(NotFound):
        await cancel(services, SYSTEM, number)


async def test_pages_say_it_days_before_and_until_its_end(services: Services, clock: SimulatedClock) -> None:
    announced, before_min = Announced(), SAID_BEFORE / timedelta(minutes=1)
    await planned(services, before_min + 1, 30)

    said = []
    for minutes in (0, 1, before_min, 29.5, 1):
        clock.advance(60 * minutes)
        window = await announced.said(services)
        said.append(None if window is None else window.is_running(clock.now()))

    assert said == [None, False, True, True, None]


async def test_pages_ask_the_database_now_and_then_and_say_what_they_knew_when_it_is_gone(
    services: Services, clock: SimulatedClock
) -> None:
    announced = Announced()
    assert await announced.said(services) is None
    await planned(services, 60)
    assert await announced.said(services) is None
    clock.advance(LOOK_S)
    window = await announced.said(services)
    await services.database.close()
    clock.advance(LOOK_S)

    assert await announced.said(services) == window
    assert isinstance(window, Window)


async def test_a_window_that_runs_is_ended_early(services: Services, clock: SimulatedClock) -> None:
    pool, number = services.database.pool, await planned(services, 10)
    clock.advance(11 * 60)
    assert await is_worked_on(pool, clock.now())

    await cancel(services, SYSTEM, number)

    assert not await is_worked_on(pool, clock.now())
    (past,) = (await windows_of(services, SYSTEM)).past
    assert past.state(clock.now()) == "window_ended"


async def test_whoever_asks_how_the_pages_are_is_told_that_they_are_worked_on(
    services: Services, clock: SimulatedClock
) -> None:
    transport = httpx2.ASGITransport(create_app(services))
    async with httpx2.AsyncClient(transport=transport, base_url="https://esik.test") as http:
        before = (await http.get("/health")).json()
        await planned(services, 0, 30)
        clock.advance(LOOK_S)
        meanwhile = (await http.get("/health")).json()

    assert "maintenance_until" not in before
    assert meanwhile["maintenance_until"] == (clock.now() + timedelta(minutes=30, seconds=-LOOK_S)).isoformat()


async def test_windows_of_years_ago_are_forgotten(services: Services, clock: SimulatedClock) -> None:
    await planned(services, 0)
    clock.advance(KEPT.total_seconds() + 2 * 3_600)

    await forget(services.database.pool, clock.now())

    assert (await windows_of(services, SYSTEM)).past == []
