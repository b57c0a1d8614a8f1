"""What tills tell and what may not count: it stands apart, nothing is lost, and the office decides once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.ingest.cursor import advance
from cloud.ledger.checking import check
from cloud.ledger.queries import held_at, trial_balance
from cloud.ledger.reasons import ReasonMissing
from cloud.meals.deciding import Decision, decide
from cloud.meals.odd import Kind, apart_counts, apart_of, odd_counts
from cloud.meals.projection import Meals
from cloud.meals.queries import day_of, eaten_by, shifts_of
from cloud.meals.rules import Oddness
from cloud.menu.kinds import TillMode
from cloud.menu.rules import Names
from cloud.menu.tills import TillRow, end_till, put_till
from schemas.structs import Record
from simulators.clock import SimulatedClock
from tests.cloud.meals.factory import ALL, NOON, Canteen, overruled, shift
from tests.cloud.schools.factory import SYSTEM

TODAY = NOON.date()
OTHER = "7" * 16
WHY = "кассир растады"
COSTS = """
SELECT full_tiyn, (SELECT sum(count * price_tiyn) FROM meal_line WHERE sale = meal_sale.id
  AND meal_line.device = meal_sale.device)::bigint AS cost FROM meal_sale ORDER BY full_tiyn DESC
"""


@pytest.fixture(name="canteen")
async def _canteen(services: Services) -> AsyncIterator[Canteen]:
    canteen = await Canteen(services).open(tills=("till-1", "till-2"))
    yield canteen
    await canteen.close()


async def held(canteen: Canteen, child: int = 0) -> int:
    return (await held_at(canteen.pool, canteen.school_id)).get(canteen.refs[child], 0)


async def decided(canteen: Canteen, why: Oddness, decision: Decision) -> int:
    rows = await apart_of(canteen.services, SYSTEM, canteen.school_id, why)
    return await decide(
        canteen.services, SYSTEM, canteen.school_id, [row.place for row in rows], decision, WHY
    )  # fmt: skip


def renamed(record: Record, **changes: Any) -> Record:
    return msgspec.structs.replace(record, **changes)


async def test_a_gate_that_writes_sales_takes_no_money_until_the_office_accepts_them(canteen: Canteen) -> None:
    await canteen.pool.execute("DELETE FROM till_place WHERE device = 'till-2'")
    sold = canteen.sold(0, 577_00)
    await canteen.send(*sold, till="till-2")
    await canteen.project()
    before = (await held(canteen), await day_of(canteen.services, SYSTEM, canteen.school_id, TODAY))
    (apart,) = await apart_of(canteen.services, SYSTEM, canteen.school_id, Oddness.NOT_TILL)

    counted = [await decided(canteen, Oddness.NOT_TILL, Decision.ACCEPTED) for _ in range(2)]

    assert before == (0, [])
    assert (apart.amount_tiyn, apart.place.device, apart.record) == (577_00, "till-2", "sale")
    assert counted == [1, 0]
    assert await held(canteen) == -577_00
    assert await apart_counts(canteen.services, SYSTEM, canteen.school_id) == []
    journal = await noted_of(canteen.services, SYSTEM, canteen.school_id, Wanted())
    (noted,) = [each for each in journal if each.verb == "meal.accepted"]
    assert noted.detail["why"] == WHY
    assert await check(canteen.services, SYSTEM, canteen.school_id) == []


async def test_what_is_refused_moves_nothing_and_stays_refused_when_the_log_is_read_anew(canteen: Canteen) -> None:
    await canteen.send(*canteen.sold(0, 577_00, shift=OTHER))
    await canteen.project()
    await decided(canteen, Oddness.NO_SHIFT, Decision.REFUSED)
    await canteen.send(renamed(shift("opened"), id=OTHER))

    class Again(Meals):
        name = "meals again"

    await canteen.project()
    while await advance(canteen.pool, Again(canteen.services), ALL):
        pass

    assert await held(canteen) == 0
    assert await apart_counts(canteen.services, SYSTEM, canteen.school_id) == []


async def test_a_sale_counts_as_soon_as_its_own_till_tells_of_its_shift(canteen: Canteen) -> None:
    sold = canteen.sold(0, 577_00, shift=OTHER)
    await canteen.send(*sold, canteen.refunded(sold[1], 77_00))
    await canteen.send(renamed(shift("opened"), id=OTHER), till="till-2")
    await canteen.project(most=1)
    waiting = (await held(canteen), await apart_counts(canteen.services, SYSTEM, canteen.school_id))

    await canteen.send(renamed(shift("closed", 500_00, 1), id=OTHER))
    await canteen.project(most=1)

    assert waiting == (0, [(Oddness.NO_SHIFT, 1)])
    assert await held(canteen) == -500_00
    assert await apart_counts(canteen.services, SYSTEM, canteen.school_id) == []


async def test_a_second_sale_under_one_id_is_listed_and_when_accepted_counts_with_its_own_lines(
    canteen: Canteen,
) -> None:
    first, other = canteen.sold(0, 577_00), canteen.sold(1, 200_00)
    of = msgspec.structs.asdict(first[1])["id"]
    await canteen.send(*first)
    await canteen.send(renamed(other[0], sale=of), renamed(other[1], id=of), till="till-2")
    await canteen.project()
    person_id = await canteen.pool.fetchval("SELECT id FROM person WHERE ref = $1", canteen.refs[1])
    before = (await held(canteen, 0), await held(canteen, 1))
    odd = await odd_counts(canteen.services, SYSTEM, canteen.school_id, TODAY)

    await decided(canteen, Oddness.SAME_ID, Decision.ACCEPTED)

    assert before == (-577_00, 0)
    assert odd == [(Kind.FOREIGN_LINES, 1)]
    assert (await held(canteen, 0), await held(canteen, 1)) == (-577_00, -200_00)
    (eaten,) = await eaten_by(canteen.pool, person_id, TODAY, TODAY)
    assert (eaten.paid_tiyn, eaten.full_tiyn, len(eaten.dishes)) == (200_00, 200_00, 1)
    assert await odd_counts(canteen.services, SYSTEM, canteen.school_id, TODAY) == []


async def test_a_second_sale_under_one_id_at_one_till_when_accepted_takes_its_own_lines_only(canteen: Canteen) -> None:
    first, other, third = (
        canteen.sold(child, price, payment="free") for child, price in enumerate((577_00, 200_00, 1))
    )
    of = msgspec.structs.asdict(first[1])["id"]
    await canteen.send(first[0], overruled(first[1]), first[1], *third)
    await canteen.send(renamed(other[0], sale=of), overruled(first[1], "екінші"), renamed(other[1], id=of))
    await canteen.project()

    await decided(canteen, Oddness.SAME_ID, Decision.ACCEPTED)

    rows = await canteen.pool.fetch(
        "SELECT full_tiyn, (SELECT sum(count * price_tiyn) FROM meal_line WHERE sale = meal_sale.id)::bigint AS cost,"
        " (SELECT string_agg(why, ',') FROM meal_override WHERE sale = meal_sale.id) AS why FROM meal_sale ORDER BY seq"
    )
    assert [tuple(row) for row in rows] == [(577_00, 577_00, "аш бала"), (1, 1, None), (200_00, 200_00, "екінші")]
    assert (await held_at(canteen.pool, canteen.school_id)).get(canteen.refs[0], 0) == 0
    assert await check(canteen.services, SYSTEM, canteen.school_id) == []


@pytest.mark.parametrize("till", ["till-1", "till-2"])
@pytest.mark.parametrize("order", [(1, 0), (0, 1)])
async def test_sales_under_one_id_keep_their_own_lines_whichever_is_accepted_first(
    canteen: Canteen, till: str, order: tuple[int, int]
) -> None:
    first, *others = (canteen.sold(child, price, payment="free") for child, price in enumerate((577_00, 200_00, 50_00)))
    of = msgspec.structs.asdict(first[1])["id"]
    await canteen.send(*first)
    for item, sale in others:
        await canteen.send(renamed(item, sale=of), renamed(sale, id=of), till=till)
    await canteen.project()
    apart = sorted(each.place for each in await apart_of(canteen.services, SYSTEM, canteen.school_id, Oddness.SAME_ID))

    for number in order:
        await decide(canteen.services, SYSTEM, canteen.school_id, [apart[number]], Decision.ACCEPTED, WHY)

    assert [tuple(row) for row in await canteen.pool.fetch(COSTS)] == [
        (577_00, 577_00),
        (200_00, 200_00),
        (50_00, 50_00),
    ]
    assert await check(canteen.services, SYSTEM, canteen.school_id) == []


async def test_a_refund_by_a_device_that_is_no_till_gives_nothing_back_until_accepted(canteen: Canteen) -> None:
    sold = canteen.sold(0, 577_00)
    await canteen.send(*sold)
    await canteen.pool.execute("DELETE FROM till_place WHERE device = 'till-2'")
    await canteen.send(canteen.refunded(sold[1], 77_00), till="till-2")
    await canteen.project()
    before = await held(canteen)

    await decided(canteen, Oddness.NOT_TILL, Decision.ACCEPTED)

    assert (before, await held(canteen)) == (-577_00, -500_00)


async def test_only_office_and_director_decide_and_they_say_why(canteen: Canteen) -> None:
    school_id = canteen.school_id
    cook = Actor("Cook", None, frozenset({Reach(Role.CANTEEN, school_id)}))
    director = Actor("Director", None, frozenset({Reach(Role.DIRECTOR, school_id)}))

    with pytest.raises(NotAllowed):
        await decide(canteen.services, cook, school_id, [], Decision.ACCEPTED, WHY)
    with pytest.raises(ReasonMissing):
        await decide(canteen.services, director, school_id, [], Decision.ACCEPTED, "  ")
    assert await decide(canteen.services, director, school_id, [], Decision.REFUSED, WHY) == 0


async def test_a_till_that_was_moved_sold_rightly_before_and_not_after(canteen: Canteen, clock: SimulatedClock) -> None:
    await canteen.pool.execute("DELETE FROM till_place")
    names = Names("Касса", "Касса", "Till")
    moved_at = clock.now()
    for device in ("till-1", "till-2"):
        await put_till(
            canteen.services, SYSTEM, canteen.school_id, TillRow("t", names, device, TillMode.SET)
        )  # fmt: skip
        clock.advance(timedelta(days=2).total_seconds())
    await end_till(canteen.services, SYSTEM, canteen.school_id, "t")

    def sold_at(after: timedelta) -> list[Record]:
        at_ms = int((moved_at + after).timestamp() * 1000)
        return [renamed(each, wall_ms=at_ms) for each in canteen.sold(0, 100_00)]

    day = timedelta(days=1)
    for till, after in (
        ("till-1", day),
        ("till-1", 3 * day),
        ("till-2", day),
        ("till-2", 3 * day),
        ("till-2", 5 * day),
    ):
        await canteen.send(*sold_at(after), till=till, now_ms=int((moved_at + 9 * day).timestamp() * 1000))
    await canteen.project()

    apart = await apart_of(canteen.services, SYSTEM, canteen.school_id, Oddness.NOT_TILL)
    assert await held(canteen) == -200_00
    assert [(each.place.device, each.at - moved_at) for each in apart] == [
        ("till-2", 5 * day), ("till-1", 3 * day), ("till-2", day),
    ]  # fmt: skip


async def test_a_refund_in_another_shift_at_another_till_is_that_shifts_and_that_drawers(canteen: Canteen) -> None:
    sold = canteen.sold(-1, 400_00, payment="cash")
    await canteen.send(shift("opened"), *sold, shift("closed", 400_00, 1, cash=400_00))
    await canteen.send(
        renamed(shift("opened"), id=OTHER), canteen.refunded(sold[1], 150_00),
        renamed(shift("closed", -150_00, 0, cash=-150_00), id=OTHER), till="till-2",
    )  # fmt: skip
    await canteen.project()

    rows = await shifts_of(canteen.services, SYSTEM, canteen.school_id, TODAY)

    assert sorted((row.device, row.found_tiyn, row.found_cash_tiyn, row.found_count) for row in rows) == [
        ("till-1", 400_00, 400_00, 1), ("till-2", -150_00, -150_00, 0),
    ]  # fmt: skip
    assert all(row.is_right for row in rows)
    day = await trial_balance(canteen.services, SYSTEM, canteen.school_id, TODAY)
    drawers = {line.account.part: line.closing_tiyn for line in day.lines if line.account.kind == "cash"}
    assert drawers == {"till-1": 400_00, "till-2": -150_00}


async def test_the_cash_of_a_closing_is_compared_too(canteen: Canteen) -> None:
    await canteen.send(
        shift("opened"), *canteen.sold(-1, 400_00, payment="cash"), *canteen.sold(0, 100_00),
        shift("closed", 500_00, 2, cash=500_00),
    )  # fmt: skip
    await canteen.project()

    (row,) = await shifts_of(canteen.services, SYSTEM, canteen.school_id, TODAY)

    assert (row.found_tiyn, row.found_cash_tiyn, row.is_right) == (500_00, 400_00, False)


async def test_a_sale_without_a_clock_is_of_the_day_that_the_cashier_named(canteen: Canteen) -> None:
    yesterday = TODAY - timedelta(days=1)
    opened = renamed(shift("opened"), id=OTHER, clock="floor", day=yesterday.isoformat())
    doubtful = [renamed(each, clock="floor") for each in canteen.sold(0, 577_00, shift=OTHER)]
    await canteen.send(*canteen.sold(1, 100_00, shift=OTHER, clock="floor"))  # before its shift is heard of
    await canteen.project()
    await canteen.send(opened, *doubtful, *canteen.sold(2, 200_00, shift=OTHER))
    await canteen.project()

    on = {
        row["amount_tiyn"]: row["on"] for row in await canteen.pool.fetch('SELECT amount_tiyn, "on" FROM meal_sale')
    }  # fmt: skip
    ledger = dict(await canteen.pool.fetch('SELECT total_tiyn, "on" FROM ledger_entry'))
    assert on == ledger == {577_00: yesterday, 100_00: yesterday, 200_00: TODAY}
    (row,) = await shifts_of(canteen.services, SYSTEM, canteen.school_id, yesterday)
    assert (row.id, row.found_count) == (OTHER, 3)
    assert await odd_counts(canteen.services, SYSTEM, canteen.school_id, yesterday) == [(Kind.DOUBTFUL_CLOCK, 2)]


@pytest.mark.parametrize("day", ["2026-02-31", "2062-09-01", "1999-01-01"])
async def test_a_day_that_cannot_be_is_not_believed(canteen: Canteen, day: str) -> None:
    await canteen.send(
        renamed(shift("opened"), id=OTHER, clock="floor", day=day),
        *canteen.sold(0, 577_00, shift=OTHER, clock="floor"),
    )
    await canteen.project()

    assert await canteen.pool.fetchval('SELECT "on" FROM meal_sale') == TODAY


async def test_refusals_of_tills_and_claims_of_the_hub_are_kept_once(canteen: Canteen) -> None:
    await canteen.pool.execute("DELETE FROM till_place WHERE device = 'till-2'")
    await canteen.send(
        canteen.refused(0, "allergy"), canteen.claimed(0, "0" * 16), canteen.claimed(1, "1" * 16, "refused")
    )
    await canteen.send(canteen.refused(1, "no_money"), till="till-2")
    await canteen.project()

    class Again(Meals):
        name = "meals again"

    while await advance(canteen.pool, Again(canteen.services), ALL):
        pass

    refused = await canteen.pool.fetch(
        'SELECT ref, meal, reason, device, "on" FROM meal_refusal JOIN person ON person.id = person_id'
    )
    claimed = await canteen.pool.fetch('SELECT sale, is_granted, amount_tiyn, "on" FROM meal_claim ORDER BY sale')
    assert [tuple(row) for row in refused] == [(canteen.refs[0], "lunch", "allergy", "till-1", TODAY)]
    assert [tuple(row) for row in claimed] == [("0" * 16, True, 577_00, TODAY), ("1" * 16, False, 577_00, TODAY)]


async def test_a_refund_after_a_power_cut_is_of_the_shift_that_was_open_and_not_of_the_sales(canteen: Canteen) -> None:
    sold = canteen.sold(-1, 400_00, payment="cash")
    await canteen.send(shift("opened"), *sold, shift("closed", 400_00, 1, cash=400_00))
    await canteen.send(renamed(shift("opened"), id=OTHER))
    closed = renamed(shift("closed", -150_00, 0, cash=-150_00), id=OTHER)
    await canteen.send(canteen.refunded(sold[1], 150_00), closed, epoch="f" * 16)  # a journal begun after the cut
    await canteen.project()

    rows = await shifts_of(canteen.services, SYSTEM, canteen.school_id, TODAY)

    assert {row.id: (row.found_tiyn, row.is_right) for row in rows} == {
        shift("opened").id: (400_00, True), OTHER: (-150_00, True),
    }  # fmt: skip


async def test_a_shift_may_let_more_sales_count_than_are_posted_at_once(
    canteen: Canteen, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("cloud.meals.projection", "cloud.ledger.posting"):
        monkeypatch.setattr(f"{module}.AT_ONCE", 2)
    for _ in range(5):
        await canteen.send(*canteen.sold(0, 100_00, shift=OTHER))
    await canteen.project(most=1)

    await canteen.send(renamed(shift("opened"), id=OTHER))
    await canteen.project(most=1)

    assert await held(canteen) == -500_00


async def test_a_closing_that_says_nothing_of_cash_is_compared_by_the_rest(canteen: Canteen) -> None:
    closed = renamed(shift("closed", 400_00, 1), cash_tiyn=None)
    await canteen.send(shift("opened"), *canteen.sold(-1, 400_00, payment="cash"), closed)
    await canteen.project()

    (row,) = await shifts_of(canteen.services, SYSTEM, canteen.school_id, TODAY)

    assert row.is_right
