"""A parent turns notices on in a real Firefox and is told of a meal: page, push service, worker, receipt."""

import asyncio
import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cloud.core.services import Services
from cloud.notifications.kinds import Detail, Kind, Named
from tests.cloud.notifications.channels.factory import Told, told
from tests.cloud.notifications.channels.push_factory import pushing
from tests.cloud.notifications.factory import Parent
from tests.cloud.serving import served
from tests.servers.firefox import firefox

WAIT_S, PAUSE_S = 90.0, 0.1
LUNCH = Detail(meal=Named("Түскі ас", "Обед", "Lunch"), payment="free", dishes=(Named("Плов", "Плов", "Pilaf"),))
_SESSION = "INSERT INTO sign_in (account_id, token_digest, created_at, expires_at) VALUES ($1, $2, $3, $4)"
_ROLE = "INSERT INTO grant_of_role (account_id, school_id, role) VALUES ($1, $2, 'guardian')"
_SHOWN = """
navigator.serviceWorker.ready.then((worker) => worker.getNotifications())
  .then((all) => all.map((each) => [each.lang, each.body]))
"""


@pytest.mark.requirement("KZ456-33-1.5")
async def test_a_firefox_that_was_turned_on_shows_what_a_child_ate_and_says_that_it_did(
    services: Services, tmp_path: Path
) -> None:
    async with (
        pushing(services) as at,
        told(at.services, at.sender) as school,
        served(at.services) as address,
        firefox(tmp_path, f"ws://{at.place}/") as browser,
    ):
        parent = await school.parent(0, channels=())
        await school.pool.execute("UPDATE account SET language = 'ru' WHERE id = $1", parent.account_id)
        await browser.add_cookie("esik_session", await a_session(school, parent))
        await browser.open(f"{address}/notices/ways")
        await browser.ask("document.querySelector('form[data-push] button').click()")
        label = await eventually(school, "SELECT label FROM channel_address WHERE channel = 'webpush'")

        await school.tell(replace(await school.fact(kind=Kind.MEAL_TAKEN), detail=LUNCH))
        await school.deliver()

        await eventually(school, "SELECT id FROM delivery WHERE state = 'confirmed'")
        ((language, body),) = await browser.ask(_SHOWN)
    assert str(label).startswith("Firefox")
    assert at.push.refused == []
    assert language == "ru"
    assert "выдано «Обед» — Плов. Питание бесплатное." in body
    assert len(at.socket.acknowledged) == 1, "the browser has read it"


async def a_session(school: Told, parent: Parent) -> str:
    """Sign a parent in."""
    token, now = secrets.token_urlsafe(32), school.services.clock.now()
    digest = hashlib.sha256(token.encode()).hexdigest()
    await school.pool.execute(_ROLE, parent.account_id, school.canteen.school_id)
    await school.pool.execute(_SESSION, parent.account_id, digest, now, now + timedelta(days=1))
    return token


async def eventually(school: Told, query: str) -> object:
    """Return a query's value as soon as there is one."""
    async with asyncio.timeout(WAIT_S):
        while (value := await school.pool.fetchval(query)) is None:  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(PAUSE_S)
    return value
