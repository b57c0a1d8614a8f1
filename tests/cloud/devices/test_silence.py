"""Silence: who is not heard while there is school is alarmed once a day, and nobody at night or in the holidays."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate, register
from cloud.devices.silence import alarm_silent, in_hours, is_silent
from cloud.schools.rules import DayPlan
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM, a_school

ALMATY = ZoneInfo("Asia/Almaty")
TUESDAY = datetime(2026, 9, 1, 10, 0, tzinfo=ALMATY)
MINUTE = timedelta(minutes=1)
LESSONS = DayPlan(TUESDAY.date(), True, TUESDAY.replace(hour=8), TUESDAY.replace(hour=13))
LATER = DayPlan(TUESDAY.date(), True, TUESDAY.replace(hour=13, minute=30), TUESDAY.replace(hour=18))
NO_BELLS = DayPlan(TUESDAY.date(), is_school_day=True)
HOLIDAY = DayPlan(TUESDAY.date(), is_school_day=False)


@pytest.fixture(name="clock")
def _clock() -> SimulatedClock:
    return SimulatedClock(started_at=TUESDAY.astimezone(UTC))


@pytest.mark.parametrize(
    ("plans", "hour", "minute", "is_school"),
    [
        ([LESSONS, LATER], 6, 59, False),
        ([LESSONS, LATER], 7, 0, True),
        ([LESSONS, LATER], 13, 15, True),
        ([LESSONS, LATER], 18, 1, False),
        ([LESSONS], 13, 15, False),
        ([NO_BELLS], 6, 59, False),
        ([NO_BELLS], 19, 59, True),
        ([HOLIDAY], 10, 0, False),
        ([], 10, 0, False),
    ],
)
def test_there_is_school_from_before_the_first_lesson_to_the_last(
    plans: list[DayPlan], hour: int, minute: int, is_school: bool
) -> None:
    assert in_hours(plans, TUESDAY.replace(hour=hour, minute=minute), ALMATY) is is_school


@pytest.mark.parametrize(
    ("minutes", "is_online", "silent"), [(14, False, False), (16, False, True), (16, True, False), (26, True, True)]
)
def test_one_that_is_connected_is_waited_for_longer(minutes: int, is_online: bool, silent: bool) -> None:
    assert is_silent(TUESDAY - minutes * MINUTE, TUESDAY, is_online=is_online) is silent


def test_one_that_was_never_heard_is_not_silent() -> None:
    assert is_silent(None, TUESDAY, is_online=False) is False


async def test_only_a_gate_that_was_heard_lately_is_alarmed_in_school_hours_and_once_a_day(
    services: Services, clock: SimulatedClock
) -> None:
    school_id, pool = await a_school(services), services.database.pool
    for name, silent_for in (("gate-1", 20), ("gate-2", 1), ("gate-3", 20 * 24 * 60), ("desk-1", 20)):
        gates = (NewGate(name, "Е", "В", "D"),) if name.startswith("gate") else ()
        await register(services, SYSTEM, school_id, NewDevice(name, gates))
        seen_at = clock.now() - silent_for * MINUTE
        await pool.execute("UPDATE device SET seen_at = $2 WHERE name = $1", name, seen_at)

    for _ in range(3):
        await alarm_silent(services)
        clock.advance(60)
    told = [tuple(row) for row in await pool.fetch("SELECT device, kind, count FROM alarm")]
    clock.advance(12 * 3_600)
    await alarm_silent(services)

    assert told == [("gate-1", "silent", 1)]
    assert await pool.fetchval("SELECT count(*) FROM alarm") == 1
