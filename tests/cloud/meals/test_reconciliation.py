"""After an outage: what was sold alone, what collided, what the hub granted in vain, who owes by whose word."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.ledger.postings import OFFICE, top_up
from cloud.meals.reconciliation import Overruled, reconciliation_of
from cloud.menu.meals import USUAL, put_meal
from schemas.structs import Record
from tests.cloud.ledger.factory import posted
from tests.cloud.meals.factory import NOON, Canteen, overruled, sale_id
from tests.cloud.schools.factory import SYSTEM

TODAY = NOON.date()


@pytest.fixture(name="canteen")
async def _canteen(services: Services) -> AsyncIterator[Canteen]:
    canteen = await Canteen(services).open(tills=("till-1", "till-2"))
    yield canteen
    await canteen.close()


def alone(canteen: Canteen, child: int, price: int, payment: str = "account", **more: Any) -> list[Record]:
    return canteen.sold(child, price, payment=payment, unconfirmed=True, **more)


async def test_a_day_without_an_outage_has_nothing_to_be_put_right(canteen: Canteen) -> None:
    await posted(canteen.services, canteen.school_id, top_up("cash:1", NOON, canteen.refs[0], 900_00, OFFICE))
    sold = canteen.sold(0, 577_00)
    await canteen.send(canteen.claimed(0, sale_id(sold[1])), *sold)
    await canteen.project()

    assert (await reconciliation_of(canteen.services, SYSTEM, canteen.school_id, TODAY)).is_empty


async def test_an_outage_is_told_with_all_that_came_of_it(canteen: Canteen) -> None:
    for meal in USUAL:
        await put_meal(canteen.services, SYSTEM, canteen.school_id, meal)
    free = alone(canteen, 0, 577_00, "free")
    owing = alone(canteen, 1, 400_00)
    await canteen.send(*free, owing[0], overruled(owing[1]), owing[1], canteen.claimed(2, "f" * 16))
    await canteen.send(*alone(canteen, 0, 577_00, "free"), *canteen.sold(2, 50_00), till="till-2")
    await canteen.project()

    found = await reconciliation_of(canteen.services, SYSTEM, canteen.school_id, TODAY)

    assert [(each.device, each.count, each.by_right, each.amount_tiyn) for each in found.alone] == [
        ("till-1", 2, 1, 400_00), ("till-2", 1, 1, 0),
    ]  # fmt: skip
    assert [(each.devices, each.count, each.by_right) for each in found.collided] == [(["till-1", "till-2"], 2, 2)]
    assert [(each.meal["kk"], each.amount_tiyn) for each in found.in_vain] == [("Түскі ас", 577_00)]
    assert [each.meal["ru"] for each in found.collided] == ["Обед"]
    assert {each.ref: (each.owed_tiyn, each.overruled) for each in found.below} == {
        canteen.refs[1]: (400_00, [Overruled("", "no_money", "аш бала")]), canteen.refs[2]: (50_00, []),
    }  # fmt: skip


async def test_what_was_topped_up_the_day_after_does_not_hide_who_owed(canteen: Canteen) -> None:
    await canteen.send(*canteen.sold(1, 400_00))
    await canteen.project()
    paid = top_up("cash:2", NOON + timedelta(days=1), canteen.refs[1], 900_00, OFFICE)
    await posted(canteen.services, canteen.school_id, paid)

    of_day = await reconciliation_of(canteen.services, SYSTEM, canteen.school_id, TODAY)

    assert [each.owed_tiyn for each in of_day.below] == [400_00]


async def test_the_day_is_not_for_guards(canteen: Canteen) -> None:
    guard = Actor("Guard", None, frozenset({Reach(Role.GUARD, canteen.school_id)}))

    with pytest.raises(NotAllowed):
        await reconciliation_of(canteen.services, guard, canteen.school_id, TODAY)
