"""Data stay where the service runs: with the settings as they come it connects to its database and broker alone."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from structlog.testing import capture_logs

from cloud.app import create_app
from cloud.core.clock import SystemClock
from cloud.core.database import address
from cloud.core.services import Services
from cloud.core.settings_table import described
from cloud.core.sms_gateways import gateway_of
from cloud.ingest.senders import Senders
from cloud.monitoring.targets import targets_of
from cloud.notifications.channels.telegram_api import bot_of
from cloud.reports.sending import post_of
from tests.cloud.ingest.device import opened, tapped
from tests.cloud.ingest.rows import add_devices, eventually
from tests.cloud.test_worker import DEVICE, working
from tests.edge_agent.sync.live import Agent
from tests.servers.mosquitto import Mosquitto
from tests.waiting import until_async

HEARD = {"socket.connect": 1, "socket.sendto": 1, "socket.getaddrinfo": 0}  # where an event has its address
OWN_NAMES = {"127.0.0.1", "::1", "localhost", None}
_listeners: list[list[tuple[str, object]]] = []


def _hear(event: str, args: tuple[object, ...]) -> None:
    if _listeners and event in HEARD:
        _listeners[-1].append((event, args[HEARD[event]]))


sys.addaudithook(_hear)  # of Python itself, for as long as the process lasts


@contextmanager
def hearing() -> Iterator[list[tuple[str, object]]]:
    """Note where this process connects to, sends to, and which names it asks for."""
    heard: list[tuple[str, object]] = []
    _listeners.append(heard)
    try:
        yield heard
    finally:
        _listeners.remove(heard)


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    return SystemClock()


@pytest.mark.requirement("KZ456-3", part="residency")
async def test_with_the_settings_as_they_come_nothing_is_connected_to_but_database_and_broker(
    services: Services, mosquitto_server: Mosquitto
) -> None:
    pool = services.database.pool
    await add_devices(pool, services.vault, services.clock, DEVICE)
    agent = Agent([f"mqtt://127.0.0.1:{mosquitto_server.port}"])
    with hearing() as heard, capture_logs() as logs:
        async with working(services, mosquitto_server) as worker, agent.running():
            agent.append(opened(), tapped(1), tapped(2))
            await eventually(lambda: pool.fetchval("SELECT count(*) = 3 FROM record"))
            await until_async(lambda: worker._turn.has)
            senders = Senders(pool, services.vault, services.clock)
            for job in worker._scheduler(senders).get_jobs():  # also what is done once in a day
                await job.func()
            await _walk_pages(services)

    assert [each for each in logs if each["event"] == "work.failed"] == []
    reached = {place for event, place in heard if event != "socket.getaddrinfo"}
    assert reached == {("127.0.0.1", mosquitto_server.port), _place(services.database.url)}
    assert {name for event, name in heard if event == "socket.getaddrinfo"} <= OWN_NAMES


@pytest.mark.requirement("KZ456-3", part="residency")
def test_every_setting_that_leads_outside_is_empty_until_an_operator_sets_it(services: Services) -> None:
    settings = services.settings

    leading = {each.variable for each in described() if "://" in each.default and "//127.0.0.1" not in each.default}
    assert leading == {"ESIK_TELEGRAM_API"}, "and no bot speaks to it without a token:"
    assert bot_of(settings) is None
    assert (gateway_of(settings), post_of(settings), targets_of(settings)) == (None, None, {})
    assert (settings.syslog_url, settings.apprise_targets) == ("", "")


async def _walk_pages(services: Services) -> None:
    transport = httpx2.ASGITransport(create_app(services))
    async with httpx2.AsyncClient(transport=transport, base_url="https://esik.test") as http:
        for path in ("/health", "/sign-in", "/help", "/privacy"):
            answer = await http.get(path, headers={"accept": "text/html"})
            assert answer.status_code == 200, path


def _place(url: str) -> object:
    """Return how a socket is told where the database is."""
    at = address(url)
    return f"{at['host']}/.s.PGSQL.{at['port']}" if at["host"].startswith("/") else (at["host"], at["port"])
