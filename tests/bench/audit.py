"""What is measured of the audit journal: how much of a write's cost it is, its link in the chain with it."""

import time
from collections.abc import Awaitable, Callable

from cloud.accounts.actions import audit
from cloud.cards.actions import block_card, free_card, give_card
from cloud.core.database import raw
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.people.kinds import CHANGED
from tests.bench.ledger import with_services
from tests.bench.table import Figure, at_most, percentile
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.servers.postgres import Durability

WRITES, WARM = 300, 30
TURN = "UPDATE card SET changed_at = $2 WHERE id = $1"


def journal_beside_a_write() -> list[Figure]:
    """Compare the same write with and without its entry, in turns, on one connection at a time."""
    return with_services(_measured, Durability.FULL)


async def _measured(services: Services) -> list[Figure]:
    school_id = await a_school(services)
    card_id = await give_card(services, SYSTEM, await a_student(services, school_id), "04A1B2C3D4E5F6")
    bare: list[float] = []
    noted: list[float] = []
    whole: list[float] = []
    for number in range(WRITES + WARM):
        block = block_card if number % 2 == 0 else free_card
        for samples, work in (
            (bare, lambda: _write(services, school_id, card_id, is_noted=False)),
            (noted, lambda: _write(services, school_id, card_id, is_noted=True)),
            (whole, lambda block=block: block(services, SYSTEM, card_id)),
        ):
            took_ms = await _timed(work)
            if number >= WARM:
                samples.append(took_ms)
    part_ms = percentile(noted, 0.5) - percentile(bare, 0.5)
    both = f"{percentile(noted, 0.5):.2f} and {percentile(bare, 0.5):.2f} ms"
    method = (
        f"medians of {WRITES} in turns on a server that syncs: the same change of a card with and without its entry "
        f"and link ({both}), beside blocking a card as pages do it"
    )
    share = 100 * part_ms / percentile(whole, 0.5)
    return [at_most("audit journal, of a write's cost", share, "%", method, ceiling=10)]


async def _write(services: Services, school_id: int, card_id: int, *, is_noted: bool) -> None:
    async with services.database.transaction() as connection:
        await raw(connection).execute(TURN, card_id, services.clock.now())
        if is_noted:
            await audit(connection, SYSTEM, "card.blocked", f"card:{card_id}", school_id=school_id)
        await notify(connection, CHANGED, str(school_id))


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    began_s = time.perf_counter()
    await work()
    return 1_000 * (time.perf_counter() - began_s)


MEASUREMENTS = (journal_beside_a_write,)
