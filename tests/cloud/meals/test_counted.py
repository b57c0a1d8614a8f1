"""What the books know of each device is noted with the books, and told to tills with the balances, of one moment."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from cloud.core.services import Services
from cloud.ingest.cursor import advance
from cloud.meals.projection import Meals
from cloud.rosters.balances import balances_of
from tests.cloud.ingest.device import EPOCH
from tests.cloud.meals.factory import ALL, Canteen, shift

LUNCH = 57_700


@pytest.fixture(name="canteen")
async def _canteen(services: Services) -> AsyncIterator[Canteen]:
    canteen = await Canteen(services).open(tills=("till-1", "till-2"))
    yield canteen
    await canteen.close()


async def test_what_is_counted_is_what_was_met_of_each_till(canteen: Canteen) -> None:
    await canteen.send(shift("opened"), *canteen.sold(0, LUNCH))
    await canteen.send(*canteen.sold(1, LUNCH), canteen.refused(2, "no_money"), till="till-2")
    assert (await balances_of(canteen.pool, canteen.school_id)).counted == {}

    await canteen.project()

    found = await balances_of(canteen.pool, canteen.school_id)
    assert found.counted == {"till-1": [(EPOCH, 3)], "till-2": [(EPOCH, 3)]}
    assert found.held_tiyn == {canteen.refs[0]: -LUNCH, canteen.refs[1]: -LUNCH}


@pytest.mark.parametrize("most", [1, 2, 3])
async def test_at_every_step_of_the_projection_balances_and_what_is_counted_fit_together(
    canteen: Canteen, most: int
) -> None:
    for child in (0, 1, 2):
        await canteen.send(*canteen.sold(child, LUNCH))
    meals, seen = Meals(canteen.services), []
    while await advance(canteen.pool, meals, ALL, most):
        found = await balances_of(canteen.pool, canteen.school_id)
        ((_, upto),) = found.counted["till-1"]
        seen.append((upto // 2, -sum(found.held_tiyn.values()) // LUNCH))  # a sale is a line and itself

    assert seen[-1] == (3, 3)
    assert [sales for sales, _ in seen] == [paid for _, paid in seen]


async def test_a_round_that_fails_counts_nothing(canteen: Canteen, monkeypatch: pytest.MonkeyPatch) -> None:
    await canteen.send(*canteen.sold(0, LUNCH))
    monkeypatch.setattr("cloud.meals.counted._KEEP", "INSERT INTO nowhere SELECT $1, $2, $3, $4, $5")
    with pytest.raises(asyncpg.PostgresError):
        await canteen.project()

    assert (await balances_of(canteen.pool, canteen.school_id)).held_tiyn == {}
    monkeypatch.undo()
    await canteen.project()
    assert (await balances_of(canteen.pool, canteen.school_id)).counted == {"till-1": [(EPOCH, 2)]}


async def test_reading_the_log_anew_takes_nothing_back_of_what_is_counted(canteen: Canteen) -> None:
    await canteen.send(*canteen.sold(0, LUNCH), *canteen.sold(1, LUNCH))
    await canteen.project()
    again = Meals(canteen.services)
    again.name = "meals-again"

    await advance(canteen.pool, again, ALL, 1)

    assert (await balances_of(canteen.pool, canteen.school_id)).counted == {"till-1": [(EPOCH, 4)]}
