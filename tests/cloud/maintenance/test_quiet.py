"""While the service is worked on: what the work explains is noted and not told, all else is told as ever."""

from datetime import timedelta

import pytest

from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate, register
from cloud.devices.silence import alarm_silent
from cloud.maintenance.actions import cancel
from cloud.monitoring import troubles
from cloud.monitoring.kinds import OF_MAINTENANCE, Found, Kind
from cloud.monitoring.troubles import note
from cloud.monitoring.watching import Watch
from simulators.clock import SimulatedClock
from tests.cloud.maintenance.factory import planned
from tests.cloud.monitoring.factory import Watched, told_by_mail
from tests.cloud.reports.test_sending import Mailbox
from tests.cloud.schools.factory import SYSTEM, a_school

PART, FULL = "A part of the worker fails again and again", "A disk is nearly full"


def failing(watched: Watched, clock: SimulatedClock) -> None:
    for _ in range(3):
        watched.failures.note("meals", clock.now())


async def looked(watch: Watch, clock: SimulatedClock, times: int = 1) -> None:
    for _ in range(times):
        await watch.look()
        clock.advance(15)


def subjects(mailbox: Mailbox, words: str) -> list[str]:
    return [str(each["Subject"]) for each in mailbox.letters if words in str(each["Subject"])]


@pytest.mark.requirement("KZ456-3", part="maintenance")
async def test_what_a_window_explains_is_noted_and_told_only_if_it_outlasts_it(
    services: Services, clock: SimulatedClock
) -> None:
    async with told_by_mail(services) as (at, mailbox):
        watched = Watched(at)
        watch = watched.watch()
        await planned(at, 0, 10)
        failing(watched, clock)
        watched.machine.fill_disk(96)
        await looked(watch, clock, 2)
        (held,) = (each for each in await troubles.open_troubles(at.database.pool) if each.kind == Kind.PART_FAILING)
        assert held.is_held
        assert (subjects(mailbox, PART), len(subjects(mailbox, FULL))) == ([], 1)

        clock.advance(10 * 60)
        failing(watched, clock)
        await looked(watch, clock, 3)

        assert len(subjects(mailbox, PART)) == 1
        assert "Over" not in subjects(mailbox, PART)[0]


async def test_what_began_and_ended_within_a_window_is_never_told(services: Services, clock: SimulatedClock) -> None:
    pool, target = services.database.pool, ["0123456789abcdef"]
    lost = [Found(Kind.BROKER_LOST, "broker", "gone")]
    await note(pool, lost, target, clock.now(), OF_MAINTENANCE)
    clock.advance(6 * 60)
    await note(pool, [], target, clock.now(), OF_MAINTENANCE)
    clock.advance(60)
    await note(pool, [], target, clock.now())

    assert await pool.fetchval("SELECT count(*) FROM trouble_message") == 0
    assert [each.kind for each in await troubles.ended_troubles(pool)] == [Kind.BROKER_LOST]


async def test_what_is_over_when_the_window_ends_is_not_told_though_it_is_open_still(
    services: Services, clock: SimulatedClock
) -> None:
    pool, target = services.database.pool, ["0123456789abcdef"]
    await note(pool, [Found(Kind.SERVER_SILENT, "beta", "")], target, clock.now(), OF_MAINTENANCE)
    clock.advance(60)

    await note(pool, [], target, clock.now())

    assert await pool.fetchval("SELECT count(*) FROM trouble_message") == 0


async def test_a_database_that_is_taken_away_in_a_window_is_told_of_only_afterwards(
    services: Services, clock: SimulatedClock
) -> None:
    async with told_by_mail(services) as (at, mailbox):
        watch = Watched(at).watch()
        await planned(at, 0, 10)
        await watch.look()
        await at.database.close()
        for _ in range(3):
            clock.advance(61)
            await watch.look()
        assert subjects(mailbox, "The database does not answer") == []

        clock.advance(10 * 60)
        await watch.look()

        assert len(subjects(mailbox, "The database does not answer")) == 1


async def test_silent_gates_are_not_alarmed_while_the_service_is_worked_on(
    services: Services, clock: SimulatedClock
) -> None:
    pool, school_id = services.database.pool, await a_school(services)
    await register(services, SYSTEM, school_id, NewDevice("gate-1", (NewGate("main", "Е", "В", "D"),)))
    clock.advance(3 * 3_600)
    await pool.execute("UPDATE device SET seen_at = $1", clock.now() - timedelta(minutes=20))
    number = await planned(services, 0)

    await alarm_silent(services)
    assert await pool.fetchval("SELECT count(*) FROM alarm") == 0
    await cancel(services, SYSTEM, number)
    await alarm_silent(services)

    assert await pool.fetchval("SELECT count(*) FROM alarm") == 1
