"""A broker that a test writes, on a loopback port: it says what the test wants, and tells what it heard."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from tests.servers.process import free_port

CONNACK = b"\x20\x02\x00\x00"
SESSION_PRESENT = b"\x20\x02\x01\x00"
SUBACK = b"\x90\x04\x00\x01\x00\x00"
PINGRESP = b"\xd0\x00"
CONNECT, PUBLISH, SUBSCRIBE, PINGREQ = 1, 3, 8, 12


class Visit:
    """One connection to the broker."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def packet(self) -> tuple[int, bytes]:
        """Return the next packet: its kind and its body."""
        head = (await self._reader.readexactly(1))[0]
        length = shift = 0
        while True:
            part = (await self._reader.readexactly(1))[0]
            length |= (part & 0x7F) << shift
            shift += 7
            if part < 0x80:
                return head >> 4, await self._reader.readexactly(length)

    async def say(self, told: bytes) -> None:
        """Send bytes."""
        self._writer.write(told)
        await self._writer.drain()

    async def admit(self, connack: bytes = CONNACK) -> None:
        """Let the client in and confirm its two subscriptions."""
        assert (await self.packet())[0] == CONNECT
        await self.say(connack)
        assert (await self.packet())[0] == SUBSCRIBE
        await self.say(SUBACK)

    async def silence(self) -> None:
        """Say nothing until the client has gone."""
        with contextlib.suppress(ConnectionError):
            while await self._reader.read(4096):
                pass

    def cut(self) -> None:
        """End the connection."""
        self._writer.close()


class Scripted:
    """The broker, while it serves: its port and the visits so far."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.visits = 0


@contextlib.asynccontextmanager
async def scripted(script: Callable[[Visit], Awaitable[None]]) -> AsyncIterator[Scripted]:
    """Serve a script to every visitor; one that ends ends the connection."""
    broker = Scripted(free_port())

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker.visits += 1
        visit = Visit(reader, writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await script(visit)
        visit.cut()

    server = await asyncio.start_server(serve, "127.0.0.1", broker.port)
    try:
        yield broker
    finally:
        server.close()


def publish(topic: bytes, payload: bytes, *, head: int = 0x30, packet_id: bytes = b"") -> bytes:
    """Return a PUBLISH of less than 128 bytes, as a broker sends it."""
    body = len(topic).to_bytes(2, "big") + topic + packet_id + payload
    return bytes([head, len(body)]) + body
