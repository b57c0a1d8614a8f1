"""What is measured of the audit journal: how much of a write's cost it is, its link in the chain with it."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx2

from cloud.accounts.actions import audit
from cloud.accounts.web import HOST_COOKIE
from cloud.app import create_app
from cloud.cards.actions import block_card, give_card
from cloud.core.database import raw
from cloud.core.logs import configure
from cloud.core.services import Services
from cloud.core.settings import Mfa
from cloud.core.wakeups import notify
from cloud.people.actions import changed_at
from tests.bench.ledger import with_services
from tests.bench.table import Figure, at_most, percentile
from tests.cloud.accounts.factory import Somebody, somebody
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM
from tests.servers.postgres import Durability

WRITES, WARM = 300, 30
WHERE = "SELECT code, ref FROM person JOIN school ON school.id = school_id WHERE person.id = $1"
TURN = "UPDATE card SET changed_at = $2 WHERE id = $1"


def journal_beside_a_write() -> list[Figure]:
    """Compare the same write with and without its entry, in turns, on one connection at a time."""
    return with_services(_measured, Durability.FULL)


async def _measured(services: Services) -> list[Figure]:
    configure("warning", "text")
    services = replace(services, settings=replace(services.settings, mfa=Mfa.OPTIONAL))
    office = await somebody(services)
    school_id = office.school_id
    person_id = await a_student(services, school_id)
    card_id = await give_card(services, SYSTEM, person_id, "04A1B2C3D4E5F6")
    page = await _page_of(services, office, person_id, card_id)
    bare: list[float] = []
    noted: list[float] = []
    whole: list[float] = []
    asked: list[float] = []
    for number in range(WRITES + WARM):
        for samples, work in (
            (bare, lambda: _write(services, school_id, card_id, is_noted=False)),
            (noted, lambda: _write(services, school_id, card_id, is_noted=True)),
            (whole, lambda: block_card(services, SYSTEM, card_id)),
            (asked, lambda: page("free")),
        ):
            took_ms = await _timed(work)
            if number >= WARM:
                samples.append(took_ms)
    part_ms = percentile(noted, 0.5) - percentile(bare, 0.5)
    both = f"{percentile(noted, 0.5):.2f} and {percentile(bare, 0.5):.2f} ms"
    method = (
        f"medians of {WRITES} in turns on a server that syncs: the same change of a card with and without its entry "
        f"and link ({both}), beside"
    )
    of_the_write, of_the_page = (100 * part_ms / percentile(each, 0.5) for each in (whole, asked))
    return [
        at_most(
            "audit journal, of a write's statements", of_the_write, "%",
            f"{method} what blocking a card does at the database ({percentile(whole, 0.5):.2f} ms)",
            ceiling=10,
        ),
        at_most(
            "audit journal, of a write's cost", of_the_page, "%",
            f"{method} freeing it by the office's page, without a network ({percentile(asked, 0.5):.2f} ms)",
            ceiling=10,
        ),
    ]  # fmt: skip


async def _page_of(
    services: Services, office: Somebody, person_id: int, card_id: int
) -> Callable[[str], Awaitable[None]]:
    """Return what asks the application, within this process, to do something with the card."""
    code, ref = await services.database.pool.fetchrow(WHERE, person_id)
    http = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(create_app(services)), base_url=services.settings.public_url,
        headers={"origin": services.settings.public_url, "cookie": f"{HOST_COOKIE}={office.token}"},
    )  # fmt: skip

    async def ask(act: str) -> None:
        answer = await http.post(f"/schools/{code}/people/{ref}/cards/{card_id}/{act}")
        assert answer.status_code == httpx2.codes.SEE_OTHER, answer.status_code

    return ask


async def _write(services: Services, school_id: int, card_id: int, *, is_noted: bool) -> None:
    async with services.database.transaction() as connection:
        await raw(connection).execute(TURN, card_id, services.clock.now())
        if not is_noted:
            await notify(connection, *changed_at(school_id))
            return
        await audit(
            connection, SYSTEM, "card.blocked", f"card:{card_id}", school_id=school_id, wakes=changed_at(school_id)
        )


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    began_s = time.perf_counter()
    await work()
    return 1_000 * (time.perf_counter() - began_s)


MEASUREMENTS = (journal_beside_a_write,)
