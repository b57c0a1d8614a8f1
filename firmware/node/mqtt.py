"""A small MQTT 3.1.1 client for asyncio, of MicroPython and of CPython: one connection, used once.

Rule: the broker is only a wire. Nothing is sent twice on one connection, what a PUBACK says is told to nobody, every
operation has a total deadline, and every packet leaves in one write. Sessions are clean, and whether the broker claims
to have one is ignored. We subscribe with QoS 0, since what is lost on this wire is asked for again by a hello; we
publish with QoS 1, so that a broker that lives answers.
"""

import asyncio
import gc

from firmware.node.clock import Clock

OPEN_S = 20.0  # with TLS and the name's address; a microcontroller takes some seconds over its handshake
WRITE_S = 10.0
PACKET_S = 10.0  # from a packet's first byte to its last
CLOSE_S = 1.0
PACKET_MAX = 4_096

_CONNACK, _PUBLISH, _PUBACK, _SUBACK, _PINGRESP = 2, 3, 4, 9, 13
_REFUSALS = ("", "protocol", "client id", "server unavailable", "user or password", "not authorised")
# A bad certificate is a ValueError on MicroPython; asyncio's TimeoutError is an OSError of its own on CPython.
TROUBLE = (OSError, EOFError, ValueError, MemoryError, asyncio.TimeoutError)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.node.names import Names


class LinkFailed(Exception):
    """The connection could not be made, or is over; the text says why."""


class Broker:
    """Where a broker listens. `tls` makes a context for one connection; `name` is on its certificate, if not `host`."""

    def __init__(
        self, host: str, port: int, tls: "Callable[[], object] | None" = None, name: "str | None" = None
    ) -> None:
        self.host = host
        self.port = port
        self.tls = tls
        self.name = name


class Message:
    """A message to publish."""

    def __init__(self, topic: str, payload: bytes) -> None:
        self.topic = topic
        self.payload = payload


class Link:
    """A connection to a broker."""

    def __init__(
        self, clock: Clock, keepalive_s: float = 30.0, packet_max: int = PACKET_MAX, names: "Names | None" = None
    ) -> None:
        self.is_open = False
        self._clock = clock
        self._keepalive_ms = int(keepalive_s * 1000)
        self._packet_max = packet_max
        self._names = names
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._write_turn = asyncio.Lock()
        self._packet_id = 0
        self._heard_ms = 0
        self._sent_ms = 0
        self._pinged_ms: int | None = None

    async def open(self, broker: Broker, client_id: str, will: "Message | None", topics: "list[str]") -> None:
        """Connect and subscribe within OPEN_S. Raises LinkFailed; the link is then closed."""
        try:
            await asyncio.wait_for(self._open(broker, client_id, will, topics), OPEN_S)
        except TROUBLE as error:
            await self.close()
            gc.collect()  # so that the next attempt finds the memory that TLS wants in one piece
            raise LinkFailed(f"{broker.host}:{broker.port}: {told(error)}") from None
        self.is_open = True

    async def publish(self, message: Message) -> None:
        """Send a message, QoS 1, and wait until it is on its way; its PUBACK is not waited for. Raises LinkFailed."""
        self._packet_id = self._packet_id % 65_535 + 1
        await self._send(publish_packet(message, self._packet_id))

    async def receive(self) -> Message:
        """Return the next message, keeping the connection alive meanwhile. Raises LinkFailed when it is over."""
        while True:
            head = await self._first_byte()
            kind, flags = head >> 4, head & 15
            try:
                body = await asyncio.wait_for(self._rest(), PACKET_S)
                self._heard_ms, self._pinged_ms = self._clock.monotonic_ms(), None
                if kind == _PUBLISH:
                    message, packet_id = parse_publish(flags, body)
                    if packet_id:
                        await self._send(b"\x40\x02" + packet_id.to_bytes(2, "big"))
                    return message
                if kind not in (_PUBACK, _PINGRESP, _SUBACK):
                    raise ValueError(f"a packet of kind {kind}")
            except TROUBLE as error:
                raise LinkFailed(told(error)) from None

    async def close(self) -> None:
        """Drop the connection, without goodbye: so that the broker tells the last will."""
        writer, self._reader, self._writer, self.is_open = self._writer, None, None, False
        if writer is None:
            return
        try:
            if hasattr(writer, "transport"):  # CPython; MicroPython's close() does nothing
                writer.transport.abort()
            await asyncio.wait_for(writer.wait_closed(), CLOSE_S)
        except TROUBLE:
            pass  # it is gone either way

    # Opening

    async def _open(self, broker: Broker, client_id: str, will: "Message | None", topics: "list[str]") -> None:
        host = await self._names.address(broker.host) if self._names is not None else broker.host
        if broker.tls is None:
            opening = asyncio.open_connection(host, broker.port)
        else:
            name = broker.name or broker.host
            opening = asyncio.open_connection(host, broker.port, ssl=broker.tls(), server_hostname=name)
        self._reader, self._writer = await opening
        await self._write(connect_packet(client_id, will, self._keepalive_ms // 1000 or 1))
        kind, body = await self._packet()
        if kind != _CONNACK or len(body) != 2:
            raise ValueError("no CONNACK")
        if body[1]:
            raise ValueError("refused: " + (_REFUSALS[body[1]] if body[1] < len(_REFUSALS) else "unknown"))
        await self._write(subscribe_packet(topics))
        kind, body = await self._packet()
        if kind != _SUBACK or body[:2] != b"\x00\x01" or len(body) != 2 + len(topics) or max(body[2:]) > 2:
            raise ValueError("not subscribed")
        self._heard_ms = self._clock.monotonic_ms()

    # Bytes

    async def _first_byte(self) -> int:
        """Return the byte that a packet begins with; ping in silence, and give up on a peer that has vanished."""
        while True:
            now_ms = self._clock.monotonic_ms()
            if self._pinged_ms is not None and now_ms - self._pinged_ms >= self._keepalive_ms // 2:
                raise LinkFailed(f"nothing was heard for {now_ms - self._heard_ms} ms")
            due_ms = self._ping_due_ms()
            if self._pinged_ms is None and now_ms >= due_ms:
                self._pinged_ms = now_ms
                await self._send(b"\xc0\x00")
                continue
            until_ms = due_ms if self._pinged_ms is None else self._pinged_ms + self._keepalive_ms // 2
            try:
                return (await asyncio.wait_for(self._exactly(1), max(1, until_ms - now_ms) / 1000))[0]
            except asyncio.TimeoutError:  # noqa: UP041  MicroPython's is no OSError
                continue
            except TROUBLE as error:
                raise LinkFailed(told(error)) from None

    def _ping_due_ms(self) -> int:
        """Return when to ping: after half a keepalive of their silence, or three quarters of ours."""
        return min(self._heard_ms + self._keepalive_ms // 2, self._sent_ms + self._keepalive_ms * 3 // 4)

    async def _packet(self) -> "tuple[int, bytes]":
        head = (await self._exactly(1))[0]
        return head >> 4, await self._rest()

    async def _rest(self) -> bytes:
        """Return the body of a packet whose first byte was read."""
        length = shift = 0
        while True:
            part = (await self._exactly(1))[0]
            length |= (part & 0x7F) << shift
            if part < 0x80:
                break
            shift += 7
            if shift > 21:
                raise ValueError("a length of more than four bytes")
        if length > self._packet_max:
            raise ValueError(f"a packet of {length} bytes; at most {self._packet_max} are taken")
        return await self._exactly(length) if length else b""

    async def _exactly(self, count: int) -> bytes:
        if self._reader is None:
            raise EOFError
        return await self._reader.readexactly(count)

    async def _send(self, packet: bytes) -> None:
        try:
            await asyncio.wait_for(self._write(packet), WRITE_S)
        except TROUBLE as error:
            raise LinkFailed(told(error)) from None

    async def _write(self, packet: bytes) -> None:
        """Write one packet as one buffer; two tasks never drain at once, which MicroPython's streams do not bear."""
        async with self._write_turn:
            if self._writer is None:
                raise EOFError
            self._writer.write(packet)
            await self._writer.drain()
        self._sent_ms = self._clock.monotonic_ms()


def told(error: BaseException) -> str:
    """Return a reason for logs, which no exception leaves empty."""
    if isinstance(error, asyncio.TimeoutError):
        return "no answer in time"
    if isinstance(error, EOFError):
        return "the other side ended the connection"
    if isinstance(error, MemoryError):
        return "not enough memory"
    return str(error) or type(error).__name__


# Packets: MQTT 3.1.1, OASIS Standard, 29 October 2014, chapter 3


def connect_packet(client_id: str, will: "Message | None", keepalive_s: int) -> bytes:
    """Return CONNECT with a clean session; the will has QoS 0 and is not retained."""
    flags = 0x02 | (0x04 if will is not None else 0)
    body = [b"\x00\x04MQTT\x04", bytes([flags]), keepalive_s.to_bytes(2, "big"), _text(client_id)]
    if will is not None:
        body += [_text(will.topic), len(will.payload).to_bytes(2, "big"), will.payload]
    return _framed(0x10, body)


def subscribe_packet(topics: "list[str]") -> bytes:
    """Return SUBSCRIBE, packet 1, with QoS 0 for every filter."""
    return _framed(0x82, [b"\x00\x01"] + [_text(topic) + b"\x00" for topic in topics])


def publish_packet(message: Message, packet_id: int) -> bytes:
    """Return PUBLISH with QoS 1."""
    return _framed(0x32, [_text(message.topic), packet_id.to_bytes(2, "big"), message.payload])


def parse_publish(flags: int, body: bytes) -> "tuple[Message, int]":
    """Return a message that came, and the id it wants acknowledged, 0 for none. Raises ValueError."""
    end = 2 + int.from_bytes(body[:2], "big")
    has_id = flags & 0x06
    start = end + (2 if has_id else 0)
    if len(body) < max(2, start) or has_id > 2:
        raise ValueError("a broken PUBLISH")
    return Message(str(body[2:end], "utf-8"), body[start:]), int.from_bytes(body[end:start], "big")


def _framed(head: int, parts: "list[bytes]") -> bytes:
    body = b"".join(parts)
    length, size = len(body), bytearray()
    while True:
        size.append(length & 0x7F | (0x80 if length > 0x7F else 0))
        length >>= 7
        if not length:
            return bytes([head]) + bytes(size) + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2, "big") + encoded
