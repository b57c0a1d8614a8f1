"""The office gives back for a meal and takes mistakes back: never more than remains, once, with a reason."""

from collections.abc import AsyncIterator

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.ledger.checking import check
from cloud.ledger.kinds import AccountKind
from cloud.ledger.notes import notes_of
from cloud.ledger.postings import OFFICE
from cloud.ledger.queries import balance_of, held_at
from cloud.ledger.reasons import FormSpoilt, ReasonMissing, TooMuch
from cloud.ledger.rules import SUBSIDY, Account
from cloud.meals.corrections import correctable_of, give_back, take_meal_back
from cloud.meals.odd import Kind, odd_counts
from cloud.meals.queries import day_of, shifts_of
from tests.cloud.meals.factory import NOON, Canteen, sale_id, shift
from tests.cloud.schools.factory import SYSTEM

TODAY = NOON.date()
WHY = "тамақ салқын болды"


@pytest.fixture(name="canteen")
async def _canteen(services: Services) -> AsyncIterator[Canteen]:
    canteen = await Canteen(services).open(tills=("till-1", "till-2"))
    yield canteen
    await canteen.close()


async def held(canteen: Canteen) -> int:
    return (await held_at(canteen.pool, canteen.school_id)).get(canteen.refs[0], 0)


async def test_a_part_is_given_back_once_and_never_more_than_remains(canteen: Canteen) -> None:
    services, school_id = canteen.services, canteen.school_id
    sold = canteen.sold(0, 577_00)
    await canteen.send(shift("opened"), *sold, shift("closed", 577_00, 1))
    await canteen.project()

    new = [
        await give_back(services, SYSTEM, school_id, canteen.refs[0], sale_id(sold[1]), 77_00, WHY, "a" * 32)
        for _ in range(2)
    ]
    with pytest.raises(TooMuch):
        await give_back(services, SYSTEM, school_id, canteen.refs[0], sale_id(sold[1]), 500_01, WHY, "b" * 32)

    assert new == [True, False]
    assert await held(canteen) == -500_00
    assert [each.paid_tiyn for each in await day_of(services, SYSTEM, school_id, TODAY)] == [500_00]
    assert [each.is_right for each in await shifts_of(services, SYSTEM, school_id, TODAY)] == [True]
    assert [each.why for each in await notes_of(services, SYSTEM, school_id)] == [WHY]
    assert await check(services, SYSTEM, school_id) == []


async def test_a_free_meal_that_nobody_ate_is_taken_back_from_the_budget_too(canteen: Canteen) -> None:
    services, school_id = canteen.services, canteen.school_id
    sold = canteen.sold(0, 577_00, 100_00, "subsidised")
    await canteen.send(*sold)
    await canteen.project()
    person_id = await canteen.pool.fetchval("SELECT id FROM person WHERE ref = $1", canteen.refs[0])
    (before,) = await correctable_of(canteen.pool, person_id, TODAY, TODAY)

    await take_meal_back(services, SYSTEM, school_id, canteen.refs[0], sale_id(sold[1]), WHY, "a" * 32)
    with pytest.raises(TooMuch):
        await take_meal_back(services, SYSTEM, school_id, canteen.refs[0], sale_id(sold[1]), WHY, "b" * 32)

    assert (before.remains_tiyn, before.full_tiyn) == (100_00, 577_00)
    assert await held(canteen) == 0
    assert await balance_of(canteen.pool, school_id, SUBSIDY) == 0
    assert await correctable_of(canteen.pool, person_id, TODAY, TODAY) == []


async def test_cash_is_given_back_out_of_the_offices_drawer(canteen: Canteen) -> None:
    sold = canteen.sold(-1, 400_00, payment="cash")
    await canteen.send(*sold)
    await canteen.project()

    await give_back(canteen.services, SYSTEM, canteen.school_id, "", sale_id(sold[1]), 150_00, WHY, "a" * 32)

    till = Account(AccountKind.CASH, "till-1")
    assert await balance_of(canteen.pool, canteen.school_id, OFFICE) == -150_00
    assert await balance_of(canteen.pool, canteen.school_id, till) == 400_00


async def test_a_tills_refund_that_comes_days_later_gives_only_what_is_left(canteen: Canteen) -> None:
    services, school_id = canteen.services, canteen.school_id
    sold = canteen.sold(0, 577_00)
    await canteen.send(*sold)
    await canteen.project()
    await give_back(services, SYSTEM, school_id, canteen.refs[0], sale_id(sold[1]), 500_00, WHY, "a" * 32)

    await canteen.send(canteen.refunded(sold[1], 400_00), till="till-2")
    await canteen.project()

    assert await held(canteen) == 0
    assert await odd_counts(services, SYSTEM, school_id, TODAY) == [(Kind.TOO_MUCH_BACK, 1)]
    assert await check(services, SYSTEM, school_id) == []


async def test_who_may_and_what_is_needed(canteen: Canteen) -> None:
    services, school_id = canteen.services, canteen.school_id
    sold = canteen.sold(0, 577_00)
    await canteen.send(*sold)
    await canteen.project()
    cook = Actor("Cook", None, frozenset({Reach(Role.CANTEEN, school_id), Reach(Role.DIRECTOR, school_id)}))
    of = sale_id(sold[1])

    with pytest.raises(NotAllowed):
        await give_back(services, cook, school_id, canteen.refs[0], of, 1_00, WHY, "a" * 32)
    with pytest.raises(ReasonMissing):
        await give_back(services, SYSTEM, school_id, canteen.refs[0], of, 1_00, "", "a" * 32)
    with pytest.raises(FormSpoilt):
        await take_meal_back(services, SYSTEM, school_id, canteen.refs[0], of, WHY, "")
    with pytest.raises(NotFound):
        await take_meal_back(services, SYSTEM, school_id, canteen.refs[0], "0" * 16, WHY, "a" * 32)
    for amount in (0, -1):
        with pytest.raises(TooMuch):
            await give_back(services, SYSTEM, school_id, canteen.refs[0], of, amount, WHY, "a" * 32)
    assert await held(canteen) == -577_00


async def test_a_sale_of_another_person_is_not_given_back(canteen: Canteen) -> None:
    sold = canteen.sold(0, 577_00)
    await canteen.send(*sold)
    await canteen.project()
    of, where = sale_id(sold[1]), (canteen.services, SYSTEM, canteen.school_id)

    for person in (canteen.refs[1], ""):
        with pytest.raises(NotFound):
            await give_back(*where, person, of, 1_00, WHY, "a" * 32)
        with pytest.raises(NotFound):
            await take_meal_back(*where, person, of, WHY, "a" * 32)

    assert await held(canteen) == -577_00
