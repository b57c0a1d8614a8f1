"""The nightly check finds what somebody wrote into the counts by hand, tells of it, and has it counted anew."""

from datetime import timedelta

import pytest

from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.statistics.checking import ALARM, check_nightly, check_school, checked, differences
from simulators.clock import SimulatedClock
from tests.cloud.reports.attending import at, came, in_class, tapped
from tests.cloud.reports.factory import FIRST, School
from tests.cloud.statistics.factory import counted, director_of, kept, rolled

SECOND = FIRST + timedelta(days=1)
ALARMS = "SELECT count FROM alarm WHERE kind = $1"


@pytest.fixture(name="days")
async def _days(services: Services, school: School) -> School:
    """Return a school that two children came to on two days, all counted."""
    await in_class(services, school)
    for on in (FIRST, SECOND):
        await came(school, school.refs[0], on)
        await came(school, school.refs[1], on)
    await counted(services, school)
    return school


@pytest.mark.parametrize(
    "forged",
    [
        "UPDATE statistics_day SET came = came + 1 WHERE kind = 'class' AND came > 0 AND \"on\" = '2026-09-01'",
        "UPDATE statistics_day SET by_meal = '{\"lunch\": 9}' WHERE kind = 'school' AND \"on\" = '2026-09-01'",
        "DELETE FROM statistics_day WHERE \"on\" = '2026-09-01'",
        "UPDATE statistics_day SET class_id = 999 WHERE kind = 'class' AND \"on\" = '2026-09-01'",
    ],
)
async def test_a_count_that_somebody_changed_is_found_told_and_mended(
    services: Services, days: School, forged: str
) -> None:
    was, pool = await kept(services, days.school_id, FIRST), services.database.pool
    assert await check_school(services, days.school_id) == []

    await pool.execute(forged)
    found = await check_school(services, days.school_id)
    await rolled(services)

    assert found
    assert {each.on for each in found} == {"2026-09-01"}
    assert await pool.fetchval(ALARMS, ALARM) == 1
    assert await kept(services, days.school_id, FIRST) == was
    assert await check_school(services, days.school_id) == []


async def test_a_day_that_was_touched_and_is_not_counted_yet_differs_from_nothing(
    services: Services, days: School
) -> None:
    await days.told(at(FIRST, "07:45:00"), tapped(days.refs[2]), received=services.clock.now())
    await days.projected()

    found = await check_school(services, days.school_id)

    assert found == []


async def test_days_of_long_ago_come_in_turn_and_all_of_them_when_somebody_asks(
    services: Services, days: School, clock: SimulatedClock
) -> None:
    clock.jump(timedelta(days=120).total_seconds())
    await rolled(services)
    await services.database.pool.execute("UPDATE statistics_day SET late = 5 WHERE kind = 'staff' OR came > 0")
    assert {each.on for each in await differences(services, days.school_id)} == {str(FIRST), str(SECOND)}

    found = set()
    for _ in range(14):
        found |= {each.on for each in await differences(services, days.school_id, every_day=False)}
        clock.jump(timedelta(days=1).total_seconds())

    assert found == {str(FIRST), str(SECOND)}


async def test_each_school_is_checked_once_a_night_and_the_day_has_its_result(
    services: Services, days: School, clock: SimulatedClock
) -> None:
    assert await check_nightly(services) == 1  # three in the morning
    assert await check_nightly(services) == 0
    clock.jump(timedelta(hours=24).total_seconds())
    assert await check_nightly(services) == 1

    told = await checked(services, director_of(days.school_id), days.school_id)

    assert told is not None
    assert (told.checked_at, list(told.wrong)) == (services.clock.now(), [])
    with pytest.raises(NotAllowed):
        await checked(services, Actor("x"), days.school_id)


async def test_a_day_on_which_the_service_stood_still_is_opened_without_an_alarm(
    services: Services, days: School
) -> None:
    await check_school(services, days.school_id)
    await rolled(services)

    quiet = await kept(services, days.school_id, SECOND + timedelta(days=1))

    assert [figures.taught for figures in quiet.values()] == [3, 3]
    assert await services.database.pool.fetchval(ALARMS, ALARM) is None
