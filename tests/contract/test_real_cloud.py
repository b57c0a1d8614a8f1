"""The stranger's device and the project's own cloud, which share nothing but the published contract."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import asyncpg
import pytest

from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.ingest.intake import Intake
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from cloud.ingest.store import StoreFailed
from cloud.ingest.transport import BrokerAddress, LinkLost
from schemas import topics
from schemas.codec import BATCH_BYTES_MAX
from schemas.seal import seal
from tests.cloud.ingest.device import Device
from tests.cloud.ingest.rows import add_devices
from tests.contract.stranger import Stranger, bundle, stranger
from tests.contract.wiretap import Wiretap
from tests.edge_agent.sync.model import IDENTITY, SECRET
from tests.servers.mosquitto import Mosquitto
from tests.waiting import until_async

REC = topics.topic(IDENTITY.shard, IDENTITY.school, IDENTITY.device, topics.REC)
ACK = topics.topic(IDENTITY.shard, IDENTITY.school, IDENTITY.device, topics.ACK)


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    """Let the cloud go by the real time, as the device does."""
    return SystemClock()


@dataclass(frozen=True, slots=True)
class Line:
    """A device, a cloud, and somebody on the wire between them."""

    device: Stranger
    wiretap: Wiretap
    pool: asyncpg.Pool

    async def records(self) -> list[tuple[str, int, bytes]]:
        """Return what the cloud has, in order."""
        rows = await self.pool.fetch("SELECT epoch, seq, record FROM record ORDER BY epoch, seq")
        return [(row["epoch"], row["seq"], row["record"]) for row in rows]

    async def alarms(self) -> list[str]:
        """Return what a person at the cloud is alarmed of."""
        return [row["kind"] for row in await self.pool.fetch("SELECT kind FROM alarm ORDER BY kind")]

    async def commits(self, count: int) -> None:
        """Wait until the device knows that so many of its records are committed."""
        await self.device.until(
            lambda it: any(event["upto"] >= count for event in it.told("committed")), f"{count} records to be committed"
        )


@contextlib.asynccontextmanager
async def line(services: Services, broker: Mosquitto, folder: Path) -> AsyncIterator[Line]:
    """Put the line together: registry, ingest on the broker, the device; the device's first record is committed."""
    device = Device(IDENTITY.device, school=IDENTITY.school, shard=IDENTITY.shard, secret=SECRET)
    await add_devices(services.database.pool, services.vault, services.clock, device)
    async with (
        serving(services, broker),
        Wiretap(broker.port).listening(REC, ACK) as wiretap,
        stranger(folder, bundle(broker.port)) as one,
    ):
        found = Line(one, wiretap, services.database.pool)
        await found.commits(1)
        yield found


@contextlib.asynccontextmanager
async def serving(services: Services, broker: Mosquitto, address: BrokerAddress | None = None) -> AsyncIterator[Intake]:
    """Run the cloud's ingest until the end of the block; without an address it comes to the broker without TLS."""
    store = PgStore(services.database.url, Senders(services.database.pool, services.vault, services.clock))
    address = address or BrokerAddress("127.0.0.1", broker.port)
    intake = Intake(store, address, services.clock, Random(1), "ingest")
    task = asyncio.create_task(intake.run(range(topics.SHARDS)), name="ingest")
    try:
        await until_async(lambda: intake.is_listening or task.done(), what="ingest to listen")
        yield intake
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, LinkLost, StoreFailed):
            await task
        await store.close()


@pytest.mark.requirement("KZ456-5.4")
@pytest.mark.requirement("KZ456-7")
async def test_a_device_that_knows_only_the_published_formats_brings_every_tap(
    services: Services, mosquitto_server: Mosquitto, tmp_path: Path
) -> None:
    async with line(services, mosquitto_server, tmp_path / "journal") as it:
        for _ in range(30):
            it.device.tap()
        await it.commits(31)

        assert await it.records() == it.device.records()
        assert await it.alarms() == []


@pytest.mark.requirement("KZ456-5.5")
async def test_a_message_that_was_altered_on_the_way_is_refused_and_the_true_one_stored_once(
    services: Services, mosquitto_server: Mosquitto, tmp_path: Path
) -> None:
    async with line(services, mosquitto_server, tmp_path / "journal") as it:
        it.device.tap()
        await it.commits(2)
        true = [payload for topic, payload in it.wiretap.heard if topic == REC][-1]

        await it.wiretap.say(REC, true.replace(b'"denied"', b'"allowed"').replace(b'"s":2', b'"s":3'))

        await it.device.until(lambda device: device.told("nack", code="seal"), "the cloud's refusal")
        assert await it.records() == it.device.records()
        assert await it.alarms() == ["seal_broken"]


@pytest.mark.requirement("KZ456-5.5")
async def test_an_acknowledgement_that_was_forged_or_altered_on_the_way_forgets_nothing(
    services: Services, mosquitto_server: Mosquitto, tmp_path: Path
) -> None:
    async with line(services, mosquitto_server, tmp_path / "journal") as it:
        true = [payload for topic, payload in it.wiretap.heard if topic == ACK][-1]
        uplink = IDENTITY.uplink_key
        await it.wiretap.say(ACK, true.replace(b'"u":1', b'"u":9'))
        await it.wiretap.say(ACK, seal(uplink, b'{"k":"ack","e":"0123456789abcdef","u":9,"d":"' + b"0" * 32 + b'"}'))

        await it.device.until(lambda device: len(device.told("ignored", why="seal")) == 2, "both to be ignored")
        it.device.tap()
        await it.commits(2)
        assert await it.records() == it.device.records()


async def test_a_batch_that_is_replayed_is_acknowledged_and_stored_once(
    services: Services, mosquitto_server: Mosquitto, tmp_path: Path
) -> None:
    async with line(services, mosquitto_server, tmp_path / "journal") as it:
        it.device.tap()
        await it.commits(2)
        batches = [payload for topic, payload in it.wiretap.heard if topic == REC]
        acks = sum(topic == ACK for topic, _ in it.wiretap.heard)

        for _ in range(2):
            for batch in batches:
                await it.wiretap.say(REC, batch)

        await until_async(lambda: sum(topic == ACK for topic, _ in it.wiretap.heard) > acks, what="an ack again")
        assert await it.records() == it.device.records()
        assert await it.alarms() == []


async def test_a_sealed_message_that_is_malformed_is_refused_with_a_reason_and_stops_nothing(
    services: Services, mosquitto_server: Mosquitto, tmp_path: Path
) -> None:
    async with line(services, mosquitto_server, tmp_path / "journal") as it:
        await it.wiretap.say(REC, seal(IDENTITY.uplink_key, b'{"k":"batch","dv":"gate-1"}'))

        await it.device.until(lambda device: device.told("nack", code="malformed"), "the cloud's refusal")
        it.device.tap()
        await it.commits(2)
        assert await it.records() == it.device.records()


async def test_a_batch_that_is_too_large_is_refused_with_a_reason_and_stops_nothing(
    services: Services, mosquitto_server: Mosquitto, tmp_path: Path
) -> None:
    async with line(services, mosquitto_server, tmp_path / "journal") as it:
        await it.wiretap.say(REC, seal(IDENTITY.uplink_key, b"0" * BATCH_BYTES_MAX))

        await it.device.until(lambda device: device.told("nack", code="too_large"), "the cloud's refusal")
        it.device.tap()
        await it.commits(2)
        assert await it.records() == it.device.records()


async def test_a_device_under_another_schools_name_is_refused_and_alarmed(
    services: Services, mosquitto_server: Mosquitto, tmp_path: Path
) -> None:
    device = Device(IDENTITY.device, school=IDENTITY.school, shard=IDENTITY.shard, secret=SECRET)
    await add_devices(services.database.pool, services.vault, services.clock, device)
    made = bundle(mosquitto_server.port) | {"school": "ast001"}
    async with serving(services, mosquitto_server), stranger(tmp_path / "journal", made) as one:
        await one.until(lambda it: it.told("nack", code="wrong_school"), "the cloud's refusal")

        codes = await services.database.pool.fetch("SELECT kind FROM alarm")
        assert [row["kind"] for row in codes] == ["wrong_school"]
        assert await services.database.pool.fetchval("SELECT count(*) FROM record") == 0
