"""From the bundle that the cloud writes to a card that opens the stranger's gate: registry, roster, HTTP and ingest."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest

from cloud.app import create_app, serve
from cloud.cards.actions import give_card
from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate, revoke
from cloud.people.actions import give_consent
from cloud.people.kinds import Purpose
from cloud.rosters.bundles import add_device
from schemas.requests import headers
from schemas.seal import HTTP, derive
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.contract.stranger import UID, stranger
from tests.contract.test_real_cloud import serving
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port

ROSTER = "/device/v1/roster?base=0"


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    """Let the cloud go by the real time, as the device does."""
    return SystemClock()


@dataclass(frozen=True, slots=True)
class Cloud:
    """The running cloud, and the bundle it wrote for one device."""

    services: Services
    bundle: dict[str, object]

    def signed(self, *, target: str = ROSTER, nonce: str = "0123456789abcdef", age_ms: int = 0) -> dict[str, str]:
        """Return the headers of a request as the device signs it."""
        key = derive(bytes.fromhex(str(self.bundle["secret"])), HTTP)
        now_ms = int(self.services.clock.now().timestamp() * 1000)
        return headers(key, str(self.bundle["device"]), "GET", target, nonce, now_ms - age_ms)

    async def get(self, made: dict[str, str], target: str = ROSTER) -> httpx2.Response:
        """Ask for a roster with these headers."""
        async with httpx2.AsyncClient(trust_env=False, timeout=10.0) as client:
            return await client.get(self.services.settings.public_url + target, headers=made)


@pytest.fixture(name="cloud")
async def _cloud(services: Services, mosquitto_server: Mosquitto) -> AsyncIterator[Cloud]:
    """Serve the cloud's HTTP and ingest, for a school with one student, one card and one device."""
    port = free_port()
    settings = replace(
        services.settings,
        http_port=port,
        public_url=f"http://127.0.0.1:{port}",
        device_mqtt_url=f"mqtt://127.0.0.1:{mosquitto_server.port}",
    )
    services = replace(services, settings=settings)
    school_id = await a_school(services)
    student = await a_student(services, school_id)
    await give_consent(services, SYSTEM, student, Purpose.CARD, services.clock.now().date(), "paper of today")
    await give_card(services, SYSTEM, student, UID)
    new = NewDevice("almaty5-gate-1", [NewGate("main", "Қақпа", "Вход", "Gate")])
    bundle = json.loads(await add_device(services, SYSTEM, "almaty5", new))
    web = asyncio.create_task(serve(create_app(services)), name="web")
    async with serving(services, mosquitto_server):
        yield Cloud(services, bundle)
    web.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await web


@pytest.mark.requirement("KZ456-5.4")
async def test_a_card_given_in_the_office_opens_a_strangers_gate(cloud: Cloud, tmp_path: Path) -> None:
    async with stranger(tmp_path / "journal", cloud.bundle) as device:
        await device.until(lambda it: it.told("roster"), "the roster")
        device.tap()
        await device.until(lambda it: it.told("committed", upto=2), "the decision to be committed")

        assert device.told("decided") == [{"event": "decided", "reason": "ok"}]
        row = await cloud.services.database.pool.fetchrow("SELECT kind, record FROM record WHERE seq = 2")
        assert row["kind"] == "decision"
        assert row["record"] == device.records()[1][2]


async def test_a_request_the_device_signed_brings_the_roster(cloud: Cloud) -> None:
    answer = await cloud.get(cloud.signed())

    assert answer.status_code == 200
    assert json.loads(answer.content.split(b"\n")[0])["school"] == "almaty5"


@pytest.mark.requirement("KZ456-5.5")
@pytest.mark.parametrize("altered", ["target", "Esik-Device", "Esik-Nonce", "Esik-Time", "Esik-Signature"])
async def test_a_request_that_was_altered_on_the_way_is_refused(cloud: Cloud, altered: str) -> None:
    made = cloud.signed()
    if altered != "target":
        made[altered] = made[altered][:-1] + ("0" if made[altered][-1] != "0" else "1")

    answer = await cloud.get(made, ROSTER if altered != "target" else "/device/v1/roster?base=1")

    assert answer.status_code == 401
    assert b"almaty5" not in answer.content


@pytest.mark.requirement("KZ456-5.5")
async def test_a_request_that_was_overheard_is_worth_nothing_a_second_time(cloud: Cloud) -> None:
    made = cloud.signed()
    first = await cloud.get(made)

    again = await cloud.get(made)

    assert (first.status_code, again.status_code) == (200, 401)


async def test_a_request_of_days_ago_and_one_of_a_revoked_device_are_refused(cloud: Cloud) -> None:
    old = await cloud.get(cloud.signed(age_ms=3 * 86_400_000))
    await revoke(cloud.services, SYSTEM, "almaty5-gate-1")

    late = await cloud.get(cloud.signed(nonce="fedcba9876543210"))

    assert (old.status_code, late.status_code) == (401, 403)
