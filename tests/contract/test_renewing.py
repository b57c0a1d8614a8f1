"""The agent renews its certificate at the project's own cloud and comes to its broker with it, all over real TLS."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from cloud.app import create_app, serve
from cloud.brokers import mosquitto as broker_files
from cloud.brokers.mosquitto import MosquittoPlace
from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate, revoke
from cloud.devices.ca import init
from cloud.ingest.transport import BrokerAddress
from cloud.rosters.bundles import add_device
from edge_agent.agent import Agent, Ending
from edge_agent.bundle import read_bundle
from edge_agent.certificates import BEFORE, Held
from edge_agent.core import Core, Given
from edge_agent.renewing import LOOK_S
from edge_agent.settings import load
from edge_agent.status.snapshot import CertificateStatus
from edge_agent.systemd import Notifier
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.contract.test_real_cloud import serving
from tests.edge_agent.issuing import key_of, serial_in
from tests.servers.mosquitto import Mosquitto, mosquitto
from tests.servers.process import free_port
from tests.waiting import until_async

DEVICE = "almaty5-gate-1"
DAY = timedelta(days=1)
A_LITTLE_S = 0.05
LISTENER = ("cafile", "crlfile", "certfile", "keyfile", "require_certificate", "use_identity", "acl_file", "allow_")
SETTINGS = """
bundle = "bundle.json"
folder = "kept"
readers = [{ name = "main-in", driver = "replay", path = "TAPS" }]
status = { is_on = false }
[[gates]]
id = "main"
readers = [{ name = "main-in", direction = "in" }]
actuator = { kind = "none" }
"""


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    """Let the cloud go by the real time, as OpenSSL does."""
    return SystemClock()


@dataclass(slots=True)
class Cloud:
    """The cloud's pages and its broker; its ingest comes and goes."""

    services: Services
    broker: Mosquitto
    address: BrokerAddress
    folder: Path

    def ingest(self) -> contextlib.AbstractAsyncContextManager[object]:
        return serving(self.services, self.broker, self.address)

    async def bundle(self, issued_at: datetime) -> None:
        """Write the bundle of a device that was added at an instant."""
        then = replace(self.services, clock=SimulatedClock(issued_at))
        new = NewDevice(DEVICE, [NewGate("main", "Қақпа", "Вход", "Gate")])
        path = self.folder / "bundle.json"
        path.write_bytes(await add_device(then, SYSTEM, "almaty5", new))
        path.chmod(0o600)

    async def records(self) -> int:
        count: int = await self.services.database.pool.fetchval("SELECT count(*) FROM record")
        return count


@pytest.fixture(name="cloud")
async def _cloud(services: Services, tmp_path: Path) -> AsyncIterator[Cloud]:
    """Serve the pages, and mosquitto with the configuration that `esik cloud broker` writes."""
    port, http_port, now = free_port(), free_port(), services.clock.now()
    settings = replace(
        services.settings, http_port=http_port, public_url=f"http://127.0.0.1:{http_port}",
        device_mqtt_url=f"mqtts://localhost:{port}",
    )  # fmt: skip
    services = replace(services, settings=settings)
    init(settings.data / "ca", services.vault, now - 90 * DAY)
    await a_school(services)
    place = MosquittoPlace(tmp_path / "broker", port, ("localhost",))
    files = await broker_files.write(services, place, now)
    written = (place.folder / "mosquitto.conf").read_text().splitlines()
    address = BrokerAddress.parse(
        f"mqtts://localhost:{port}", ca=settings.data / "ca" / "root.pem", certificate=files.ingest_certificate,
        key=files.ingest_key,
    )  # fmt: skip
    web = asyncio.create_task(serve(create_app(services)), name="web")
    with mosquitto([line for line in written if line.startswith(LISTENER)], port) as broker:
        yield Cloud(services, broker, address, tmp_path)
    web.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await web


@dataclass(slots=True)
class Gate:
    """A whole agent, whose clock goes on when it is told to."""

    agent: Agent
    clock: SimulatedClock

    @property
    def newest(self) -> Held:
        newest = self.agent.core.certificates.newest
        assert newest is not None
        return newest

    @property
    def is_old_kept(self) -> bool:
        return (self.agent.core.certificates.files.ca.parent / BEFORE).exists()

    @property
    def status(self) -> CertificateStatus:
        status = self.agent.renewal.status()
        assert status is not None
        return status

    async def welcomed(self, serial: str) -> None:
        """Wait until the cloud has welcomed it with this certificate; a first hello may come before anybody listens."""
        uplink = self.agent.uplink

        def is_welcomed() -> bool:
            self.clock.advance(A_LITTLE_S)
            return uplink.is_welcomed and uplink.serial == serial

        await until_async(is_welcomed, 20, f"a welcome, {uplink.last_error}")

    async def looks_until(self, happened: Callable[[], bool], what: str) -> None:
        """Let its time go on until something has happened."""

        def has_happened() -> bool:
            if not happened():
                self.clock.advance(LOOK_S)
                return False
            return True

        await until_async(has_happened, 20, what)


@contextlib.asynccontextmanager
async def running(cloud: Cloud) -> AsyncIterator[Gate]:
    """Run the agent of the bundle that was written."""
    taps = cloud.folder / "taps"
    (cloud.folder / "agent.toml").write_text(SETTINGS.replace("TAPS", str(taps)))
    taps.write_text(json.dumps({"at_ms": 0, "credential": "04A1B2C3D4E5F6", "medium": "uid"}))
    clock, ending = SimulatedClock(cloud.services.clock.now()), Ending()
    settings, bundle = load(cloud.folder / "agent.toml"), read_bundle(cloud.folder / "bundle.json")
    settings.folder.mkdir()
    agent = Agent(Core(Given(settings, bundle, clock, Random(1), "0.1.0", Notifier(""))), ending, 0)
    await agent.core.remember_the_past()
    living: Awaitable[None] = asyncio.create_task(agent.live(), name="agent")
    try:
        yield Gate(agent, clock)
    finally:
        ending.stop()
        await living


async def test_fault_41_past_half_its_life_a_certificate_is_renewed_and_the_old_one_let_go_after_the_welcome(
    cloud: Cloud,
) -> None:
    await cloud.bundle(cloud.services.clock.now() - 18 * DAY)
    async with running(cloud) as gate, contextlib.AsyncExitStack() as stack:
        old, key = gate.newest, key_of(gate.agent.core.given.bundle)
        await stack.enter_async_context(cloud.ingest())
        await gate.welcomed(old.serial)

        await gate.looks_until(lambda: gate.newest != old, "a new certificate")
        await gate.welcomed(old.serial)
        kept_at_first = gate.is_old_kept
        await stack.aclose()
        await gate.looks_until(lambda: not gate.agent.uplink.is_welcomed, "the connection to be made anew")
        await until_async(lambda: gate.agent.uplink.serial == gate.newest.serial, what="a connection with the new one")
        await gate.agent.renewal.look()
        kept_until_welcomed = gate.is_old_kept
        await stack.enter_async_context(cloud.ingest())
        gate.agent.uplink.reconnect()
        await gate.welcomed(gate.newest.serial)
        await gate.looks_until(lambda: not gate.is_old_kept, "the old one to be let go")

        row = await cloud.services.database.pool.fetchrow("SELECT certificate_serial, certificate_until FROM device")
        shown = gate.agent.core.certificates.files
        assert (kept_at_first, kept_until_welcomed) == (True, True)
        assert row["certificate_serial"] == gate.newest.serial == serial_in(shown.certificate)
        assert row["certificate_until"] - cloud.services.clock.now() > 29 * DAY
        assert key_of(replace(gate.agent.core.given.bundle, key_pem=shown.key.read_text())) == key
        assert gate.status.trouble == ""


async def test_fault_41_a_device_whose_certificate_ended_is_refused_renews_it_and_brings_its_records(
    cloud: Cloud,
) -> None:
    await cloud.bundle(cloud.services.clock.now() - 45 * DAY)
    async with cloud.ingest(), running(cloud) as gate:
        old = gate.newest
        await until_async(lambda: gate.agent.uplink.last_error, what="the broker's refusal")
        before = await cloud.records()

        await gate.looks_until(lambda: gate.newest != old, "a new certificate")
        await gate.welcomed(gate.newest.serial)
        await gate.looks_until(lambda: not gate.is_old_kept and not gate.agent.core.journal.held, "all to be sent")

        assert before == 0
        assert await cloud.records() >= 1


async def test_fault_41_a_revoked_device_gets_no_certificate_and_knows_why(cloud: Cloud) -> None:
    await cloud.bundle(cloud.services.clock.now() - 18 * DAY)
    await revoke(cloud.services, SYSTEM, DEVICE)
    async with running(cloud) as gate:
        await gate.looks_until(lambda: gate.status.trouble != "", "an answer")

        assert gate.status.trouble == "device_revoked"
        assert not gate.is_old_kept
        assert await cloud.services.database.pool.fetchval("SELECT count(*) FROM device_certificate") == 1
