"""What is measured of notices: how many a second are decided and written, from meals and the ledger to the outbox."""

import random
import time

from cloud.core.services import Services
from tests.bench.ledger import with_services
from tests.bench.table import Figure
from tests.cloud.meals.factory import Canteen
from tests.cloud.notifications.factory import a_parent, tell_all

CHILDREN, SALES = 100, 2_000


def notices_a_second() -> list[Figure]:
    """Tell two guardians of each child what a lunch hour of two thousand sales brought."""
    return with_services(_measured)


async def _measured(services: Services) -> list[Figure]:
    canteen, rng = await Canteen(services).open(CHILDREN), random.Random(1)
    for child in range(CHILDREN):
        await a_parent(canteen, child)
        await a_parent(canteen, child)
    sold = [canteen.sold(rng.randrange(CHILDREN), rng.randrange(1, 900_00)) for _ in range(SALES)]
    for start in range(0, SALES, 100):
        await canteen.send(*(record for each in sold[start : start + 100] for record in each))
    await canteen.project(250)
    began_s = time.perf_counter()
    await tell_all(services)
    took_s = time.perf_counter() - began_s
    told = await canteen.pool.fetchval("SELECT count(*) FROM outbox")
    assert told >= 2 * SALES, "somebody was not told"
    await canteen.close()
    method = (
        f"{SALES} sales of {CHILDREN} children with two guardians each: {told} notices, with their places and wake-ups"
    )
    return [Figure("notices decided and written", told / took_s, "notices/s", method)]


MEASUREMENTS = (notices_a_second,)
