"""The microcontroller's MQTT client: against mosquitto, and against brokers that mean it no good."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from firmware.node.clock import Clock
from firmware.node.mqtt import Broker, Link, LinkFailed, Message, parse_publish, publish_packet
from tests.firmware.node.brokers import (
    CONNACK,
    PINGREQ,
    PINGRESP,
    PUBLISH,
    SESSION_PRESENT,
    SUBACK,
    Visit,
    publish,
    scripted,
)
from tests.servers.mosquitto import Mosquitto

TOPICS = ["esik/v1/07/alm005/gate-1/ack", "esik/v1/07/alm005/gate-1/cmd"]
WILL = Message("esik/v1/07/alm005/gate-1/state", b"gone")


async def opened(port: int, *, keepalive_s: float = 30.0, link: Link | None = None) -> Link:
    link = link or Link(Clock(), keepalive_s)
    await link.open(Broker("127.0.0.1", port), "gate-1-0123456789abcdef", WILL, TOPICS)
    return link


async def failure(link: Link) -> str:
    """Return why a connection ends, which it must within half a minute."""
    try:
        async with asyncio.timeout(30):
            while True:
                await link.receive()
    except LinkFailed as error:
        return str(error)
    finally:
        await link.close()


# Against mosquitto


async def test_messages_go_through_mosquitto_and_come_back(mosquitto_server: Mosquitto) -> None:
    link = await opened(mosquitto_server.port)
    long = bytes(range(256)) * 4

    for payload in (b"first", long, b""):
        await link.publish(Message(TOPICS[0], payload))
    heard = [await link.receive() for _ in range(3)]

    assert [(message.topic, message.payload) for message in heard] == [
        (TOPICS[0], b"first"), (TOPICS[0], long), (TOPICS[0], b""),
    ]  # fmt: skip
    await link.close()


async def test_a_quiet_connection_is_kept_alive_at_mosquitto(mosquitto_server: Mosquitto) -> None:
    link = await opened(mosquitto_server.port, keepalive_s=3.0)
    hearing = asyncio.create_task(link.receive())

    await asyncio.wait([hearing], timeout=5.5)  # mosquitto cuts off after one and a half keepalives

    assert not hearing.done()
    await link.publish(Message(TOPICS[1], b"still here"))
    assert (await hearing).payload == b"still here"
    await link.close()


async def test_dropping_the_connection_lets_the_broker_tell_the_last_will(mosquitto_server: Mosquitto) -> None:
    watcher = Link(Clock())
    await watcher.open(Broker("127.0.0.1", mosquitto_server.port), "watcher", None, [WILL.topic])
    link = await opened(mosquitto_server.port)

    await link.close()

    assert (await watcher.receive()).payload == b"gone"
    await watcher.close()


async def test_a_second_connection_of_one_name_pushes_the_first_out(mosquitto_server: Mosquitto) -> None:
    first = await opened(mosquitto_server.port)

    second = await opened(mosquitto_server.port)

    assert "ended" in await failure(first)
    await second.publish(Message(TOPICS[0], b"mine now"))
    assert (await second.receive()).payload == b"mine now"
    await second.close()


# Against brokers that mean it no good


async def test_fault_17_a_puback_that_is_late_doubled_or_unknown_changes_nothing() -> None:
    async def script(visit: Visit) -> None:
        await visit.admit()
        assert (await visit.packet())[0] == PUBLISH
        await visit.say(b"\x40\x02\x7f\xff" * 3)  # unknown, and before the one that is waited for
        assert (await visit.packet())[0] == PUBLISH
        await visit.say(b"\x40\x02\x00\x01" * 5 + publish(TOPICS[0].encode(), b"an ack"))
        await visit.silence()

    async with scripted(script) as broker:
        link = await opened(broker.port)
        await link.publish(Message("up", b"1"))
        await link.publish(Message("up", b"2"))  # no PUBACK of the first has come

        heard = await link.receive()

        assert (heard.payload, broker.visits) == (b"an ack", 1)
        await link.close()


async def test_what_no_puback_comes_for_is_not_sent_again_on_the_same_connection() -> None:
    heard: list[int] = []

    async def script(visit: Visit) -> None:
        await visit.admit()
        while True:
            kind, _ = await visit.packet()
            heard.append(kind)
            if kind == PINGREQ:
                await visit.say(PINGRESP)

    async with scripted(script) as broker:
        link = await opened(broker.port, keepalive_s=0.2)
        await link.publish(Message("up", b"once"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(link.receive(), 0.6)

        assert heard.count(PUBLISH) == 1
        assert heard.count(PINGREQ) >= 2
        await link.close()


async def test_fault_24_a_peer_that_vanished_is_noticed_within_one_and_a_half_keepalives() -> None:
    async def script(visit: Visit) -> None:
        await visit.admit()
        await visit.silence()

    async with scripted(script) as broker:
        link = await opened(broker.port, keepalive_s=0.4)
        began = time.monotonic()

        reason = await failure(link)

        assert time.monotonic() - began < 0.4 * 1.5
        assert "nothing was heard" in reason


async def test_a_session_that_a_broker_claims_to_have_is_ignored() -> None:
    async def script(visit: Visit) -> None:
        await visit.admit(SESSION_PRESENT)
        await visit.say(publish(TOPICS[0].encode(), b"welcome"))
        await visit.silence()

    async with scripted(script) as broker:
        link = await opened(broker.port)

        assert (await link.receive()).payload == b"welcome"
        await link.close()


async def test_a_message_with_qos_1_is_acknowledged_to_the_broker() -> None:
    acknowledged: list[bytes] = []

    async def script(visit: Visit) -> None:
        await visit.admit()
        await visit.say(publish(TOPICS[1].encode(), b"cmd", head=0x32, packet_id=b"\x12\x34"))
        acknowledged.append((await visit.packet())[1])
        await visit.say(publish(TOPICS[1].encode(), b"more"))
        await visit.silence()

    async with scripted(script) as broker:
        link = await opened(broker.port)

        assert [(await link.receive()).payload for _ in range(2)] == [b"cmd", b"more"]
        assert acknowledged == [b"\x12\x34"]
        await link.close()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (b"\x30\xff\xff\xff\x7f", "at most 4096"),
        (b"\x30\xff\xff\xff\xff\x7f", "four bytes"),
        (b"\x30\x00", "broken PUBLISH"),
        (b"\x30\x05\xff\xffabc", "broken PUBLISH"),
        (b"\x36\x05\x00\x01a\x00\x01", "broken PUBLISH"),
        (b"\x30\x04\x00\x02\xff\xfe", ""),
        (b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\n\r\n" + b" " * 80, ""),
        (b"\x20\x02\x00\x00", "kind 2"),
    ],
)
async def test_fault_25_garbage_ends_the_connection_and_nothing_else(told: bytes, why: str) -> None:
    async def script(visit: Visit) -> None:
        await visit.admit()
        await visit.say(told)
        await visit.silence()

    async with scripted(script) as broker:
        assert why in await failure(await opened(broker.port))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"\x20\x02\x00\x05", "refused: not authorised"),
        (b"\x20\x02\x00\x63", "refused: unknown"),
        (b"HTTP/1.1 302 Found\r\n\r\n" + b" " * 100, "CONNACK"),
        (CONNACK + b"\x90\x04\x00\x01\x00\x80", "not subscribed"),
        (CONNACK + b"\x90\x03\x00\x01\x00", "not subscribed"),
        (b"", "ended the connection"),
    ],
)
async def test_a_broker_that_does_not_let_us_in_is_told_why(answer: bytes, why: str) -> None:
    async def script(visit: Visit) -> None:
        await visit.packet()
        await visit.say(answer)

    async with scripted(script) as broker:
        with pytest.raises(LinkFailed, match=why):
            await opened(broker.port)


async def test_nobody_listening_is_a_failed_link() -> None:
    with pytest.raises(LinkFailed, match=r"127\.0\.0\.1:1: "):
        await opened(1)


@settings(max_examples=30)
@given(st.data())
def test_a_conversation_that_is_cut_anywhere_ends_cleanly(data: st.DataObject) -> None:
    whole = CONNACK + SUBACK + publish(TOPICS[0].encode(), b"one") + b"\x40\x02\x00\x01" + publish(b"t", b"two")
    length = data.draw(st.integers(0, len(whole)))

    async def script(visit: Visit) -> None:
        await visit.packet()
        await visit.say(whole[:length])

    async def attempt() -> None:
        async with scripted(script) as broker:
            try:
                link = await opened(broker.port)
            except LinkFailed:
                return
            assert "ended" in await failure(link)

    asyncio.run(attempt())


class Starved(Link):
    """A link on a machine without memory for TLS: as often as `times` says, opening runs out of it."""

    times = 1

    @override
    async def _open(self, *arguments: Any) -> None:
        if Starved.times:
            Starved.times -= 1
            self._writer = Closes(self._note)  # type: ignore[assignment]
            raise MemoryError
        await super()._open(*arguments)

    def _note(self) -> None:
        self.was_dropped = True


class Closes:
    """A socket that tells when it is dropped."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    async def wait_closed(self) -> None:
        self._tell()


async def test_fault_43_no_memory_for_tls_drops_the_socket_and_the_next_attempt_may_succeed(
    mosquitto_server: Mosquitto,
) -> None:
    link = Starved(Clock())
    with pytest.raises(LinkFailed, match="not enough memory"):
        await opened(mosquitto_server.port, link=link)

    assert link.was_dropped
    again = await opened(mosquitto_server.port, link=Starved(Clock()))
    assert again.is_open
    await again.close()


@given(st.text(max_size=40), st.binary(max_size=300), st.integers(1, 65_535))
def test_a_packet_is_read_as_it_was_written(topic: str, payload: bytes, packet_id: int) -> None:
    packet = publish_packet(Message(topic, payload), packet_id)
    body = packet[2:] if packet[1] < 0x80 else packet[3:]

    message, read_id = parse_publish(packet[0] & 15, body)

    assert (message.topic, message.payload, read_id) == (topic, payload, packet_id)
