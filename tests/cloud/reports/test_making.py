"""Reports are made of the month that is over, once, and the records alone tell the same, byte by byte."""

import asyncio
from datetime import UTC, date, datetime, timedelta

from cloud.core.services import Services
from cloud.reports.checking import check
from cloud.reports.content import Tally
from cloud.reports.making import make_due
from cloud.reports.meals import MEALS
from cloud.reports.months import Month
from cloud.reports.queries import report_of, reports_of
from simulators.clock import SimulatedClock
from tests.cloud.reports.factory import FIRST, MONTH, School
from tests.cloud.schools.factory import SYSTEM, a_school

SEPTEMBER = Month.parse(MONTH)
OTHERS_SALE = """
INSERT INTO meal_sale (school_id, id, device, epoch, seq, shift, meal, payment, is_known, amount_tiyn, full_tiyn,
  returned_tiyn, is_void, is_unconfirmed, clock, at, "on")
VALUES ($1, 's', 'till-9', 'e', 1, 's', 'lunch', 'free', false, 0, 0, 0, false, false, 'ntp', now(), $2)
"""
NONSENSE = "INSERT INTO calendar_day (school_id, \"on\", kind, note) VALUES ($1, $2, 'nonsense', '')"


async def test_the_month_that_is_over_is_reported_once_whoever_tries(services: Services, school: School) -> None:
    await school.ate(0, FIRST)
    await school.ate(1, FIRST)
    await school.ate(0, FIRST + timedelta(days=1))
    await school.ate(2, FIRST, payment="subsidised", paid=200_00)
    await school.projected()

    made = await asyncio.gather(*(make_due(services, MEALS) for _ in range(4)))

    assert sum(made) == 1
    assert await make_due(services, MEALS) == 0
    (row,) = await reports_of(services, school.director, school.school_id, MEALS)
    totals = (await report_of(services, school.director, school.school_id, row.id)).content.totals
    assert (row.month, row.number) == (SEPTEMBER, 1)
    assert totals.free == Tally(2, 3, 3 * 577_00, 0, 3 * 577_00, 0)
    assert totals.subsidised == Tally(1, 1, 577_00, 200_00, 377_00, 0)
    assert totals.together == Tally(3, 4, 4 * 577_00, 200_00, 2_108_00, 0)
    assert [each.wrong for each in await check(services, SYSTEM, "almaty5", SEPTEMBER, MEALS)] == [""]


async def test_after_a_long_stop_the_months_before_the_last_one_are_made_too(
    services: Services, school: School, clock: SimulatedClock
) -> None:
    await school.ate(0, FIRST)
    await school.ate(1, date(2026, 11, 4))
    await school.projected()
    clock.advance((datetime(2026, 12, 3, tzinfo=UTC) - clock.now()).total_seconds())

    made = [await make_due(services, MEALS), await make_due(services, MEALS)]

    assert made == [2, 0]
    rows = await reports_of(services, school.office, school.school_id, MEALS)
    assert [str(row.month) for row in rows] == ["2026-11", "2026-09"]  # nothing was sold in October


async def test_a_school_whose_report_cannot_be_made_does_not_hold_up_the_others(
    services: Services, school: School
) -> None:
    await school.ate(0, FIRST)
    await school.projected()
    other_id = await a_school(services, "almaty6")
    await services.database.pool.execute(OTHERS_SALE, other_id, FIRST)
    await services.database.pool.execute(NONSENSE, school.school_id, FIRST)

    assert await make_due(services, MEALS) == 1

    assert await reports_of(services, school.office, school.school_id, MEALS) == []
    assert len(await reports_of(services, SYSTEM, other_id, MEALS)) == 1
