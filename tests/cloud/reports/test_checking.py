"""A report is made anew from the records alone, byte by byte, after whatever became of the tables since."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.meals.deciding import Decision, decide
from cloud.meals.rules import Place
from cloud.reports.actions import correct, supplement
from cloud.reports.checking import check
from cloud.reports.making import make, make_due
from cloud.reports.meals import MEALS
from cloud.reports.months import Month
from cloud.reports.queries import report_of, reports_of
from schemas.structs import HandPass, Passage, Record
from simulators.clock import SimulatedClock
from tests.cloud.meals.factory import STAFF, overruled, shift
from tests.cloud.reports.factory import FIRST, GATE, MONTH, NEXT, School, noon
from tests.cloud.reports.test_actions import FORM, LESS, drafted, signed_by_director
from tests.cloud.schools.factory import SYSTEM

SEPTEMBER = Month.parse(MONTH)
OTHER_SHIFT = "6" * 16
# Three meals instead of two, with a checksum that fits.
CONTENT = """
UPDATE report SET content = changed, digest = sha256(changed) FROM (
  SELECT convert_to(replace(convert_from(content, 'UTF8'), '"meals":2', '"meals":3'), 'UTF8') AS changed FROM report
) AS other
"""
DOCUMENT = """
UPDATE report SET document = changed, document_digest = sha256(changed) FROM (
  SELECT convert_to(replace(convert_from(document, 'UTF8'), $1, $2), 'UTF8') AS changed FROM report
) AS other
"""
RECORD = "UPDATE record SET record = convert_to(replace(convert_from(record, 'UTF8'), '\"a\":0', '\"a\":5'), 'UTF8')"


async def wrongs(services: Services) -> list[str]:
    return [each.wrong for each in await check(services, SYSTEM, "almaty5", SEPTEMBER, MEALS)]


async def counts_of(services: Services, school: School) -> dict[str, int]:
    (row,) = await reports_of(services, school.office, school.school_id, MEALS)
    report = await report_of(services, school.office, school.school_id, row.id)
    return dict(report.content.remarks.counts)


def lunch(school: School, child: int, **more: Any) -> list[Record]:
    item, sale = school.sold(child, 577_00, payment="free", **more)
    return [msgspec.structs.replace(item, dish=school.dish), sale]


async def test_a_month_in_which_everything_went_wrong_is_made_anew(services: Services, school: School) -> None:
    day = [FIRST + timedelta(days=number) for number in range(9)]
    await school.ate(0, day[0])
    void = await school.ate(1, day[0])
    await school.told(noon(day[0]), school.voided(void, 0))
    part = await school.ate(2, day[0], payment="subsidised", paid=200_00)
    await school.told(noon(day[0]) - timedelta(minutes=9), school.refunded(part, 50_00))
    item, sale = lunch(school, 0)
    await school.told(noon(day[1]), school.voided(sale, 0))  # taken back before it came
    await school.told(noon(day[1]) + timedelta(hours=2), item, sale)
    await school.told(noon(day[2]), *lunch(school, 0), overruled(sale), *lunch(school, 0))  # twice at one lunch
    late, first = lunch(school, 1)
    await school.told(noon(day[3]), first, late)  # its line behind it
    stranger = msgspec.structs.replace(lunch(school, 2)[1], person="zzzzzzzzzzzz")
    await school.told(noon(day[3]), stranger)
    await school.told(noon(day[4]), *lunch(school, 2, unconfirmed=True, clock="floor"))
    await school.told(noon(day[5]), *lunch(school, 1, shift=OTHER_SHIFT))  # waits for its shift
    await school.told(noon(day[5]) + timedelta(hours=1), as_other_shift(shift("opened")))
    await school.told(noon(day[6]), *lunch(school, 1, shift="7" * 16), *lunch(school, 2, shift="8" * 16))
    item, sale = lunch(school, 0)
    again = msgspec.structs.replace(item, price_tiyn=333_00), msgspec.structs.replace(sale, person=school.refs[1])
    await school.told(noon(day[7]), item, sale, overruled(sale), *again)  # two sales under one id
    await school.projected()
    apart = await services.database.pool.fetch("SELECT device, epoch, seq FROM meal_odd ORDER BY seq")
    accepted, refused, again_at = (Place(*row) for row in apart)
    await decide(
        services, school.office, school.school_id, [accepted, again_at], Decision.ACCEPTED, "кассир куәлік берді"
    )
    await decide(services, school.office, school.school_id, [refused], Decision.REFUSED, "мұндай ауысым болмаған")

    await make_due(services, MEALS)

    assert await wrongs(services) == [""]
    counts = await counts_of(services, school)
    assert {"second_meal", "stranger", "unconfirmed", "rough_clock", "gates_silent", "without_right"} <= set(counts)


def as_other_shift(record: Record) -> Record:
    return msgspec.structs.replace(record, id=OTHER_SHIFT)


async def test_sales_under_one_id_that_were_accepted_out_of_order_are_made_anew(
    services: Services, school: School
) -> None:
    first, second, third = (lunch(school, child) for child in range(3))
    of = msgspec.structs.asdict(first[1])["id"]
    for item, sale in (first, second, third):
        await school.told(noon(FIRST), msgspec.structs.replace(item, sale=of), msgspec.structs.replace(sale, id=of))
    await school.projected()
    apart = await services.database.pool.fetch("SELECT device, epoch, seq FROM meal_odd ORDER BY seq DESC")
    for row in apart:
        await decide(services, school.office, school.school_id, [Place(*row)], Decision.ACCEPTED, "кассир растады")

    await make_due(services, MEALS)

    assert await wrongs(services) == [""]


@pytest.mark.parametrize("clock_told", ["ntp", "floor"])
async def test_a_sale_of_a_device_that_was_entered_as_a_till_within_the_hour_after_stays_apart_in_both(
    services: Services, school: School, clock_told: str
) -> None:
    pool = services.database.pool
    await pool.execute("DELETE FROM till_place")
    early = [msgspec.structs.replace(each, clock=clock_told) for each in lunch(school, 0)]
    await school.told(noon(FIRST), *early, received=noon(FIRST) + timedelta(minutes=5))
    await school.projected()
    await pool.execute(
        "INSERT INTO till_place (school_id, till, device, since_at) VALUES ($1, 'till1', 'till-1', $2)",
        school.school_id, noon(FIRST) + timedelta(minutes=30),
    )  # fmt: skip
    await school.told(noon(FIRST) + timedelta(minutes=20), *lunch(school, 1))  # came after that, from before it
    await school.ate(2, FIRST + timedelta(days=1))
    await school.projected()

    await make_due(services, MEALS)

    assert await wrongs(services) == [""]
    assert await pool.fetchval("SELECT count(*) FROM meal_odd WHERE why = 'not_till'") == 1


async def test_whoever_was_seen_by_whatever_gate_is_seen_by_the_records_too(services: Services, school: School) -> None:
    tag: dict[str, Any] = {"monotonic_ms": 1, "wall_ms": 1, "clock": "ntp", "gate": GATE, "direction": "in"}
    for number in range(4):
        for child in range(3):
            await school.ate(child, FIRST + timedelta(days=number), came=number == 0 and child == 0)
    by_hand = HandPass(**tag, person=school.refs[1], staff=STAFF, reason="forgotten")
    await school.told(noon(FIRST + timedelta(days=1)), by_hand)
    await school.told(noon(FIRST + timedelta(days=2)), school.tap(0))  # let in, before the gate's sensor was heard
    await school.projected()
    passed = Passage(**tag, outcome="passed", person=school.refs[2])
    await school.told(noon(FIRST + timedelta(days=3)), school.tap(0), passed)
    await school.projected()

    await make_due(services, MEALS)

    assert await wrongs(services) == [""]
    assert (await counts_of(services, school))["not_seen"] == 4 * 3 - 4


@pytest.mark.parametrize("seed", range(2))
async def test_records_in_any_order_and_in_any_portions_tell_the_same(
    services: Services, school: School, seed: int
) -> None:
    rng = random.Random(seed)
    told: list[tuple[int, list[Record]]] = []
    for day in range(6):
        for child in range(3):
            records = lunch(school, child)
            told.append((day, [school.tap(child)]))
            told.append((day, records))
            if rng.random() < 0.3:
                told.append((day, [school.voided(records[1], 0)]))
    rng.shuffle(told)
    for day, records in told:
        at = noon(FIRST + timedelta(days=day))
        await school.told(at, *records, received=noon(FIRST + timedelta(days=10)))
        if rng.random() < 0.2:
            await school.project(most=rng.randrange(1, 9))
    await school.projected()

    await make_due(services, MEALS)

    assert await wrongs(services) == [""]


async def test_what_comes_later_changes_nothing_of_what_was_made(
    services: Services, school: School, clock: SimulatedClock
) -> None:
    report_id = await drafted(services, school)
    await correct(services, school.office, school.school_id, report_id, LESS, FORM)
    await signed_by_director(services, school, report_id)
    clock.advance(86_400)
    await school.told(noon(FIRST), *lunch(school, 2), received=NEXT + timedelta(days=1))
    await school.projected()
    await supplement(services, school.office, school.school_id, report_id)
    clock.advance(86_400)
    pool = services.database.pool
    await pool.execute("UPDATE school SET name_kk = 'Басқа', name_ru = 'Другая'")
    await pool.execute("UPDATE dish_version SET name_kk = 'Басқа'")
    await pool.execute("UPDATE entitlement SET ended_at = now()")
    await pool.execute("TRUNCATE meal_sale, meal_line, meal_change, meal_override, till_shift CASCADE")
    await pool.execute("TRUNCATE presence, movement CASCADE")

    assert await wrongs(services) == ["", ""]


@pytest.mark.parametrize("statement", [CONTENT, RECORD, "DELETE FROM record WHERE kind = 'item'"])
async def test_what_somebody_changed_is_found(services: Services, school: School, statement: str) -> None:
    await drafted(services, school)
    await services.database.pool.execute(statement)

    (wrong,) = await wrongs(services)

    assert "by the records" in wrong


async def test_a_signed_report_that_somebody_changed_around_the_guards_is_found(
    services: Services, school: School
) -> None:
    report_id = await drafted(services, school)
    await signed_by_director(services, school, report_id)
    pool = services.database.pool
    await pool.execute("ALTER TABLE report DISABLE TRIGGER USER")
    await pool.execute(DOCUMENT, "Оразов", "Басқа")
    assert await wrongs(services) == [""]  # a whole document with its own checksum: only what was sent tells otherwise
    await pool.execute(DOCUMENT, '"meals":2', '"meals":3')

    assert await wrongs(services) == ["the signed report holds another content than was made"]


async def test_two_make_a_months_report_at_once_and_there_is_one(services: Services, school: School) -> None:
    await school.ate(0, FIRST)
    await school.projected()

    made = await asyncio.gather(*(make(services, SYSTEM, school.school_id, MEALS, SEPTEMBER) for _ in range(5)))

    assert sum(one is not None for one in made) == 1
    assert await wrongs(services) == [""]


async def test_only_an_operator_checks(services: Services, school: School) -> None:
    director = Actor("Бақыт", None, frozenset({Reach(Role.DIRECTOR, school.school_id)}))

    with pytest.raises(NotAllowed):
        await check(services, director, "almaty5", SEPTEMBER, MEALS)
