"""The hub: its broker, its bridge, its store, and agents that read each other with the cloud cut off."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from edge_agent.sync import hub as hub_module
from edge_agent.sync.actions import Publish
from edge_agent.sync.counters import Phase
from edge_agent.sync.hub import HubBroker, HubImpossible, HubSettings, TlsFiles, access_list, configuration
from edge_agent.sync.hub_store import KEEP_MS, HubStore, Stored
from edge_agent.sync.mqtt import Broker, Link
from edge_agent.sync.peers import CATCH_UP_S, Peers
from edge_agent.sync.wire import Wire
from schemas import topics
from schemas.structs import PeerHello
from tests.edge_agent.sync.live import LIVE, Agent, LiveCloud
from tests.edge_agent.sync.model import IDENTITY, At, Kept
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import answers, free_port
from tests.waiting import until_async


class Seen:
    """An observer that only remembers."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str, int], bytes] = {}

    def observe(self, device: str, epoch: str, seq: int, record: bytes) -> None:
        self.records[device, epoch, seq] = record

    def of(self, device: str) -> list[bytes]:
        return [record for (name, _, _), record in sorted(self.records.items()) if name == device]


def entries(epoch: str, *records: bytes, first: int = 1) -> list[Kept]:
    return [Kept(epoch, seq, record, bytes(16)) for seq, record in enumerate(records, start=first)]


def settings(folder: Path, cloud_port: int) -> HubSettings:
    return HubSettings(
        device="gate-1",
        school=IDENTITY.school,
        shard=IDENTITY.shard,
        port=free_port(),
        folder=folder,
        cloud=Broker("127.0.0.1", cloud_port, is_tls=False),
    )


@contextlib.asynccontextmanager
async def running_hub(hub: HubSettings) -> AsyncIterator[HubBroker]:
    broker = HubBroker(hub, Random(1))
    task = asyncio.create_task(broker.run())
    try:
        await until_async(lambda: broker.is_running and answers(hub.port))  # it may answer before it is known to us
        yield broker
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def peer(device: str, hub: HubSettings, store: HubStore | None = None) -> AsyncIterator[tuple[Peers, Seen]]:
    seen = Seen()
    broker = Broker("127.0.0.1", hub.port, is_tls=False)
    peers = Peers(replace(IDENTITY, device=device), seen, broker, lambda: At(1), Random(device), store=store)
    task = asyncio.create_task(peers.run())
    try:
        await until_async(lambda: peers.is_connected)
        yield peers, seen
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_peers_read_each_other_with_the_cloud_cut_off(tmp_path: Path) -> None:
    hub = settings(tmp_path, free_port())
    store = HubStore(tmp_path / "hub.db")
    async with running_hub(hub), peer("gate-1", hub, store) as (one, seen_by_one), peer("gate-2", hub) as (two, seen):
        await until_async(lambda: one.is_caught_up and two.is_caught_up)

        one.appended(entries("1" * 16, b"in at one"))
        two.appended(entries("2" * 16, b"in at two"))
        await until_async(lambda: seen.of("gate-1") == [b"in at one"] and seen_by_one.of("gate-2") == [b"in at two"])
    await store.close()


async def test_a_peer_that_restarts_catches_up_from_the_hubs_store(tmp_path: Path) -> None:
    hub = settings(tmp_path, free_port())
    store = HubStore(tmp_path / "hub.db")
    async with running_hub(hub), peer("gate-1", hub, store) as (one, seen_by_one):
        async with peer("gate-2", hub) as (two, _):
            await until_async(lambda: two.is_caught_up)
            two.appended(entries("2" * 16, b"before"))
            await until_async(lambda: seen_by_one.of("gate-2") == [b"before"])
        one.appended(entries("1" * 16, b"while away"))

        async with peer("gate-2", hub) as (two, seen):
            await until_async(lambda: two.is_caught_up)
            await until_async(lambda: seen.of("gate-1") == [b"while away"])
            assert seen.of("gate-2") == [b"before"]
    await store.close()


async def test_what_happened_while_the_hub_was_away_is_shared_when_it_returns(tmp_path: Path) -> None:
    hub = settings(tmp_path, free_port())
    store = HubStore(tmp_path / "hub.db")
    seen = Seen()
    broker = Broker("127.0.0.1", hub.port, is_tls=False)
    two = Peers(replace(IDENTITY, device="gate-2"), seen, broker, lambda: At(1), Random(2))
    task = asyncio.create_task(two.run())
    two.appended(entries("2" * 16, b"alone"))

    async with running_hub(hub), peer("gate-1", hub, store) as (_, seen_by_one):
        await until_async(lambda: seen_by_one.of("gate-2") == [b"alone"])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.close()


async def test_a_device_can_lie_about_no_other(tmp_path: Path) -> None:
    hub = settings(tmp_path, free_port())
    liar = replace(IDENTITY, device="gate-9")
    false = Wire(replace(IDENTITY, device="gate-1")).batch("1" * 16, 1, bytes(16), [b"false"], At(1))
    async with running_hub(hub), peer("gate-2", hub) as (two, seen):
        await until_async(lambda: two.is_connected)
        link = Link(Broker("127.0.0.1", hub.port, is_tls=False), "gate-9", lambda _topic, _payload: None)
        await link.open([])
        for channel in (topics.PEER, topics.REC):
            link.publish(Publish(Wire(liar).topic(channel), false.payload))
        await until_async(lambda: two.foreign == 2)
        await link.close()

    assert seen.records == {}


async def test_whatever_a_peer_sends_the_others_go_on_hearing_each_other(tmp_path: Path) -> None:
    hub = settings(tmp_path, free_port())
    wire = Wire(replace(IDENTITY, device="gate-9"))
    async with running_hub(hub), peer("gate-1", hub) as (one, _), peer("gate-2", hub) as (two, seen):
        await until_async(lambda: one.is_connected and two.is_connected)
        link = Link(Broker("127.0.0.1", hub.port, is_tls=False), "gate-9", lambda _topic, _payload: None)
        await link.open([])
        for body in (b'{"zz":' * 10_000, b'{"k":"h\xff"}'):
            link.publish(wire.peer(body))
        await until_async(lambda: two.foreign == 2)
        one.appended(entries("1" * 16, b"in at one"))
        two._caught_up()
        await until_async(lambda: seen.of("gate-1") == [b"in at one"])
        await link.close()


async def test_the_bridge_carries_records_up_and_acks_down(tmp_path: Path, mosquitto_server: Mosquitto) -> None:
    hub = settings(tmp_path, mosquitto_server.port)
    agent = Agent([f"mqtt://127.0.0.1:{hub.port}"])
    async with LiveCloud(mosquitto_server.port).running() as cloud, running_hub(hub), agent.running():
        agent.append(*[b"record %d" % number for number in range(500)])
        await until_async(lambda: agent.session.phase is Phase.FLOWING and agent.session.unsent == 0, 30)

    assert len(cloud.model.written(LIVE)) == 500
    assert agent.journal.held[LIVE].tail == 501


async def test_a_hub_without_a_way_to_the_cloud_is_left_for_the_clouds_own_broker(
    tmp_path: Path, mosquitto_server: Mosquitto
) -> None:
    hub = settings(tmp_path, free_port())
    agent = Agent([f"mqtt://127.0.0.1:{hub.port}", f"mqtt://127.0.0.1:{mosquitto_server.port}"])
    async with LiveCloud(mosquitto_server.port).running() as cloud, running_hub(hub), agent.running():
        agent.append(b"kept")
        await until_async(lambda: cloud.model.written(LIVE) == [b"kept"], 30)

    assert agent.session.counters.connections == 2


async def test_a_hub_broker_that_dies_is_started_again(tmp_path: Path) -> None:
    hub = settings(tmp_path, free_port())
    async with running_hub(hub) as broker:
        assert broker._process is not None
        broker._process.kill()
        await until_async(lambda: broker.starts == 2 and broker.is_running and answers(hub.port), 20)

    assert not answers(hub.port)


def test_with_certificates_the_configuration_wants_them_from_everybody(tmp_path: Path) -> None:
    files = TlsFiles(tmp_path / "ca.pem", tmp_path / "a.crt", tmp_path / "a.key")
    cloud = Broker("cloud.example", 8883, is_tls=True)
    hub = replace(settings(tmp_path, 1), tls=files, host="0.0.0.0", cloud=cloud)

    text, access = configuration(hub), access_list(hub)

    assert "require_certificate true" in text
    assert "allow_anonymous false" in text
    assert "bridge_tls_version tlsv1.2" in text
    assert "pattern write esik/v1/07/alm005/%u/rec" in access
    assert "topic readwrite esik/v1/07/alm005/#" not in access


def test_without_certificates_the_broker_listens_on_loopback_whatever_it_is_told(tmp_path: Path) -> None:
    text = configuration(replace(settings(tmp_path, 1), host="0.0.0.0"))

    assert "listener" in text
    assert "0.0.0.0" not in text


def test_an_agent_without_mosquitto_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "_FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(HubImpossible, match="apt-get install mosquitto"):
        HubBroker(settings(tmp_path, 1), Random(1))


async def test_the_store_keeps_the_last_days_and_each_batch_once(tmp_path: Path) -> None:
    store = HubStore(tmp_path / "hub.db")
    store.keep(Stored("gate-1", "1" * 16, 1, 2, b"old"), 0)
    store.keep(Stored("gate-1", "1" * 16, 3, 4, b"new"), KEEP_MS + 1)
    store.keep(Stored("gate-1", "1" * 16, 3, 4, b"again"), KEEP_MS + 2)

    assert await store.since({}) == [b"new"]
    assert await store.since({("gate-1", "1" * 16): 4}) == []
    await store.close()
    again = HubStore(tmp_path / "hub.db")
    again.keep(Stored("gate-1", "1" * 16, 3, 4, b"again"), KEEP_MS + 3)
    assert await again.since({("gate-1", "1" * 16): 3}) == [b"new"]
    await again.close()


async def test_the_store_takes_what_comes_late_and_gives_each_epoch_in_order(tmp_path: Path) -> None:
    """As from a device that sends up what is newest before its peers hear what the hub missed."""
    store = HubStore(tmp_path / "hub.db")
    store.keep(Stored("gate-1", "1" * 16, 1, 3, b"first"), 1)
    store.keep(Stored("gate-1", "1" * 16, 7, 9, b"newest"), 2)
    store.keep(Stored("gate-1", "1" * 16, 4, 6, b"late"), 3)
    store.keep(Stored("gate-1", "1" * 16, 2, 8, b"nothing new"), 4)

    assert await store.since({}) == [b"first", b"late", b"newest"]
    await store.close()


async def test_a_store_that_is_no_database_any_more_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_bytes(b"x" * 4_096)

    store = HubStore(tmp_path / "hub.db")
    store.keep(Stored("gate-1", "1" * 16, 1, 1, b"one"), 1)

    assert await store.since({}) == [b"one"]
    await store.close()


async def test_a_link_that_ends_while_a_question_is_looked_up_takes_nothing_with_it(tmp_path: Path) -> None:
    """The part that would fail runs the school's broker, too."""
    store = HubStore(tmp_path / "hub.db")
    peers = Peers(IDENTITY, Seen(), Broker("127.0.0.1", 1, is_tls=False), lambda: At(1), Random(1), store=store)
    peers._link = Link(Broker("127.0.0.1", 1, is_tls=False), "peer", lambda _topic, _payload: None)
    peers._questions.put_nowait(PeerHello(device="gate-2", nonce="a" * 16, marks=[]))
    answering = asyncio.create_task(peers._answer_questions())
    await asyncio.sleep(0)

    peers._link = None
    await store.since({})  # behind the question in the store's own queue
    await asyncio.sleep(0)

    assert not answering.done()
    answering.cancel()
    await store.close()


async def test_a_peer_is_heard_until_it_leaves_or_falls_silent(tmp_path: Path) -> None:
    hub = settings(tmp_path, free_port())
    store = HubStore(tmp_path / "hub.db")
    both = {"gate-1", "gate-2"}
    async with running_hub(hub), peer("gate-1", hub, store) as (one, _):
        async with peer("gate-2", hub) as (two, _):
            await until_async(lambda: one.hears(both) and two.hears(both))
            assert not one.hears({*both, "gate-3"})

            assert two._link is not None
            two._link._socket.shutdown(2)  # type: ignore[union-attr]
            await until_async(lambda: not one.hears(both))
            await until_async(lambda: one.hears(both) and two.hears(both))

        await until_async(lambda: not one.hears(both))
    await store.close()


async def test_who_asked_before_the_hub_was_there_asks_again_when_it_comes(tmp_path: Path) -> None:
    hub = settings(tmp_path, free_port())
    async with running_hub(hub), peer("gate-2", hub) as (early, _):
        store = HubStore(tmp_path / "store.db")
        async with peer("gate-1", hub, store):
            await until_async(
                lambda: early.is_caught_up, CATCH_UP_S / 2, "the hub's answer, long before it is given up"
            )
        await store.close()
