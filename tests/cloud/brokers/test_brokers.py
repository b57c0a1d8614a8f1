"""One suite against both brokers: names from certificates, a device under its own name only, nothing for strangers."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from cloud.brokers import mosquitto as mosquitto_files
from cloud.brokers.access import Access, School
from cloud.brokers.embedded import BrokerFailed, EmbeddedBroker
from cloud.brokers.mosquitto import MosquittoPlace
from cloud.core.actor import Actor
from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.devices.actions import note_certificate, revoke
from cloud.devices.ca import INGEST, Authority, Issued, init
from cloud.ingest.intake import Intake
from cloud.ingest.plan import Reply
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from cloud.ingest.transport import BrokerAddress, BrokerLink, LinkLost
from edge_agent.sync.actions import Publish
from edge_agent.sync.mqtt import Broker, Link, LinkFailed
from edge_agent.sync.tls import Credentials, context
from schemas import topics
from tests.cloud.ingest.device import Device, opened, tapped
from tests.cloud.ingest.rows import add_devices, eventually
from tests.edge_agent.sync.live import LIVE, Agent
from tests.edge_agent.sync.model import IDENTITY, SECRET
from tests.servers.mosquitto import LIMITLESS
from tests.servers.process import Server, answers, free_port, program
from tests.waiting import PAUSE_S, until_async

OWN, PEER = "esik/v1/07/alm005/gate-1", "esik/v1/07/alm005/gate-2"
HUB = School(7, "alm005")


class Running:
    """A broker that runs, and what it takes to reach it."""

    def __init__(
        self, services: Services, port: int, folder: Path, reread: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self.services = services
        self.port = port
        self.folder = folder
        self.reread = reread  # what the keeper of a server does after devices were revoked
        self.authority = Authority.load(services.settings.data / "ca", services.vault)
        self.serials: dict[str, Issued] = {}

    def credentials(self, name: str, authority: Authority | None = None) -> Credentials:
        issued: Issued = (authority or self.authority).for_device(name, SystemClock().now())
        certificate, key = self.folder / f"{issued.serial}.pem", self.folder / f"{issued.serial}.key"
        self.serials[name] = issued
        certificate.write_text(issued.certificate_pem)
        key.write_text(issued.key_pem)
        return Credentials(self.authority.root_pem, certificate, key)

    @contextlib.asynccontextmanager
    async def device(
        self, name: str, *filters: str, client_id: str = "", credentials: Credentials | None = None
    ) -> AsyncIterator[tuple[Link, list[str]]]:
        heard: list[str] = []
        tls = context(credentials or self.credentials(name), is_clock_good=True)
        broker = Broker("127.0.0.1", self.port, is_tls=True)
        link = Link(broker, client_id or name, lambda topic, _payload: heard.append(topic), tls=tls)
        await link.open(filters)
        try:
            yield link, heard
        finally:
            await link.close()

    async def refuses(self, name: str, credentials: Credentials) -> bool:
        """Tell whether a device does not come in."""
        try:
            async with self.device(name, f"{OWN}/ack", credentials=credentials):
                return False
        except LinkFailed:
            return True

    async def publish_alone(self, name: str, topic: str, client_id: str = "") -> None:
        """Publish on a connection of its own, since mosquitto hangs up on who may not."""
        async with self.device(name, client_id=client_id) as (link, _):
            link.publish(Publish(topic, b"x"))
            await asyncio.sleep(PAUSE_S)

    async def die_with_a_will(self, name: str, topic: str) -> None:
        """Connect with a last will, and break the connection off."""
        tls = context(self.credentials(name), is_clock_good=True)
        will = Publish(topic, b"will")
        link = Link(Broker("127.0.0.1", self.port, is_tls=True), name, lambda _t, _p: None, tls=tls, will=will)
        await link.open([])
        link._end("broken off")

    @property
    def address(self) -> BrokerAddress:
        ca = self.services.settings.data / "ca"
        folder = ca if (ca / "ingest.pem").exists() else self.folder
        return BrokerAddress.parse(
            f"mqtts://127.0.0.1:{self.port}",
            ca=ca / "root.pem", certificate=folder / "ingest.pem", key=folder / "ingest.key",
        )  # fmt: skip

    @contextlib.asynccontextmanager
    async def ingest(self) -> AsyncIterator[tuple[BrokerLink, list[str]]]:
        heard: list[str] = []
        link = BrokerLink(self.address, "ingest", lambda topic, _payload: heard.append(topic))
        await link.open(range(topics.SHARDS))
        try:
            yield link, heard
        finally:
            await link.close()


@contextlib.asynccontextmanager
async def taking_in(running: Running) -> AsyncIterator[None]:
    """Take records in until the end of the block."""
    services = running.services
    store = PgStore(services.database.url, Senders(services.database.pool, services.vault, services.clock))
    intake = Intake(store, running.address, services.clock, Random(1), "ingest-1")
    serving = asyncio.create_task(intake.run(range(topics.SHARDS)))
    await until_async(lambda: intake.is_listening or serving.done())
    try:
        yield
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError, LinkLost):
            await serving
        await store.close()


@contextlib.asynccontextmanager
async def embedded(services: Services, folder: Path) -> AsyncIterator[Running]:
    port = free_port()
    broker = EmbeddedBroker(replace(services, settings=replace(services.settings, broker_port=port)))
    task = asyncio.create_task(broker.run())
    await until_async(lambda: broker.listens.is_set() or task.done())
    try:
        yield Running(services, port, folder)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def server(services: Services, folder: Path) -> AsyncIterator[Running]:
    init(services.settings.data / "ca", services.vault, SystemClock().now())
    place = MosquittoPlace(folder / "mosquitto", free_port(), ("localhost", "127.0.0.1"), "127.0.0.1")
    await mosquitto_files.write(services, place, SystemClock().now())
    configuration = place.folder / "mosquitto.conf"
    configuration.write_text("user root\n" + configuration.read_text())  # tests run as root, files are root's
    assert set(LIMITLESS) <= set(configuration.read_text().splitlines())
    command = [str(program("mosquitto", "mosquitto")), "-c", str(configuration)]
    process = Server(command, folder / "log", lambda: answers(place.port))
    process.start()

    async def reread() -> None:
        await mosquitto_files.write(services, place, SystemClock().now())
        configuration.write_text("user root\n" + configuration.read_text())
        os.kill(process.pid, signal.SIGHUP)

    try:
        yield Running(services, place.port, place.folder, reread)
    finally:
        process.stop()


@pytest.fixture(params=[embedded, server], ids=["embedded", "mosquitto"])
async def running(services: Services, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    device = Device("alm005-hub", school=HUB.code, shard=HUB.shard)
    await add_devices(services.database.pool, services.vault, services.clock, device)
    await services.database.pool.execute("UPDATE device SET is_hub = true")
    async with request.param(replace(services, clock=SystemClock()), tmp_path) as broker:
        yield broker


async def test_a_device_and_ingest_hear_each_other(running: Running) -> None:
    async with running.ingest() as (ingest, taken), running.device("gate-1", f"{OWN}/ack") as (device, heard):
        for channel in (topics.HELLO, topics.REC, topics.STATE):
            device.publish(Publish(f"{OWN}/{channel}", b"x"))
        await until_async(lambda: len(taken) == 3)
        ingest.send([Reply(f"{OWN}/ack", b"y")])
        await until_async(lambda: heard == [f"{OWN}/ack"])


async def test_a_device_writes_under_its_own_name_only(running: Running) -> None:
    async with running.ingest() as (_, taken):
        for topic in (f"{PEER}/rec", f"{PEER}/hello", f"{OWN}/ack", "esik/v1/08/ast001/gate-9/rec", "elsewhere"):
            await running.publish_alone("gate-1", topic)
        await running.publish_alone("gate-1", f"{OWN}/rec")
        await until_async(lambda: bool(taken))

    assert taken == [f"{OWN}/rec"]


async def test_a_client_id_of_another_device_gives_no_rights(running: Running) -> None:
    async with running.ingest() as (_, taken):
        for topic in (f"{PEER}/rec", f"{OWN}/rec"):
            await running.publish_alone("gate-1", topic, client_id="gate-2")
        await until_async(lambda: bool(taken))

    assert taken == [f"{OWN}/rec"]


@pytest.mark.parametrize("topic_filter", ["#", "esik/v1/07/alm005/+/ack", "esik/v1/+/+/+/rec", f"{PEER}/ack"])
async def test_a_device_hears_nothing_of_others_by_whatever_filter(running: Running, topic_filter: str) -> None:
    """Mosquitto takes the subscription and delivers nothing; the embedded broker refuses it."""
    tls = context(running.credentials("gate-1"), is_clock_good=True)
    heard: list[str] = []
    link = Link(Broker("127.0.0.1", running.port, is_tls=True), "gate-1", lambda t, _p: heard.append(t), tls=tls)
    with contextlib.suppress(LinkFailed):
        await link.open([topic_filter])
    async with (
        running.ingest() as (ingest, taken),
        running.device("gate-2", f"{PEER}/ack", client_id="gate-2") as (peer, peers),
    ):
        peer.publish(Publish(f"{PEER}/rec", b"x"))
        await until_async(lambda: bool(taken))
        ingest.send([Reply(f"{PEER}/ack", b"y")])
        await until_async(lambda: bool(peers))
    await link.close()

    assert heard == []


async def test_a_hub_carries_for_its_school_and_no_other(running: Running) -> None:
    async with (
        running.ingest() as (ingest, taken),
        running.device("alm005-hub", "esik/v1/07/alm005/+/ack") as (_, heard),
    ):
        for topic in ("esik/v1/08/ast001/gate-9/rec", f"{PEER}/rec"):
            await running.publish_alone("alm005-hub", topic, client_id="alm005-hub-2")
        await until_async(lambda: bool(taken))
        ingest.send([Reply("esik/v1/08/ast001/gate-9/ack", b"y"), Reply(f"{PEER}/ack", b"y")])
        await until_async(lambda: bool(heard))

    assert taken == [f"{PEER}/rec"]
    assert heard == [f"{PEER}/ack"]


async def test_a_device_cannot_pretend_to_be_ingest(running: Running) -> None:
    async with (
        running.device("gate-2", f"{PEER}/ack") as (_, heard),
        running.device("gate-1", client_id=INGEST) as (device, _mine),
        running.ingest() as (ingest, _taken),
    ):
        device.publish(Publish(f"{PEER}/ack", b"forged"))
        ingest.send([Reply(f"{PEER}/ack", b"true")])
        await until_async(lambda: bool(heard))

    assert heard == [f"{PEER}/ack"]


async def test_who_comes_under_the_id_of_ingest_does_not_push_it_out(running: Running, tmp_path: Path) -> None:
    pool, gate = running.services.database.pool, Device("gate-1", school=HUB.code, shard=HUB.shard)
    await add_devices(pool, running.services.vault, running.services.clock, gate)
    gate.write(opened(), tapped())
    async with (
        taking_in(running),
        running.device("gate-2", client_id="ingest-1"),
        running.device("gate-1") as (link, _),
    ):
        message = gate.batch(1, 2)
        link.publish(Publish(message.topic, message.payload))
        await eventually(lambda: pool.fetchval("SELECT count(*) = 2 FROM record"))


async def test_without_a_certificate_nobody_pushes_a_client_out(running: Running) -> None:
    bare = context(Credentials(running.authority.root_pem), is_clock_good=True)
    async with running.ingest() as (_, taken), running.device("gate-1") as (device, _heard):
        link = Link(Broker("127.0.0.1", running.port, is_tls=True), "ingest", lambda _t, _p: None, tls=bare)
        with pytest.raises(LinkFailed):
            await link.open([])
        device.publish(Publish(f"{OWN}/rec", b"x"))
        await until_async(lambda: bool(taken))


async def test_a_last_will_reaches_only_where_its_device_may_write(running: Running) -> None:
    """A will under another's name is dropped, as a message would be; one under the own name arrives."""
    async with running.ingest() as (_, taken), running.device("gate-2", f"{PEER}/cmd") as (_peer, heard):
        for topic in (f"{PEER}/cmd", f"{PEER}/state", f"{OWN}/state"):
            await running.die_with_a_will("gate-1", topic)
        await until_async(lambda: bool(taken))

    assert (taken, heard) == ([f"{OWN}/state"], [])


async def test_nothing_is_retained_however_often_it_is_asked_for(running: Running) -> None:
    """Else one device could fill the broker's memory: it may write under its name in any number of schools."""
    async with running.device("gate-1") as (device, _):
        for school in ("alm005", "ast001"):
            device._client.publish(f"esik/v1/07/{school}/gate-1/rec", b"kept", qos=1, retain=True)
        await asyncio.sleep(PAUSE_S)
    async with running.ingest() as (_, taken), running.device("gate-1") as (device, _):
        device.publish(Publish(f"{OWN}/state", b"x"))
        await until_async(lambda: bool(taken))

    assert taken == [f"{OWN}/state"]


async def test_a_packet_without_measure_is_not_waited_for(running: Running) -> None:
    """The head of a packet may promise 256 MB; the broker hangs up instead of gathering them."""
    tls = context(running.credentials("gate-1"), is_clock_good=True)
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port, ssl=tls, server_hostname="127.0.0.1")
    writer.write(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04gate")
    assert await reader.readexactly(4) == b"\x20\x02\x00\x00"

    writer.write(b"\x30\xff\xff\xff\x7f" + bytes(200_000))

    async with asyncio.timeout(30):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    writer.transport.abort()


async def test_without_a_certificate_of_ours_nobody_comes_in(running: Running, tmp_path: Path) -> None:
    init(tmp_path / "other", running.services.vault, SystemClock().now())
    foreign = running.credentials("gate-1", Authority.load(tmp_path / "other", running.services.vault))
    bare = Credentials(running.authority.root_pem)
    for credentials in (foreign, bare):
        tls = context(credentials, is_clock_good=True)
        link = Link(Broker("127.0.0.1", running.port, is_tls=True), "gate-1", lambda _t, _p: None, tls=tls)
        with pytest.raises(LinkFailed):
            await link.open([f"{OWN}/ack"])


async def test_a_revoked_device_is_let_in_no_more_and_comes_back_with_another_certificate(running: Running) -> None:
    services, gate = running.services, Device("gate-1", school=HUB.code, shard=HUB.shard)
    await add_devices(services.database.pool, services.vault, services.clock, gate)
    old = running.credentials("gate-1")
    await note_certificate(services, "gate-1", running.serials["gate-1"].serial, running.serials["gate-1"].until)
    async with running.device("gate-1", f"{OWN}/ack", credentials=old):
        await revoke(services, Actor.system("test"), "gate-1")

    if running.reread is not None:
        await running.reread()

    await eventually(lambda: running.refuses("gate-1", old))
    async with running.device("gate-1", f"{OWN}/ack"), running.device("gate-2", f"{PEER}/ack"):
        pass


async def test_a_device_under_a_foreign_school_is_refused_and_alarmed(running: Running) -> None:
    pool = running.services.database.pool
    await add_devices(pool, running.services.vault, running.services.clock, Device("gate-1", school=HUB.code, shard=7))
    astray = Device("gate-1", school="ast001", shard=8).write(opened(), tapped())
    async with taking_in(running), running.device("gate-1") as (link, _):
        message = astray.batch(1, 2)
        link.publish(Publish(message.topic, message.payload))
        await eventually(lambda: pool.fetchval("SELECT true FROM alarm WHERE kind = 'wrong_school'"))

    assert await pool.fetchval("SELECT count(*) FROM record") == 0


async def test_an_agents_taps_pass_over_tls_into_the_table(running: Running) -> None:
    services = running.services
    device = Device(IDENTITY.device, school=IDENTITY.school, shard=IDENTITY.shard, secret=SECRET)
    await add_devices(services.database.pool, services.vault, services.clock, device)
    agent = Agent([f"mqtts://127.0.0.1:{running.port}"], credentials=running.credentials(IDENTITY.device))
    async with taking_in(running), agent.running():
        agent.append(opened(), *[tapped(number) for number in range(1_000)])
        await until_async(lambda: agent.journal.held[LIVE].tail == 1_002, 30)

    assert await services.database.pool.fetchval("SELECT count(*) FROM record") == 1_001


async def test_a_port_that_is_taken_is_named(services: Services) -> None:
    taken = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    broker = EmbeddedBroker(replace(services, settings=replace(services.settings, broker_port=port)), Access())

    with pytest.raises(BrokerFailed, match=str(port)):
        await broker.run()
    taken.close()
