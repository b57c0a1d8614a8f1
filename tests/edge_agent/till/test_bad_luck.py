"""Bad luck at the till, each with the sentence that its cashier reads; docs/till.md lists all of it."""

import httpx2
import pytest

from edge_agent.till.app import OWN_PAGE, create_till_app
from edge_agent.till.sales import Sales
from schemas.roster import RosterRefused, row
from tests.edge_agent.school import ALIYA, BORIS, HOUR_MS
from tests.edge_agent.till.bench import PIN, STAFF, ToldHub
from tests.edge_agent.till.canteen import CASHIER, DEVICE, LUNCH_TIYN, TODAY, canteen, dish
from tests.edge_agent.till.screen import FACE, OF_ALIYA, ROWS, ShownTill

TOUCH = {"x-requested-by": OWN_PAGE, "sec-fetch-site": "same-origin"}


async def read(till: ShownTill, language: str = "ru") -> str:
    """Return what the cashier reads, on one line."""
    transport = httpx2.ASGITransport(create_till_app(till.pages))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8460") as client:
        return " ".join((await client.get(f"/?lang={language}")).text.split())


async def told(till: ShownTill, deed: str, **touch: object) -> str:
    """Return why a touch does nothing, in Russian."""
    transport = httpx2.ASGITransport(create_till_app(till.pages))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8460") as client:
        answer = await client.post(f"/act/{deed}?lang=ru", json=touch, headers=TOUCH)
    assert answer.status_code == 409
    return str(answer.json()["why"])


def restarted(till: ShownTill) -> ShownTill:
    """Return the till as it is after a power cut: what is on its disk, and nothing else."""
    sales = Sales()
    for entry in till.log.kept:
        assert entry.record is not None
        sales.observe(DEVICE, entry.epoch, entry.seq, entry.record)
    return ShownTill(*ROWS, sales=sales)


async def test_a_card_in_a_friends_hand_shows_its_owners_face_and_name_before_anything_is_sold() -> None:
    till = await ShownTill(*ROWS, row("face", ALIYA, OF_ALIYA)).open()

    await till.tap(ALIYA)

    page = await read(till)
    assert f'src="/face/{OF_ALIYA}"' in page
    assert "Әлия Қасымова" in page
    assert till.pages.face(OF_ALIYA) == FACE
    assert till.written("sale") == []


async def test_without_a_touch_a_card_in_a_friends_hand_shows_the_face_with_the_sale_and_is_taken_back() -> None:
    till = await ShownTill(*ROWS, row("face", ALIYA, OF_ALIYA), is_touchless=True).open()
    await till.tap(ALIYA)
    assert f'src="/face/{OF_ALIYA}"' in await read(till)
    (sale,) = till.written("sale")

    await till.shifts.void(sale["id"], "Другой ребёнок")

    assert [(each["of"], each["w"]) for each in till.written("void")] == [(sale["id"], "Другой ребёнок")]
    await till.tap(ALIYA)
    assert [each["pay"] for each in till.written("sale")] == ["free", "free"]  # the right is there again


async def test_a_child_that_ate_at_the_other_till_a_second_ago_is_refused_with_the_reason() -> None:
    till = await ShownTill(*ROWS, claims=ToldHub("had_it")).open()
    await till.tap(ALIYA)

    assert await told(till, "sell", turn=till.desk.stage.turn) == "Сегодня уже получено"
    assert "Сегодня уже получено" in await read(till)
    assert till.written("sale") == []


async def test_with_the_hub_away_too_the_meal_is_given_and_marked_for_the_office() -> None:
    till = await ShownTill(*ROWS, claims=ToldHub("silent")).open()
    await till.tap(ALIYA)

    await till.sell()

    assert till.written("sale")[0]["u"] is True
    assert "не подтверждено" in await read(till)


async def test_a_till_whose_clock_is_an_hour_off_sells_the_meal_that_its_cashier_chooses() -> None:
    till = ShownTill(*ROWS, row("menu", f"{TODAY} breakfast", ["tea/1"], "tea/1"))
    till.clock.jump(-3 * HOUR_MS / 1_000)  # breakfast's time by this clock
    await till.open()
    assert 'data-meal="breakfast" aria-pressed="true"' in await read(till)

    till.desk.choose_meal("lunch")
    await till.tap(ALIYA)
    await till.sell()

    assert [(each["ml"], each["pay"]) for each in till.written("sale")] == [("lunch", "free")]


async def test_a_till_that_does_not_know_the_time_asks_for_the_day_before_it_sells() -> None:
    till = ShownTill(*ROWS, clock="none")

    assert "Часы неверны: укажите сегодняшнюю дату" in await read(till)
    assert await told(till, "open", staff=CASHIER, pin=PIN) == "Укажите сегодняшнюю дату"


async def test_a_price_that_changed_offline_is_the_old_one_until_the_till_hears_and_its_sale_keeps_it() -> None:
    till = await ShownTill(*ROWS).open()
    await till.tap(BORIS)
    (sold,) = await till.sell(why="тест")
    version = {"kk": "Түскі ас", "ru": "Обед", "en": "Lunch"}
    till.learn(row("dish", "lunch-set/4", version, 70_000, "set", [], "", "", []),
               row("menu", f"{TODAY} lunch", ["lunch-set/4"], "lunch-set/4"))  # fmt: skip

    assert [(item["vr"], item["a"]) for item in till.written("item")] == [(3, LUNCH_TIYN)]
    assert till.sales.remains_tiyn(sold) == LUNCH_TIYN
    await till.tap(ALIYA)
    assert await told(till, "sell", turn=till.desk.stage.turn, amount=1) == (
        "Экран изменился: посмотрите и нажмите ещё раз"
    )


async def test_a_dish_renamed_in_mid_shift_is_called_in_the_list_as_it_was_sold_or_as_it_is_called_now() -> None:
    till = await ShownTill(*ROWS).open()
    till.desk.put("plov/1")
    await till.sell("cash")
    menu = row("menu", f"{TODAY} lunch", ["plov/2"], "")
    renamed = row(
        "dish", "plov/2", {"kk": "Палау", "ru": "Плов узбекский", "en": "Uzbek pilaf"}, 45_000, "", [], "", "", []
    )
    till.learn(renamed, menu)
    assert "Плов" in till.screen.sales("ru")
    assert "Плов узбекский" not in till.screen.sales("ru")

    till.roster = canteen(*STAFF, renamed, menu)

    assert "Плов узбекский" in till.screen.sales("ru")  # nobody told the old name; the key says nothing to anybody


async def test_a_refund_of_a_refund_is_refused_with_what_is_left() -> None:
    till = await ShownTill(*ROWS).open()
    till.desk.put("plov/1")
    (sold,) = await till.sell("cash")
    await till.shifts.refund(sold, 45_000, "остыл")
    (refund,) = till.written("refund")

    assert await told(till, "refund", sale=sold, sum="1", why="ещё раз") == "Осталось меньше этой суммы"
    assert await told(till, "refund", sale=refund["id"], sum="1", why="возврат возврата") == "Такой продажи нет"


async def test_after_a_power_cut_between_touch_and_receipt_the_sale_is_there_once_and_its_receipt_is_printed() -> None:
    till = await ShownTill(*ROWS).open()
    till.desk.put("plov/1")
    (sold,) = await till.sell("cash")

    again = restarted(till)

    assert again.desk.shift == till.desk.shift
    assert [each.sale.id for each in again.sales.of_shift(str(till.written("shift")[0]["id"]))] == [sold]
    assert "450" in " ".join(again.screen.receipt([sold], "ru"))


async def test_a_touch_that_the_disk_did_not_take_before_the_power_went_sold_nothing_and_says_so() -> None:
    till = await ShownTill(*ROWS).open()
    await till.tap(ALIYA)
    till.log.mode = "full"

    assert await told(till, "sell", turn=till.desk.stage.turn) == (
        "Диск не принял запись: ничего не продано. Позовите IT-специалиста школы"
    )
    assert restarted(till).sales.of_shift(str(till.written("shift")[0]["id"])) == []


async def test_a_child_in_another_class_since_noon_is_shown_in_it_and_has_the_right_of_it() -> None:
    till = await ShownTill(*ROWS).open()
    await till.tap(BORIS)
    assert "11Б" in await read(till)

    till.learn(
        row("person", BORIS, "Борис", "4А", "student", 1, 1, "day"),
        row("right", BORIS, [["lunch", "free", "2026-08-01", "2027-05-25", 0]]),
    )

    page = await read(till)
    assert "4А" in page
    assert "Бесплатно" in page


async def test_an_emoji_in_a_dishs_name_is_shown_and_on_paper_does_no_harm() -> None:
    till = await ShownTill(*ROWS).open()
    till.desk.put("manty/1")
    (sold,) = await till.sell("cash")

    assert "Манты 🥟" in await read(till)
    assert "Манты" in " ".join(till.screen.receipt([sold], "ru"))


@pytest.mark.parametrize("price_tiyn", [-1, -57_700])
def test_a_negative_price_reaches_no_till(price_tiyn: int) -> None:
    with pytest.raises(RosterRefused):
        canteen(dish("tea", price_tiyn))


async def test_whoever_took_the_till_away_opens_no_shift_and_waits_longer_with_every_guess() -> None:
    till = ShownTill(*ROWS)
    for guess in range(5):
        assert await told(till, "open", staff=CASHIER, pin=f"{guess}000") == "Неверный PIN-код"

    assert (await told(till, "open", staff=CASHIER, pin=PIN)).startswith("Слишком много неверных PIN-кодов")
    assert till.written("shift") == []
