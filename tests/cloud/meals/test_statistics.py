"""What a child ate: read on an index, named as sold, added up without what was taken back."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from cloud.core.services import Services
from cloud.meals import statistics
from cloud.meals.rules import Payment
from cloud.meals.statistics import Meal, Portion, Sums, meals_taken, spent_by, statistics_of
from cloud.menu.dishes import add_dish, change_dish, today_of
from cloud.menu.kinds import SET
from cloud.menu.rules import DishGiven, Names
from tests.cloud.meals.factory import Canteen
from tests.cloud.menu.factory import BREAD, SOUP, priced
from tests.cloud.schools.factory import SYSTEM

DAY = date(2026, 9, 1)
AT = datetime(2026, 9, 1, 7, tzinfo=UTC)
BORSCHT = Portion("1", Names("Борщ", "Борщ", "Borscht"), "soup", 1, 350_00, ("celery",))
TEA = Portion("2", Names("Шай", "Чай", "Tea"), "drink", 2, 80_00, ())
LUNCH, SNACK = Names("Түскі ас", "Обед", "Lunch"), Names("Бесін ас", "Полдник", "Snack")


def a_meal(**more: object) -> Meal:
    meal = Meal(AT, DAY, "lunch", LUNCH, Payment.ACCOUNT, 350_00, 0, is_void=False, portions=(BORSCHT,))
    return replace(meal, **more)  # type: ignore[arg-type]


@pytest.fixture(name="canteen")
async def _canteen(services: Services) -> AsyncIterator[Canteen]:
    canteen = await Canteen(services).open()
    yield canteen
    await canteen.close()


def test_a_meal_counts_once_however_it_is_paid_and_not_when_it_was_taken_back() -> None:
    free = a_meal(payment=Payment.FREE, paid_tiyn=0, budget_tiyn=577_00)
    beside = a_meal(portions=(TEA,), paid_tiyn=160_00)
    void = a_meal(meal="snack", names=SNACK, is_void=True, paid_tiyn=0)
    later = a_meal(on=DAY + timedelta(days=1), payment=Payment.SUBSIDISED, paid_tiyn=200_00, budget_tiyn=150_00)

    told = statistics_of([later, void, beside, free], [(DAY, DAY), (DAY + timedelta(days=1), DAY + timedelta(days=6))])

    assert told.sums == Sums(meals=2, free=1, subsidised=1, paid_tiyn=360_00, budget_tiyn=727_00)
    assert [part.sums for part in told.parts] == [Sums(1, 1, 0, 160_00, 577_00), Sums(1, 0, 1, 200_00, 150_00)]
    assert [(each.dish, each.count, each.cost_tiyn) for each in told.dishes] == [("1", 2, 700_00), ("2", 2, 160_00)]
    assert [(each.category, each.count) for each in told.categories] == [("soup", 2), ("drink", 2)]
    assert told.allergens == [("celery", 2)]


def test_a_dish_that_got_another_name_is_told_under_both() -> None:
    renamed = replace(BORSCHT, names=Names("Қызылша көже", "Борщ", "Beetroot soup"))

    told = statistics_of([a_meal(), a_meal(portions=(renamed,))], [(DAY, DAY)])

    assert [each.names.kk for each in told.dishes] == ["Борщ", "Қызылша көже"]


def test_nothing_eaten_adds_up_to_nothing() -> None:
    told = statistics_of([], [(DAY, DAY)])

    assert (told.sums, told.dishes, told.categories, told.allergens) == (Sums(), [], [], [])


async def test_dishes_are_named_as_they_were_sold_with_a_sets_allergens(canteen: Canteen) -> None:
    services, school_id = canteen.services, canteen.school_id
    soup, bread = [await add_dish(services, SYSTEM, school_id, dish) for dish in (SOUP, BREAD)]
    lunch = DishGiven(Names("Түскі ас", "Обед", "Lunch"), SET, 577_00, parts=(soup, bread))
    await add_dish(services, SYSTEM, school_id, lunch, "set")
    sale = canteen.sold(0, 577_00)
    gone = canteen.sold(0, 100_00, meal="snack")
    unknown = canteen.sold(0, 50_00, meal="tea")
    await canteen.send(*sale, *gone, canteen.voided(gone[1], 100_00), canteen.refunded(sale[1], 77_00), *unknown)
    await canteen.send(*canteen.sold(0, 577_00, payment="free"), *canteen.sold(1, 577_00))
    await canteen.project()
    today = await today_of(services, school_id)
    await change_dish(services, SYSTEM, school_id, "set", replace(priced(lunch, 900_00), names=SNACK), today)

    meals = await meals_taken(canteen.pool, await person(canteen, 0), DAY, DAY)

    assert {(meal.meal, meal.payment.value, meal.paid_tiyn, meal.budget_tiyn, meal.is_void) for meal in meals} == {
        ("lunch", "account", 500_00, 0, False), ("snack", "account", 0, 0, True), ("tea", "account", 50_00, 0, False),
        ("lunch", "free", 0, 577_00, False),
    }  # fmt: skip
    (portion,) = next(meal.portions for meal in meals if meal.meal == "lunch")
    assert (portion.names.en, portion.price_tiyn, portion.allergens) == ("Lunch", 577_00, ("celery", "gluten"))
    assert next(meal.names.en for meal in meals if meal.meal == "tea") == "tea"
    assert await meals_taken(canteen.pool, await person(canteen, 0), DAY + timedelta(days=1), date.max) == []


async def test_what_accounts_paid_is_told_by_child_and_day(canteen: Canteen) -> None:
    gone = canteen.sold(1, 100_00)
    await canteen.send(*canteen.sold(0, 577_00), *canteen.sold(0, 80_00, meal="snack"), *gone)
    await canteen.send(canteen.voided(gone[1], 100_00), *canteen.sold(0, 5_000_00, payment="cash"))
    await canteen.project()
    first, second = await person(canteen, 0), await person(canteen, 1)

    spent = await spent_by(canteen.pool, [first, second], DAY, DAY)

    assert spent == {first: {DAY: 657_00}}


@pytest.mark.parametrize("text", ["MEALS", "LINES", "SPENT"])
async def test_statistics_are_read_on_their_indexes(canteen: Canteen, text: str) -> None:
    await canteen.pool.execute(
        """
        INSERT INTO meal_sale (school_id, id, device, epoch, seq, shift, meal, payment, person_id, is_known,
          amount_tiyn, full_tiyn, returned_tiyn, is_void, is_unconfirmed, clock, at, "on")
        SELECT $1, lpad(to_hex(n), 16, '0'), 'till-1', 'e', n, 's', 'lunch', 'account', p.id, true, 1, 1, 0, false,
          false, 'ntp', now(), '2026-01-01'::date + (n / 10)
        FROM (SELECT id FROM person WHERE ref = $2) p, generate_series(1, 6000) n
        """,
        canteen.school_id, canteen.refs[1],
    )  # fmt: skip
    await canteen.pool.execute(
        """
        INSERT INTO meal_line (school_id, sale, device, epoch, seq, dish, version, count, price_tiyn)
        SELECT $1, lpad(to_hex(n), 16, '0'), 'till-1', 'e', n, 'x', 1, 1, 1 FROM generate_series(1, 6000) n
        """,
        canteen.school_id,
    )
    await canteen.pool.execute("ANALYZE meal_sale; ANALYZE meal_line")
    statement = getattr(statistics, text)
    who: object = [await person(canteen, 1)] if text == "SPENT" else await person(canteen, 1)
    asked = (who, date(2026, 2, 2), date(2026, 2, 2), 5_000)  # a small part, as a child is of a school

    plan = await canteen.pool.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *asked)

    told = json.dumps(json.loads(plan))
    assert "what_did_this_person_eat" in told
    assert text != "LINES" or "what_is_in_this_sale" in told
    assert '"Seq Scan", "Parallel Aware": false, "Async Capable": false, "Relation Name": "meal_' not in told


async def person(canteen: Canteen, child: int) -> int:
    person_id: int = await canteen.pool.fetchval("SELECT id FROM person WHERE ref = $1", canteen.refs[child])
    return person_id
