"""What a school decides about its canteen, at the till: debts, and free meals of children whom no gate has seen."""

import pytest

from tests.edge_agent.school import ALIYA, BORIS, GUARD
from tests.edge_agent.till.bench import TillBench, ToldHub
from tests.edge_agent.till.canteen import LUNCH_TIYN, account, decided
from tests.edge_agent.till.test_desk import objections, refused

OWING = account(BORIS, 0)


async def test_an_account_goes_below_nothing_as_far_as_the_school_lets_it() -> None:
    till = await TillBench(OWING, decided(overdraft_tiyn=LUNCH_TIYN)).open()
    await till.tap(BORIS)

    await till.sell()
    await till.tap(BORIS)

    assert objections(till) == ["had_it", "no_money"]
    assert till.written("override") == []


async def test_a_free_meal_for_who_was_not_seen_is_asked_about_once_and_given_by_one_touch() -> None:
    till = await TillBench(decided(unseen="ask"), is_seen=False, is_touchless=True).open()
    await till.tap(ALIYA)
    assert objections(till) == ["not_seen"]
    assert till.written("sale") == []

    (sold,) = await till.sell(why="Бала осында")

    assert [(sale["id"], sale["pay"]) for sale in till.written("sale")] == [(sold, "free")]
    assert [(each["w"], each["x"]) for each in till.written("override")] == [("not_seen", "Бала осында")]


@pytest.mark.parametrize(
    ("unseen", "is_seen", "ref"), [("allow", False, ALIYA), ("ask", True, ALIYA), ("ask", None, ALIYA),
                                   ("ask", False, BORIS)]
)  # fmt: skip
async def test_nobody_is_asked_where_the_school_does_not_want_it_or_the_till_cannot_know_or_it_is_paid_for(
    unseen: str, is_seen: bool | None, ref: str
) -> None:
    till = await TillBench(decided(unseen=unseen), is_seen=is_seen).open()

    await till.tap(ref)

    assert objections(till) == []


async def test_a_cashiers_word_about_food_is_no_word_about_money() -> None:
    hub = ToldHub("no_money")
    till = await TillBench(account(BORIS, 10**8, allergens=("milk",)), claims=hub).open()
    await till.tap(BORIS)

    assert await refused(till, why="the nurse allows it") == "no_money"
    assert [claim.amount_tiyn for claim in hub.asked] == [LUNCH_TIYN]
    await till.sell(why="the nurse allows it")

    assert {each["w"] for each in till.written("override")} == {"allergy", "no_money"}
    assert len(hub.asked) == 1


async def test_who_is_sent_away_is_written_once_with_the_first_reason() -> None:
    till = await TillBench(OWING).open()
    for _ in range(2):
        await till.tap(BORIS)
        till.desk.clear()

    assert till.written("refusal") == [{"k": "refusal", "ml": "lunch", "p": BORIS, "w": "no_money"}]


async def test_who_goes_when_the_next_card_comes_is_written_and_who_bought_is_not() -> None:
    till = await TillBench(OWING).open()
    await till.tap(BORIS)
    await till.tap(ALIYA)
    await till.sell()
    await till.tap(GUARD)
    till.desk.clear()

    assert [each["p"] for each in till.written("refusal")] == [BORIS, GUARD]


async def test_who_pays_cash_instead_is_not_refused() -> None:
    till = await TillBench(OWING).open()
    await till.tap(BORIS)

    await till.sell("cash")
    till.desk.clear()

    assert till.written("refusal") == []
