"""A device written by a stranger, from the page alone, keeps the promises of the contract on a real broker."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

from edge_agent.sync.actions import Publish
from edge_agent.sync.mqtt import Broker, Link
from schemas import topics
from schemas.generate import HERE
from schemas.structs import Ack, Cmd, Nack
from tests.contract.stranger import Stranger, bundle, stranger
from tests.edge_agent.sync.live import LiveCloud
from tests.edge_agent.sync.model import IDENTITY, MemoryCloud
from tests.servers.mosquitto import Mosquitto
from tests.servers.node import run_node
from tests.waiting import until_async

CHECK = Path(__file__).with_name("check_vectors.mjs")


def kept(cloud: LiveCloud) -> list[tuple[str, int, bytes]]:
    return sorted((epoch, seq, record) for (epoch, seq), record in cloud.model.records.items())


async def answer(port: int, payload: bytes, channel: str = topics.ACK) -> None:
    """Say something to the device, as somebody who may write on its topics; return when the broker has passed it on."""
    topic = topics.topic(IDENTITY.shard, IDENTITY.school, IDENTITY.device, channel)
    heard: list[bytes] = []
    link = Link(Broker("127.0.0.1", port, is_tls=False), "somebody", lambda _topic, payload: heard.append(payload))
    await link.open([topic])
    link.publish(Publish(topic, payload))
    await until_async(lambda: payload in heard, what="the broker to pass it on")
    await link.close()


@contextlib.asynccontextmanager
async def at_work(broker: Mosquitto, folder: Path) -> AsyncIterator[tuple[LiveCloud, Stranger]]:
    """Run the model cloud and the device on a broker."""
    async with LiveCloud(broker.port).running() as cloud, stranger(folder, bundle(broker.port)) as device:
        yield cloud, device


def committed(device: Stranger, count: int) -> bool:
    return any(event["upto"] >= count for event in device.told("committed"))


def test_its_own_code_passes_the_published_vectors() -> None:
    assert int(run_node(CHECK, str(HERE / "vectors"))) > 30


async def test_every_tap_reaches_the_cloud_once_byte_for_byte(mosquitto_server: Mosquitto, tmp_path: Path) -> None:
    async with at_work(mosquitto_server, tmp_path / "journal") as (cloud, device):
        for _ in range(20):
            device.tap()
        await device.until(lambda it: committed(it, 21), "21 records to be committed")

        assert kept(cloud) == sorted(device.records())
        assert cloud.model.online[0] is True


async def test_what_was_written_before_a_power_cut_is_sent_after_it(
    mosquitto_server: Mosquitto, tmp_path: Path
) -> None:
    async with LiveCloud(mosquitto_server.port).running() as cloud:
        cloud.is_up = False
        async with stranger(tmp_path / "journal", bundle(mosquitto_server.port)) as before:
            for _ in range(5):
                before.tap()
            await before.until(lambda it: len(it.records()) == 6, "6 durable records")
            await before.kill()
        cloud.is_up = True

        async with stranger(tmp_path / "journal", bundle(mosquitto_server.port)) as after:
            await after.until(lambda it: len(it.told("committed")) >= 2, "both epochs to be committed")

            assert kept(cloud) == sorted(before.records() + after.records())
            assert before.records()[0][0].encode() in after.records()[0][2]


async def test_an_ack_that_the_cloud_did_not_seal_or_that_does_not_fit_forgets_nothing(
    mosquitto_server: Mosquitto, tmp_path: Path
) -> None:
    async with at_work(mosquitto_server, tmp_path / "journal") as (cloud, device):
        await device.until(lambda it: committed(it, 1), "the first record to be committed")
        cloud.is_up = False
        device.tap()
        await device.until(lambda it: len(it.records()) == 2, "a second record")
        epoch = device.records()[1][0]
        forged = Ack(epoch=epoch, upto=2, digest="0" * 32)

        await answer(mosquitto_server.port, MemoryCloud.sealed(forged))
        await answer(mosquitto_server.port, MemoryCloud.sealed(forged).replace(b'"u":2', b'"u":1'))
        await answer(mosquitto_server.port, MemoryCloud.sealed(Ack(epoch=epoch, upto=9, digest="0" * 32)))

        await device.until(lambda it: len(it.told("ignored")) >= 3, "three acks to be ignored")
        assert [event["why"] for event in device.told("ignored")] == ["digest", "seal", "ack"]
        cloud.is_up = True
        await device.until(lambda it: committed(it, 2), "the real ack")
        assert kept(cloud) == sorted(device.records())


async def test_a_broker_that_is_killed_loses_nothing(mosquitto_server: Mosquitto, tmp_path: Path) -> None:
    async with at_work(mosquitto_server, tmp_path / "journal") as (cloud, device):
        await device.until(lambda it: committed(it, 1), "the first record to be committed")
        mosquitto_server.server.kill()
        for _ in range(3):
            device.tap()
        await device.until(lambda it: len(it.records()) == 4, "decisions without a network")
        mosquitto_server.server.start()
        await cloud.connect()

        await device.until(lambda it: committed(it, 4), "everything to be committed")
        assert kept(cloud) == sorted(device.records())


async def test_a_command_is_obeyed_once(mosquitto_server: Mosquitto, tmp_path: Path) -> None:
    command = MemoryCloud.sealed(Cmd(id="c" * 16, counter=5, expires_ms=2**52, action="open_once", gate="main"))
    async with at_work(mosquitto_server, tmp_path / "journal") as (_, device):
        await device.until(lambda it: committed(it, 1), "a welcome")

        await answer(mosquitto_server.port, command, topics.CMD)
        await answer(mosquitto_server.port, command, topics.CMD)

        await device.until(lambda it: it.told("ignored", why="cmd"), "the second one to be ignored")
        assert device.told("command") == [{"event": "command", "action": "open_once", "gate": "main"}]
        told = [json.loads(record) for _, _, record in device.records()]
        assert [(one["id"], one["w"]) for one in told if one["k"] == "command"] == [("c" * 16, "done")]


async def test_a_cloud_set_back_to_a_backup_gets_again_what_is_still_there(
    mosquitto_server: Mosquitto, tmp_path: Path
) -> None:
    async with at_work(mosquitto_server, tmp_path / "journal") as (cloud, device):
        device.tap()
        await device.until(lambda it: committed(it, 2), "two records to be committed")
        epoch = device.records()[0][0]
        cloud.model.records.clear()
        cloud.model.marks.clear()
        mosquitto_server.server.kill()
        mosquitto_server.server.start()
        await cloud.connect()
        device.tap()

        await device.until(lambda it: committed(it, 3), "the newest record to be committed")
        assert [(gap.first_seq, gap.last_seq, gap.reason) for gap in cloud.model.gaps] == [(1, 2, "trimmed")]
        assert cloud.model.written(epoch) == [device.records()[2][2]]


async def test_a_cloud_that_is_busy_is_left_alone_and_then_gets_everything(
    mosquitto_server: Mosquitto, tmp_path: Path
) -> None:
    async with at_work(mosquitto_server, tmp_path / "journal") as (cloud, device):
        await device.until(lambda it: committed(it, 1), "the first record to be committed")
        await answer(mosquitto_server.port, MemoryCloud.sealed(Nack(code="busy", retry_after_ms=300)))
        await device.until(lambda it: it.told("nack", code="busy"), "the nack")
        sent = cloud.model.batches
        device.tap()
        await device.until(lambda it: len(it.records()) == 2, "a second record")

        assert cloud.model.batches == sent
        await device.until(lambda it: committed(it, 2), "everything to be committed")
