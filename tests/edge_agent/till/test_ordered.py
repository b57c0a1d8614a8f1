"""What is ordered ahead: shown to the cashier, sold by one touch once, by the rights and limits of the day."""

from schemas.roster import row
from tests.edge_agent.school import ALIYA, BORIS
from tests.edge_agent.till.bench import TillBench
from tests.edge_agent.till.canteen import BUN_TIYN, LUNCH_TIYN, TEA_TIYN, TODAY, account


def order(ref: str, *dishes: str, meal: str = "lunch", day: str = TODAY) -> bytes:
    return row("order", ref, [[f"{day} {meal}", dish] for dish in dishes])


def shown(till: TillBench) -> list[str]:
    return [line.dish.id for line in till.desk.look().lines]


async def test_an_order_stands_in_the_basket_and_one_touch_sells_it() -> None:
    till = await TillBench(order(BORIS, "bun/2", "tea/1")).open()

    await till.tap(BORIS)
    assert shown(till) == ["bun/2", "tea/1"]
    await till.sell()

    assert [item["ds"] for item in till.written("item")] == ["bun", "tea"]
    assert till.written("sale")[0]["a"] == BUN_TIYN + TEA_TIYN


async def test_what_was_sold_is_not_offered_once_more() -> None:
    till = await TillBench(order(BORIS, "bun/2")).open()
    await till.tap(BORIS)
    await till.sell()

    await till.tap(BORIS)

    assert shown(till) == ["lunch-set/3"]


async def test_the_right_covers_an_ordered_set_and_the_account_pays_the_rest() -> None:
    till = await TillBench(order(ALIYA, "lunch-set/3", "tea/1")).open()

    await till.tap(ALIYA)
    await till.sell()

    assert [(sale["pay"], sale["a"]) for sale in till.written("sale")] == [("free", 0), ("account", TEA_TIYN)]


async def test_an_order_of_another_day_or_meal_or_of_what_is_not_offered_leaves_the_set() -> None:
    for other in (
        order(BORIS, "bun/2", day="2026-09-01"), order(BORIS, "bun/2", meal="breakfast"), order(BORIS, "bun/1"),
        order(ALIYA, "bun/2"),
    ):  # fmt: skip
        till = await TillBench(other).open()
        await till.tap(BORIS)

        assert shown(till) == ["lunch-set/3"]


async def test_what_a_touch_changes_is_sold_in_the_place_of_the_order() -> None:
    till = await TillBench(order(BORIS, "bun/2", "tea/1")).open()
    await till.tap(BORIS)

    till.desk.put("bun/2", -1)
    await till.sell()

    assert [item["ds"] for item in till.written("item")] == ["tea"]


async def test_an_order_beyond_a_ban_or_the_money_is_objected_to_as_any_sale() -> None:
    poor = await TillBench(order(BORIS, "bun/2"), account(BORIS, 5, allergens=("gluten",)), is_touchless=True).open()

    stage = await poor.tap(BORIS)

    judgement = poor.desk.look().judgement
    assert stage.kind == "buyer"
    assert judgement is not None
    assert [each.reason for each in judgement.objections] == ["allergy", "no_money"]
    assert poor.written("sale") == []


async def test_without_a_touch_the_order_is_sold_by_the_card_alone() -> None:
    till = await TillBench(order(BORIS, "bun/2"), is_touchless=True).open()

    stage = await till.tap(BORIS)

    assert stage.kind == "sold"
    assert till.written("sale")[0]["a"] == BUN_TIYN != LUNCH_TIYN
