"""Shifts are opened by a PIN and closed with totals; what is taken back names who and why, and never is too much."""

import asyncio

import pytest
from typing_extensions import override

from edge_agent.till.claims import Claim, Outcome
from edge_agent.till.desk import NotDone
from edge_agent.till.sales import Sales, Totals
from schemas.roster import row
from tests.edge_agent.school import ALIYA, BORIS
from tests.edge_agent.till.bench import PIN, TillBench, ToldHub
from tests.edge_agent.till.canteen import CASHIER, COOK, DEVICE, LUNCH_TIYN, TODAY


async def sold(till: TillBench, ref: str | None = BORIS) -> str:
    if ref is None:
        till.desk.put("lunch-set/3")
        return (await till.sell("cash"))[0]
    await till.tap(ref)
    return (await till.sell())[0]


async def refused(work: object) -> NotDone:
    with pytest.raises(NotDone) as told:
        await work  # type: ignore[misc] # a coroutine
    return told.value


async def test_a_shift_is_opened_by_a_cashiers_pin() -> None:
    till = TillBench()

    shift = await till.shifts.open(CASHIER, PIN)

    assert till.written() == [{"k": "shift", "id": shift, "tl": "till-1", "o": "opened", "by": CASHIER}]
    assert (await refused(till.shifts.open(CASHIER, PIN))).reason == "shift_open"


@pytest.mark.parametrize(
    ("staff", "pin", "reason"),
    [
        (CASHIER, "0000", "pin_wrong"),
        (CASHIER, "", "pin_wrong"),
        (COOK, PIN, "not_cashier"),
        (ALIYA, PIN, "not_cashier"),
    ],
)
async def test_nobody_else_opens_one(staff: str, pin: str, reason: str) -> None:
    till = TillBench()

    assert (await refused(till.shifts.open(staff, pin))).reason == reason
    assert till.written() == []


async def test_a_device_that_is_no_till_opens_none() -> None:
    assert (await refused(TillBench(device="gate-1").shifts.open(CASHIER, PIN))).reason == "no_till"


async def test_a_till_whose_clock_is_not_right_asks_the_cashier_for_the_day() -> None:
    till = TillBench(clock="none")

    assert (await refused(till.shifts.open(CASHIER, PIN))).reason == "day_needed"
    assert (await refused(till.shifts.open(CASHIER, PIN, "31.08.2026"))).reason == "day_needed"
    await till.shifts.open(CASHIER, PIN, "2026-08-31")

    assert till.written()[0]["dy"] == "2026-08-31"
    assert till.desk.look().day.name == "2026-08-31"


async def test_a_shift_left_open_overnight_sells_nothing_without_a_clock_until_a_day_is_named() -> None:
    evening = await TillBench().open()
    await sold(evening)
    sales = Sales()
    for entry in evening.log.kept:
        assert entry.record is not None
        sales.observe(DEVICE, entry.epoch, entry.seq, entry.record)
    morning = TillBench(clock="none", sales=sales)
    morning.desk.fresh_id()  # else its chance is the evening's
    await morning.tap(BORIS)
    assert (morning.desk.shift, morning.desk.look().shift) == (None, None)

    assert (await refused(morning.shifts.open(CASHIER, PIN))).reason == "day_needed"
    await morning.shifts.open(CASHIER, PIN, "2026-09-01")

    closed, opened = morning.written("shift")
    assert (closed["o"], closed["a"], opened["o"], opened["dy"]) == ("closed", LUNCH_TIYN, "opened", "2026-09-01")
    assert morning.desk.look().day.name == "2026-09-01"


async def test_a_clock_that_jumps_in_mid_shift_stops_nobody() -> None:
    till = await TillBench().open()
    till.clock.jump(-40 * 86_400)

    await sold(till)

    assert till.written("sale")
    assert till.desk.look().day.name == TODAY


async def test_a_shift_whose_day_was_named_goes_on_without_a_clock_after_a_restart() -> None:
    first = TillBench(clock="none")
    await first.shifts.open(CASHIER, PIN, "2026-08-31")
    again = TillBench(clock="none", sales=first.sales)

    assert again.desk.shift == first.desk.shift
    assert (await refused(again.shifts.open(CASHIER, PIN, "2026-08-31"))).reason == "shift_open"


async def test_a_shift_that_the_disk_does_not_take_is_not_open() -> None:
    till = TillBench()
    till.log.mode = "full"

    assert (await refused(till.shifts.open(CASHIER, PIN))).reason == "disk"
    assert till.desk.shift is None


async def test_closing_tells_what_was_taken() -> None:
    till = await TillBench().open()
    for ref in (ALIYA, BORIS, None):
        await sold(till, ref)

    totals = await till.shifts.close()

    assert (totals.count, totals.account_tiyn, totals.cash_tiyn, totals.free_count) == (3, LUNCH_TIYN, LUNCH_TIYN, 1)
    closing = till.written("shift")[-1]
    assert (closing["o"], closing["a"], closing["c"], closing["n"]) == ("closed", 2 * LUNCH_TIYN, LUNCH_TIYN, 3)
    assert till.desk.shift is None
    assert (await refused(till.shifts.close())).reason == "no_shift"


async def test_a_void_takes_a_whole_sale_back_with_reason_and_name() -> None:
    till = await TillBench().open()
    sale = await sold(till)

    await till.shifts.void(sale, "қате түрттім")

    (void,) = till.written("void")
    assert (void["of"], void["a"], void["by"], void["w"]) == (sale, LUNCH_TIYN, CASHIER, "қате түрттім")
    assert (await refused(till.shifts.void(sale, "again"))).reason == "is_void"
    assert (await refused(till.shifts.refund(sale, 1, "again"))).reason == "remains_less"
    assert (await till.shifts.close()) == Totals(void_count=1)


async def test_after_a_void_the_child_may_eat() -> None:
    till = await TillBench().open()
    await till.shifts.void(await sold(till, ALIYA), "wrong child")

    await sold(till, ALIYA)

    assert [sale["pay"] for sale in till.written("sale")] == ["free", "free"]


async def test_a_refund_gives_back_at_most_what_remains() -> None:
    till = await TillBench().open()
    sale = await sold(till)

    await till.shifts.refund(sale, LUNCH_TIYN - 1, "cold")
    assert (await refused(till.shifts.refund(sale, 2, "cold"))).reason == "remains_less"
    assert (await refused(till.shifts.void(sale, "late"))).reason == "is_refunded"
    await till.shifts.refund(sale, 1, "cold")

    assert [refund["a"] for refund in till.written("refund")] == [LUNCH_TIYN - 1, 1]


@pytest.mark.parametrize("amount_tiyn", [0, -1, LUNCH_TIYN + 1, 10**12])
async def test_a_refund_of_nothing_or_too_much_is_refused(amount_tiyn: int) -> None:
    till = await TillBench().open()
    sale = await sold(till)

    assert (await refused(till.shifts.refund(sale, amount_tiyn, "x"))).reason == "remains_less"


async def test_two_refunds_in_one_moment_never_give_back_more_than_was_paid() -> None:
    till = await TillBench().open()
    sale = await sold(till)

    done = await asyncio.gather(*(till.shifts.refund(sale, LUNCH_TIYN, "x") for _ in range(3)), return_exceptions=True)

    assert [type(each) for each in done] == [type(None), NotDone, NotDone]
    assert till.sales.remains_tiyn(sale) == 0


async def test_an_earlier_shifts_sale_is_refunded_and_not_voided() -> None:
    till = await TillBench().open()
    sale = await sold(till, None)
    await till.shifts.close()
    assert (await refused(till.shifts.refund(sale, 1, "x"))).reason == "no_shift"
    await till.open()

    assert (await refused(till.shifts.void(sale, "x"))).reason == "other_shift"
    await till.shifts.refund(sale, 700, "cold")

    assert (await till.shifts.close()).cash_tiyn == -700
    assert till.written("shift")[-1]["a"] == -700


async def test_a_refund_is_not_refunded() -> None:
    till = await TillBench().open()
    await till.shifts.refund(await sold(till), 700, "cold")
    (refund,) = till.written("refund")

    assert (await refused(till.shifts.refund(refund["id"], 700, "x"))).reason == "no_sale"
    assert (await refused(till.shifts.void(refund["id"], "x"))).reason == "no_sale"


@pytest.mark.parametrize("why", ["", "  ", "\n"])
async def test_nothing_is_taken_back_without_a_reason(why: str) -> None:
    till = await TillBench().open()
    sale = await sold(till)

    assert (await refused(till.shifts.void(sale, why))).reason == "why_needed"
    assert (await refused(till.shifts.refund(sale, 1, why))).reason == "why_needed"


async def test_a_sale_that_nobody_made_is_not_taken_back() -> None:
    till = await TillBench().open()

    assert (await refused(till.shifts.void("0" * 16, "x"))).reason == "no_sale"
    assert (await refused(till.shifts.refund("0" * 16, 1, "x"))).reason == "no_sale"


async def test_after_five_wrong_pins_none_is_taken_for_a_while_and_a_restart_does_not_shorten_it() -> None:
    till = TillBench()
    told = [await refused(till.shifts.open(CASHIER, "0000")) for _ in range(5)]
    assert [(each.reason, each.about) for each in told] == [("pin_wrong", ())] * 4 + [("pin_wrong", ("60",))]

    waiting = await refused(till.shifts.open(CASHIER, PIN))
    again = TillBench()
    again.notes.kept = till.notes.kept
    after_restart = await refused(again.shifts.open(CASHIER, PIN))
    till.clock.advance(60)
    await till.open()

    assert (waiting.reason, after_restart.reason) == ("pin_wait", "pin_wait")
    assert till.notes.kept[f"pin:{CASHIER}"] == "0"


async def test_a_hash_that_is_none_fits_no_pin() -> None:
    till = TillBench(row("staff", CASHIER, "Айгүл", "no hash", ["cashier"]))

    assert (await refused(till.shifts.open(CASHIER, PIN))).reason == "pin_wrong"


async def test_a_wait_grows_and_has_an_end() -> None:
    till = TillBench()
    waits = []
    for _ in range(12):
        told = await refused(till.shifts.open(CASHIER, "0000"))
        waits.append(int(told.about[0]) if told.about else 0)
        till.clock.advance(waits[-1])

    assert waits == [0, 0, 0, 0, 60, 120, 240, 480, 900, 900, 900, 900]


async def test_a_shift_is_closed_after_the_sale_that_is_being_made() -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    class SlowHub(ToldHub):
        @override
        async def ask(self, claim: Claim) -> Outcome:
            asked.set()
            await answer.wait()
            return await super().ask(claim)

    till = await TillBench(claims=SlowHub()).open()
    await till.tap(BORIS)
    selling = asyncio.create_task(till.sell())
    await asked.wait()
    closing = asyncio.create_task(till.shifts.close())
    await asyncio.sleep(0)
    answer.set()

    totals = await closing

    assert (len(await selling), totals.count) == (1, 1)
    assert [each["k"] for each in till.written()] == ["shift", "item", "sale", "shift"]
