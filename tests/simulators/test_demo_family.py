"""The demonstration's family has something on each of its pages, also in the evening and before a weekend."""

from datetime import timedelta

import pytest

from cloud.core.services import Services
from cloud.ledger.queries import held_for
from cloud.menu.preorders import orders_of
from cloud.menu.restrictions import held_of
from simulators.clock import SimulatedClock
from simulators.demo_family import LUNCHES, PAID_IN_TIYN, seed_family
from tests.cloud.menu.factory import Canteen


@pytest.mark.parametrize("hours", [0, 13, 3 * 24 + 13])  # in the morning, at eight in the evening, on a Friday's
async def test_a_family_has_paid_in_ordered_and_restricted(
    services: Services, clock: SimulatedClock, hours: int
) -> None:
    clock.advance(hours * 3_600)
    canteen = await Canteen(services).open()
    person_id, ref = await canteen.child()
    parent = await canteen.parent(person_id)
    for days in range(8):
        await canteen.offer("lunch", "tea", on=canteen.on + timedelta(days=days), sold="lunch")

    await seed_family(services, canteen.school_id, ref, parent)

    pool = services.database.pool
    ordered = await orders_of(pool, person_id, canteen.on, canteen.on + timedelta(days=8))
    limits = await held_of(pool, services.vault, person_id)
    assert await held_for(pool, person_id) == PAID_IN_TIYN
    assert [each.keys for each in ordered] == [(canteen.keys["lunch"],)] * LUNCHES
    assert (limits.day_limit_tiyn, limits.allergens) == (150_000, ("nuts",))
