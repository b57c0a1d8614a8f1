"""A card sells at a real till, and the parent's open page tells of it by itself: reader, agent, broker, cloud, page."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from cloud.core.services import Services
from tests.edge_agent.school_kit import AgentKit
from tests.edge_agent.till.till_kit import TillKit
from tests.journeys.test_canteen import FREE_CARD, LUNCH_TIYN, PAYING_CARD, WAIT_S, School, _clock, _school

__all__ = ["_clock", "_school"]  # fixtures, found by their names
TOKEN = "token-of-the-parent"
_SESSION = """
INSERT INTO sign_in (account_id, token_digest, created_at, expires_at) VALUES ($1, $2, $3, $4)
"""


@pytest.mark.requirement("KZ456-33-1.5")
async def test_a_parents_open_page_tells_what_the_till_gave_and_refused_without_a_reload(
    school: School, tmp_path: Path
) -> None:
    folder = tmp_path / "till"
    folder.mkdir()
    (folder / "bundle.json").write_bytes(school.bundle)
    (folder / "bundle.json").chmod(0o600)
    till = TillKit(AgentKit(folder, []))
    await _sign_in(school)

    try:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(
                _watched(school.services, ("It was free", "from the account", "was not sold", "is left on"))
            )
            await asyncio.to_thread(_serve, till, school.cashier)
    finally:
        await asyncio.to_thread(till.kit.server.stop)

    page = watching.result()
    assert "was given “Lunch”: Lunch 1-4. It was free." in page
    assert "was given “Lunch”: Lunch 1-4. 577" in page
    assert "was taken from the account." in page
    assert "“Lunch” was not sold to" in page
    assert "It had been given already that day." in page
    assert "is left on the canteen account" in page


async def _sign_in(school: School) -> None:
    """Give both children one mother, who has signed in."""
    pool, now = school.services.database.pool, school.services.clock.now()
    await school.canteen.parent(school.free)
    mother = await school.canteen.parent(school.paying)
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    await pool.execute("UPDATE account SET must_change = false WHERE id = $1", mother.account_id)
    await pool.execute(_SESSION, mother.account_id, digest, now, now + timedelta(days=1))


async def _watched(services: Services, words: tuple[str, ...]) -> str:
    """Keep the page of notices open until it shows all of these words, and return what it shows."""
    headers = {"cookie": f"esik_session={TOKEN}", "accept-language": "en"}
    async with (
        asyncio.timeout(2 * WAIT_S),
        httpx2.AsyncClient(
            base_url=services.settings.public_url, headers=headers, timeout=WAIT_S, trust_env=False
        ) as http,
        http.stream("GET", "/notices/live") as answer,
    ):
        shown = ""
        async for line in answer.aiter_lines():
            shown = "" if line.startswith("id:") else f"{shown}\n{line}"
            if not line and all(word in shown for word in words):
                return shown
    raise AssertionError(f"the page never showed {words}")


def _serve(till: TillKit, cashier: str) -> None:
    """Start the till, give a lunch for free, sell one, and refuse a second free one."""
    till.kit.server.start()
    till.open(cashier)
    assert till.act("meal", meal="lunch") == 200
    assert till.sell(till.show(FREE_CARD, "Give for free")) == 200
    assert till.sell(till.show(PAYING_CARD, "1\N{NARROW NO-BREAK SPACE}000"), LUNCH_TIYN) == 200
    assert till.sell(till.show(FREE_CARD, "Already had it today"), LUNCH_TIYN) != 200
