"""A broken network for real programs: a TCP proxy on loopback that is told to cut, stall, slow down or lose.

`python -m simulators network --to 127.0.0.1:1883` serves until interrupted and takes commands from its standard
input and from a control port: `plug`, `unplug`, `stall` (half-open: bytes vanish, nobody is told), `mute` (only those
vanish that go up), `delay MS`, `status`.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from enum import Enum

CHUNK = 64 * 1024
COMMANDS = "plug, unplug, stall, mute, delay MS, status"


class Cable(Enum):
    """How the wire is."""

    PLUGGED = "plugged"
    UNPLUGGED = "unplugged"  # new connections are refused, old ones reset
    STALLED = "stalled"  # connections stay, bytes vanish
    MUTED = "muted"  # what is heard comes, what is said vanishes


_UP_LOST = (Cable.STALLED, Cable.MUTED)
_DOWN_LOST = (Cable.STALLED,)


@dataclass(slots=True)
class Proxy:
    """Carries TCP connections to `host:port`; everything between is at its mercy."""

    host: str
    port: int
    cable: Cable = Cable.PLUGGED
    delay_ms: int = 0
    carried: int = 0
    accepted: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> int:
        """Listen on a loopback port (a free one for 0) and return it."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Drop every connection and listen no more."""
        self._drop_all()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def plug(self) -> None:
        """Let bytes through. What was stalled has lost bytes and is dropped."""
        if self.cable in _UP_LOST:
            self._drop_all()
        self.cable = Cable.PLUGGED

    def unplug(self) -> None:
        """Reset every connection and refuse new ones."""
        self.cable = Cable.UNPLUGGED
        self._drop_all()

    def stall(self) -> None:
        """Swallow all bytes from now on, in both directions, without a word."""
        self.cable = Cable.STALLED

    def mute(self) -> None:
        """Swallow what goes up from now on; what comes down still comes."""
        self.cable = Cable.MUTED

    @property
    def connections(self) -> int:
        """Return how many connections stand now."""
        return len(self._open) // 2

    def obey(self, line: str) -> str:
        """Do what a command line says; return the answer."""
        match line.split():
            case ["plug"]:
                self.plug()
            case ["unplug"]:
                self.unplug()
            case ["stall"]:
                self.stall()
            case ["mute"]:
                self.mute()
            case ["delay", ms] if ms.isdigit():
                self.delay_ms = int(ms)
            case ["status"]:
                pass
            case _:
                return f"not understood: {line.strip()[:40]!r}; commands: {COMMANDS}"
        return f"{self.cable.value} delay_ms={self.delay_ms} connections={self.connections} bytes={self.carried}"

    def _drop_all(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.cable is Cable.UNPLUGGED:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._open |= ends
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, far_writer, _UP_LOST), name="proxy.up")
                group.create_task(self._pump(far_reader, writer, _DOWN_LOST), name="proxy.down")
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: tuple[Cable, ...]) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK):
                if self.delay_ms:
                    await asyncio.sleep(self.delay_ms / 1000)
                if self.cable in lost:
                    continue
                self.carried += len(chunk)
                writer.write(chunk)
                await writer.drain()
        if self.cable is not Cable.STALLED:
            writer.transport.abort()
