"""A till that does not know the time: what it tells is of the day that its cashier named, not of its clock's."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from cloud.core.services import Services
from cloud.meals.deciding import Decision, decide
from cloud.meals.odd import apart_of
from cloud.meals.rules import Oddness
from schemas.structs import Record
from tests.cloud.meals.factory import NOON, Canteen, shift
from tests.cloud.schools.factory import SYSTEM

TODAY = NOON.date()
MONDAY, TUESDAY = TODAY - timedelta(days=8), TODAY - timedelta(days=7)
FIRST, SECOND = "7" * 16, "8" * 16
CLOCKLESS = {"clock": "floor"}
DAYS = 'SELECT kind, "on" FROM ledger_entry ORDER BY number'


@pytest.fixture(name="canteen")
async def _canteen(services: Services) -> AsyncIterator[Canteen]:
    canteen = await Canteen(services).open(tills=("till-1", "till-2"))
    yield canteen
    await canteen.close()


def told(record: Record, **more: Any) -> Record:
    return msgspec.structs.replace(record, **{**CLOCKLESS, **more})


def opened(on: date, which: str = FIRST) -> Record:
    return told(shift("opened"), id=which, day=on.isoformat())


async def days(canteen: Canteen) -> list[tuple[str, date]]:
    """Return the kind and the day of each entry of the ledger."""
    await canteen.project()
    return [tuple(row) for row in await canteen.pool.fetch(DAYS)]


async def test_what_is_taken_back_without_a_clock_is_of_the_day_of_the_shift_that_was_open(canteen: Canteen) -> None:
    item, sale = (told(each) for each in canteen.sold(0, 577_00, shift=FIRST))
    await canteen.send(opened(MONDAY), item, sale, told(canteen.refunded(sale, 77_00)))
    await canteen.send(opened(TUESDAY, SECOND), told(canteen.refunded(sale, 100_00)), told(canteen.voided(sale, 0)))

    assert await days(canteen) == [("sale", MONDAY), ("refund", MONDAY), ("refund", TUESDAY), ("void", TUESDAY)]


async def test_it_is_of_the_same_day_when_the_records_are_met_one_by_one(canteen: Canteen) -> None:
    item, sale = (told(each) for each in canteen.sold(0, 577_00, shift=FIRST))
    for record in (opened(MONDAY), item, sale, opened(TUESDAY, SECOND), told(canteen.voided(sale, 0))):
        await canteen.send(record)
        await canteen.project()

    assert await days(canteen) == [("sale", MONDAY), ("void", TUESDAY)]


async def test_another_till_gives_back_on_the_day_that_its_own_cashier_named(canteen: Canteen) -> None:
    item, sale = (told(each) for each in canteen.sold(0, 577_00, shift=FIRST))
    await canteen.send(opened(MONDAY), item, sale)
    await canteen.send(opened(TUESDAY), told(canteen.refunded(sale, 77_00)), till="till-2")

    assert await days(canteen) == [("sale", MONDAY), ("refund", TUESDAY)]


async def test_an_opening_that_comes_behind_its_sales_names_their_day_too(canteen: Canteen) -> None:
    item, sale = (told(each) for each in canteen.sold(0, 577_00, shift=FIRST))
    await canteen.send(item, sale, told(canteen.refunded(sale, 77_00)))
    await canteen.send(opened(MONDAY))  # a journal that was begun anew tells of it behind its sales
    await canteen.project()
    await canteen.send(told(canteen.refunded(sale, 50_00)))

    assert await days(canteen) == [("sale", MONDAY), ("refund", MONDAY)]


async def test_with_a_clock_the_clocks_day_counts(canteen: Canteen) -> None:
    item, sale = (told(each) for each in canteen.sold(0, 577_00, shift=FIRST))
    await canteen.send(opened(MONDAY), item, sale, canteen.refunded(sale, 77_00))

    assert await days(canteen) == [("sale", MONDAY), ("refund", TODAY)]


async def test_a_line_that_comes_late_is_of_the_day_of_its_sale(canteen: Canteen) -> None:
    item, sale = (told(each) for each in canteen.sold(0, 577_00, payment="free", shift=FIRST))
    await canteen.send(opened(MONDAY), sale)
    await canteen.project()
    await canteen.send(item)

    assert await days(canteen) == [("sale", MONDAY)]


async def test_a_refusal_without_a_clock_is_of_the_day_that_was_named(canteen: Canteen) -> None:
    await canteen.send(opened(MONDAY), told(canteen.refused(0, "allergy")), canteen.refused(1, "allergy"))
    await canteen.project()

    kept = await canteen.pool.fetch('SELECT "on" FROM meal_refusal ORDER BY seq')
    assert [row["on"] for row in kept] == [MONDAY, TODAY]


async def test_what_stands_apart_is_listed_and_when_accepted_posted_on_the_day_that_was_named(canteen: Canteen) -> None:
    await canteen.pool.execute("DELETE FROM till_place WHERE device = 'till-1'")
    item, sale = (told(each) for each in canteen.sold(0, 577_00, shift=FIRST))
    await canteen.send(opened(MONDAY), item, sale, opened(TUESDAY, SECOND), told(canteen.refunded(sale, 77_00)))
    await canteen.project()

    apart = await apart_of(canteen.services, SYSTEM, canteen.school_id, Oddness.NOT_TILL)
    places = [each.place for each in apart]
    await decide(canteen.services, SYSTEM, canteen.school_id, places, Decision.ACCEPTED, "кассир растады")

    assert sorted((each.record, each.on) for each in apart) == [("refund", TUESDAY), ("sale", MONDAY)]
    assert sorted(await days(canteen)) == [("refund", TUESDAY), ("sale", MONDAY)]
