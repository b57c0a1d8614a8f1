"""The till at work: who stands there, what is sold to them, and what is written."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from edge_agent.readers.tap import Medium, Tap
from edge_agent.till.claims import NobodyToAsk
from edge_agent.till.desk import NotDone
from edge_agent.till.sales import Sales
from schemas.roster import row
from tests.edge_agent.gate import MemoryLog
from tests.edge_agent.school import ALIYA, BORIS, GONE, GUARD, SILENT, card
from tests.edge_agent.till.bench import TillBench, ToldHub
from tests.edge_agent.till.canteen import (
    BUN_TIYN,
    LUNCH_TIYN,
    OTHER,
    TEA_TIYN,
    TODAY,
    account,
    canteen,
    dish,
    names,
    right,
)


def objections(till: TillBench) -> list[str]:
    judgement = till.desk.look().judgement
    assert judgement is not None
    return [objection.reason for objection in judgement.objections]


async def refused(till: TillBench, payer: str = "account", why: str = "") -> str:
    with pytest.raises(NotDone) as told:
        await till.sell(payer, why)
    return told.value.reason


async def test_one_tap_and_one_touch_sell_the_set() -> None:
    till = await TillBench().open()
    shift = till.desk.shift
    assert shift is not None

    stage = await till.tap(ALIYA)
    sold = await till.sell()

    assert (stage.kind, till.desk.stage.kind) == ("buyer", "sold")
    assert till.written()[1:] == [
        {"k": "item", "of": sold[0], "ds": "lunch-set", "vr": 3, "n": 1, "a": LUNCH_TIYN},
        {"k": "sale", "id": sold[0], "sh": shift.id, "ml": "lunch", "a": 0, "pay": "free", "p": ALIYA},
    ]


async def test_without_a_touch_the_set_is_sold_by_the_tap_itself() -> None:
    till = await TillBench(is_touchless=True).open()

    first, second = await till.tap(ALIYA), await till.tap(ALIYA)

    assert (first.kind, second.kind) == ("sold", "buyer")
    assert objections(till) == ["had_it"]
    assert [sale["pay"] for sale in till.written("sale")] == ["free"]


async def test_without_a_touch_nothing_is_sold_that_is_objected_to() -> None:
    till = await TillBench(account(BORIS, 5), is_touchless=True).open()

    stage = await till.tap(BORIS)

    assert stage.kind == "buyer"
    assert till.written("sale") == []


async def test_a_basket_is_rung_up_before_or_after_the_tap() -> None:
    till = await TillBench().open()
    till.desk.put("tea/1", 2)
    till.desk.put("bun/2")

    await till.tap(BORIS)
    till.desk.put("tea/1", -1)
    await till.sell()

    assert [(item["ds"], item["n"], item["a"]) for item in till.written("item")] == [
        ("tea", 1, TEA_TIYN),
        ("bun", 1, BUN_TIYN),
    ]
    assert till.written("sale")[0]["a"] == TEA_TIYN + BUN_TIYN
    assert till.desk.look().lines == []


async def test_a_dish_beside_the_set_is_touched_to_it_and_the_set_is_counted_on() -> None:
    till = await TillBench().open()
    await till.tap(BORIS)
    till.desk.put("tea/1")
    till.desk.put("lunch-set/3")

    assert [(line.dish.key, line.count) for line in till.desk.look().lines] == [("lunch-set", 2), ("tea", 1)]


async def test_the_set_can_be_taken_out_and_stays_out_for_that_child_only() -> None:
    till = await TillBench().open()
    await till.tap(BORIS)
    till.desk.put("lunch-set/3", -1)
    before = till.desk.look().lines
    till.desk.put("tea/1")
    with_tea = [line.dish.key for line in till.desk.look().lines]
    await till.tap(ALIYA)

    assert (before, with_tea) == ([], ["tea"])
    assert [line.dish.key for line in till.desk.look().lines] == ["lunch-set"]


async def test_what_was_put_in_and_taken_out_before_anybody_came_leaves_nothing_behind() -> None:
    till = await TillBench().open()
    till.desk.put("tea/1")
    till.desk.put("tea/1", -1)
    await till.tap(BORIS)

    assert [line.dish.key for line in till.desk.look().lines] == ["lunch-set"]


async def test_a_child_who_cannot_pay_stands_there_while_something_is_taken_out() -> None:
    till = await TillBench(account(BORIS, TEA_TIYN)).open()
    await till.tap(BORIS)
    till.desk.put("tea/1")
    assert await refused(till) == "no_money"

    till.desk.put("lunch-set/3", -1)
    await till.sell()

    assert [(sale["p"], sale["a"]) for sale in till.written("sale")] == [(BORIS, TEA_TIYN)]


async def test_a_card_that_comes_while_a_sale_is_written_waits_for_it() -> None:
    till = await TillBench().open()
    await till.tap(BORIS)
    till.log.mode = "slow"
    selling = asyncio.ensure_future(till.sell())
    await asyncio.sleep(0)
    coming = asyncio.ensure_future(till.tap(ALIYA))
    for _ in range(5):
        await asyncio.sleep(0)
    stood_there = till.desk.stage.ref
    till.log.land()
    await asyncio.gather(selling, coming)

    assert stood_there == BORIS
    assert [sale["p"] for sale in till.written("sale")] == [BORIS]
    assert (till.desk.stage.kind, till.desk.stage.ref) == ("buyer", ALIYA)


async def test_a_barcode_puts_its_dish_into_the_basket() -> None:
    till = await TillBench().open()

    assert till.desk.scan("4870001112223")
    assert not till.desk.scan("1")
    assert [line.dish.key for line in till.desk.look().lines] == ["bun"]


@pytest.mark.parametrize(("dish_id", "count", "reason"), [("bun/9", 1, "not_offered"), ("tea/1", 100, "too_much")])
async def test_what_is_not_offered_or_too_much_is_not_put_into_the_basket(
    dish_id: str, count: int, reason: str
) -> None:
    till = await TillBench().open()

    with pytest.raises(NotDone) as told:
        till.desk.put(dish_id, count)

    assert told.value.reason == reason
    assert till.desk.look().lines == []


async def test_a_guest_pays_cash_for_what_is_in_the_basket() -> None:
    till = await TillBench().open()
    till.desk.put("lunch-set/3")

    assert await refused(till) == "nobody"
    await till.sell("cash")

    (sale,) = till.written("sale")
    assert (sale["pay"], sale["a"], "p" in sale) == ("cash", LUNCH_TIYN, False)


async def test_nothing_is_sold_without_a_shift_or_to_nobody_or_from_an_empty_basket() -> None:
    closed, till = TillBench(), await TillBench().open()
    await closed.tap(ALIYA)

    assert await refused(closed) == "no_shift"
    assert await refused(till, "cash") == "empty"
    assert closed.written() == []


async def test_a_refusal_is_told_and_written_once() -> None:
    till = await TillBench(account(BORIS, 5)).open()
    for _ in range(2):
        await till.tap(BORIS)
        assert await refused(till) == "no_money"

    assert till.written("refusal") == [{"k": "refusal", "ml": "lunch", "p": BORIS, "w": "no_money"}]
    assert till.desk.stage.kind == "not_sold"


async def test_a_cashier_overrules_by_name_and_reason() -> None:
    till = await TillBench(account(BORIS, 5, allergens=("milk",))).open()
    await till.tap(BORIS)

    (sold,) = await till.sell(why="  голодный \n ребёнок ")

    assert till.written("override") == [
        {"k": "override", "of": sold, "w": rule, "by": GUARD, "x": "голодный ребёнок"}
        for rule in ("allergy", "no_money")
    ]
    assert till.written()[-1]["k"] == "sale"


async def test_a_reason_without_anything_to_overrule_overrules_nothing() -> None:
    hub = ToldHub()
    till = await TillBench(claims=hub).open()
    await till.tap(BORIS)

    await till.sell(why="hungry")

    assert till.written("override") == []
    assert len(hub.asked) == 1


async def test_a_refusal_on_the_screen_is_overruled_from_there() -> None:
    till = await TillBench(account(BORIS, 5)).open()
    await till.tap(BORIS)
    await refused(till)

    await till.sell(why="hungry")

    assert len(till.written("sale")) == 1


async def test_what_the_screen_no_longer_shows_is_not_sold() -> None:
    till = await TillBench().open()
    await till.tap(ALIYA)
    turn = till.desk.stage.turn
    await till.tap(BORIS)

    with pytest.raises(NotDone, match="changed"):
        await till.desk.sell(turn, 0, "account")

    assert till.written("sale") == []
    assert till.desk.stage.ref == BORIS


async def test_a_price_that_changed_meanwhile_is_looked_at_first() -> None:
    till = await TillBench().open()
    await till.tap(BORIS)
    look = till.desk.look()
    menu = row("menu", f"{TODAY} lunch", ["lunch-set/4"], "lunch-set/4")
    till.roster = canteen(dish("lunch-set", 60_000, version=4, parts=(("bun", 2),)), menu)

    with pytest.raises(NotDone, match="changed"):
        await till.desk.sell(look.stage.turn, LUNCH_TIYN, "account")
    await till.sell()

    assert [(item["vr"], item["a"]) for item in till.written("item")] == [(4, 60_000)]


async def test_a_dish_that_is_renamed_in_mid_shift_keeps_its_old_sales() -> None:
    till = await TillBench().open()
    await till.tap(BORIS)
    (sold,) = await till.sell()
    till.roster = canteen(row("dish", "lunch-set/3", names("Another name"), LUNCH_TIYN, "", [], "", "", [["bun", 2]]))

    was = till.sales.sold(sold)
    assert was is not None
    assert [(item.dish, item.version, item.price_tiyn) for item in was.items] == [("lunch-set", 3, LUNCH_TIYN)]
    assert till.sales.remains_tiyn(sold) == LUNCH_TIYN


async def test_a_child_who_moved_to_another_class_at_noon_is_shown_in_it() -> None:
    till = await TillBench().open()
    till.roster = canteen(row("person", ALIYA, "Aliya", "2Б", "student", 1, 1, "day"))
    await till.tap(ALIYA)

    look = till.desk.look()
    assert look.buyer is not None
    assert look.buyer.class_name == "2Б"


async def test_a_second_touch_sells_nothing_more() -> None:
    till = await TillBench().open()
    await till.tap(BORIS)
    look = till.desk.look()

    results = await asyncio.gather(
        *(till.desk.sell(look.stage.turn, LUNCH_TIYN, "account") for _ in range(2)), return_exceptions=True
    )

    assert [type(result) for result in results] == [list, NotDone]
    assert len(till.written("sale")) == 1


async def test_nothing_is_sold_while_the_disk_takes_nothing_and_everything_after() -> None:
    till = await TillBench().open()
    await till.tap(ALIYA)
    till.log.mode = "full"

    assert await refused(till) == "disk"
    assert not till.desk.look().known.is_right_used
    till.log.mode = "good"
    await till.sell()

    assert [sale["pay"] for sale in till.written("sale")] == ["free"]


async def test_a_sale_is_done_only_when_it_is_on_the_disk() -> None:
    till = await TillBench().open()
    await till.tap(ALIYA)
    till.log.mode = "slow"

    selling = asyncio.ensure_future(till.sell())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    before = till.desk.stage.kind
    till.log.land()
    await selling

    assert (before, till.desk.stage.kind) == ("buyer", "sold")


async def test_all_records_of_a_sale_stand_together_with_the_sale_last() -> None:
    till = await TillBench().open()
    till.desk.put("lunch-set/3")
    till.desk.put("tea/1")
    await till.tap(ALIYA)

    await till.sell()

    assert [record["k"] for record in till.written()[1:]] == ["item", "sale", "item", "sale"]
    assert [sale["pay"] for sale in till.written("sale")] == ["free", "account"]


@pytest.mark.parametrize(
    ("ref", "changed", "reason"),
    [
        ("nobody000000", (), "card_unknown"),
        (BORIS, (card(BORIS, state="blocked"),), "card_blocked"),
        (BORIS, (card(BORIS, not_after_ms=1),), "card_expired"),
        (GONE, (), "person_inactive"),
        (SILENT, (), "no_consent"),
    ],
)
async def test_a_card_that_is_not_taken_says_why(ref: str, changed: tuple[bytes, ...], reason: str) -> None:
    till = await TillBench(*changed).open()

    stage = await till.tap(ref)

    assert (stage.kind, stage.reason) == ("turned", reason)
    assert await refused(till) == "empty"


async def test_a_copied_card_and_a_till_without_a_roster_sell_nothing() -> None:
    till = await TillBench().open()
    tap = Tap("till", ALIYA.encode(), Medium.SUN, 0)

    assert (await till.desk.tap(replace(tap, flaw="wrong code"))).reason == "card_not_genuine"
    till.roster = None
    assert (await till.desk.tap(tap)).reason == "no_roster"
    assert till.desk.look().book is None


async def test_who_left_the_card_at_home_is_found_by_name() -> None:
    till = await TillBench().open()

    till.desk.present(SILENT)

    look = till.desk.look()
    assert look.buyer is not None
    assert look.buyer.name == SILENT.title()


async def test_the_hub_is_asked_for_a_right_and_for_money() -> None:
    hub = ToldHub()
    till = await TillBench(claims=hub).open()
    till.desk.put("lunch-set/3")
    till.desk.put("tea/1")
    await till.tap(ALIYA)

    sold = await till.sell()

    assert [(claim.sale, claim.person, claim.meal, claim.day) for claim in hub.asked] == [
        (sale, ALIYA, "lunch", TODAY) for sale in sold
    ]
    assert [(claim.is_by_right, claim.amount_tiyn) for claim in hub.asked] == [(True, 0), (False, TEA_TIYN)]
    assert all("u" not in sale for sale in till.written("sale"))


async def test_what_the_hub_refuses_is_not_sold() -> None:
    till = await TillBench(claims=ToldHub("had_it")).open()
    await till.tap(ALIYA)

    assert await refused(till) == "had_it"
    assert till.written("sale") == []


async def test_without_the_hubs_word_a_sale_says_so() -> None:
    till = await TillBench(claims=ToldHub("silent")).open()
    await till.tap(ALIYA)

    await till.sell()

    assert till.written("sale")[0]["u"] is True


async def test_without_the_hubs_word_an_account_is_spent_up_to_its_offline_limit() -> None:
    till = await TillBench(account(BORIS, 10**8, offline_tiyn=LUNCH_TIYN), claims=NobodyToAsk()).open()
    for dish_id in ("lunch-set/3", "tea/1"):
        till.desk.put(dish_id)
        await till.tap(BORIS)
        if dish_id == "tea/1":
            assert await refused(till) == "offline_limit"
        else:
            await till.sell()

    assert len(till.written("sale")) == 1


async def test_a_hub_that_falls_silent_in_that_moment_lets_the_offline_limit_bind() -> None:
    till = await TillBench(account(BORIS, 10**8, offline_tiyn=5), claims=ToldHub("silent", is_near=True)).open()
    await till.tap(BORIS)

    assert objections(till) == []
    assert await refused(till) == "offline_limit"


async def test_a_sale_tried_again_makes_the_same_claim() -> None:
    hub = ToldHub()
    till = await TillBench(claims=hub).open()
    await till.tap(ALIYA)
    till.log.mode = "full"
    await refused(till)
    till.log.mode = "good"

    (sold,) = await till.sell()

    assert [claim.sale for claim in hub.asked] == [sold, sold]


async def test_a_sale_that_a_power_cut_took_makes_the_same_claim_after_it_and_another_child_another_one() -> None:
    hub = ToldHub()
    before = await TillBench(claims=hub).open()
    await before.tap(ALIYA)
    before.log.mode = "full"  # the hub has granted it; nothing reached the disk
    await refused(before)

    after = await TillBench(claims=hub).open()
    await after.tap(ALIYA)
    (sold,) = await after.sell()
    await after.tap(BORIS)
    await after.sell()
    elsewhere = await TillBench(claims=hub, device=OTHER).open()
    elsewhere.desk.put("lunch-set/3")
    await elsewhere.tap(ALIYA)
    await elsewhere.sell()

    claimed = [claim.sale for claim in hub.asked]
    assert claimed[0] == claimed[1] == sold
    assert len(set(claimed[1:])) == 3


async def test_each_sale_to_a_child_has_a_name_of_its_own() -> None:
    till = await TillBench(account(BORIS, 10**8)).open()
    for _ in range(3):
        till.desk.put("tea/1")
        await till.tap(BORIS)
        await till.sell()
    for _ in range(2):
        till.desk.put("tea/1")
        await till.tap(BORIS)
        await till.sell("cash")

    names = [sale["id"] for sale in till.written("sale")]
    assert len(set(names)) == 5


async def test_a_meal_eaten_at_another_till_is_known_here() -> None:
    shared = Sales()
    log = MemoryLog()
    here = await TillBench(sales=shared, log=log).open()
    there = await TillBench(sales=shared, log=log, device=OTHER).open()
    there.desk.put("lunch-set/3")
    await there.tap(ALIYA)
    await there.sell()

    await here.tap(ALIYA)

    assert objections(here) == ["had_it"]


async def test_what_was_sold_is_known_again_after_a_start_without_the_cloud() -> None:
    before = await TillBench(right(BORIS, "subsidised", 20_000)).open()
    await before.tap(BORIS)
    await before.sell()

    sales = Sales()
    for entry in before.log.kept:
        assert entry.record is not None
        sales.observe("till-1", entry.epoch, entry.seq, entry.record)
    after = TillBench(right(BORIS, "subsidised", 20_000), sales=sales)
    await after.tap(BORIS)

    assert after.desk.shift == before.desk.shift
    assert objections(after) == ["had_it"]
    assert after.desk.look().known.since_tiyn == 20_000


async def test_a_change_is_told_to_whoever_shows_it() -> None:
    till = await TillBench().open()
    changes: list[Any] = []
    till.desk.on_change = lambda: changes.append(till.desk.stage.kind)

    await till.tap(ALIYA)
    await till.sell()
    till.desk.clear()

    assert changes == ["buyer", "sold", "idle"]


async def test_many_refusals_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.till.refusals.REFUSALS_MAX", 1)
    till = await TillBench(account(BORIS, 5), account(GUARD, 5)).open()
    for ref in (BORIS, GUARD, BORIS):
        await till.tap(ref)
        await refused(till)

    assert [record["p"] for record in till.written("refusal")] == [BORIS, GUARD, BORIS]


async def test_what_the_hub_objects_to_is_shown_and_may_be_overruled_with_a_name_and_why() -> None:
    hub = ToldHub("had_it")
    till = await TillBench(claims=hub).open()
    await till.tap(ALIYA)
    assert await refused(till) == "had_it"
    shown = objections(till)

    assert await refused(till) == "had_it"
    hub.outcome = "granted"
    sold = await till.sell(why="hungry")

    assert (shown, [claim.is_by_right for claim in hub.asked]) == (["had_it"], [True, False])
    sale = till.written("sale")[0]
    assert (sale["id"], sale["pay"], sale["a"]) == (sold[0], "account", LUNCH_TIYN)  # a second one is not free
    assert [(each["of"], each["w"], each["x"]) for each in till.written("override")] == [(sold[0], "had_it", "hungry")]


async def test_what_the_hub_says_of_money_is_about_that_basket_only() -> None:
    hub = ToldHub("no_money")
    till = await TillBench(claims=hub).open()
    await till.tap(BORIS)
    assert await refused(till) == "no_money"
    assert objections(till) == ["no_money"]

    hub.outcome = "granted"
    till.desk.put("lunch-set/3", -1)
    till.desk.put("tea/1")

    assert objections(till) == []
    assert await till.sell()
