"""A device that was written from docs/contract.md alone, in JavaScript, run as a process and listened to."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from schemas.generate import HERE
from tests.servers.node import node_command
from tests.waiting import until_async

SCRIPT = Path(__file__).with_name("device.mjs")
QUICK = {"welcomeMs": 400, "ackMs": 400, "reconnectMs": 50, "refusedMs": 300}
UID = "04a1b2c3d4e5f6"


def bundle(port: int, http_url: str = "http://127.0.0.1:9") -> dict[str, Any]:
    """Return the vectors' bundle for a plain broker on loopback."""
    found: dict[str, Any] = json.loads((HERE / "vectors/bundles.json").read_text())["valid"][0]
    found["cloud"] = {"mqtt_host": "127.0.0.1", "mqtt_port": port, "mqtt_tls": False, "http_url": http_url}
    return found


class Stranger:
    """The running device; `events` is what it has told so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.events: list[dict[str, Any]] = []
        self._process = process

    def tap(self, uid: str = UID, direction: str = "in") -> None:
        """Show a card."""
        assert self._process.stdin is not None
        line = json.dumps({"do": "tap", "uid": uid, "gate": "main", "direction": direction})
        self._process.stdin.write(line.encode() + b"\n")

    def told(self, event: str, **members: object) -> list[dict[str, Any]]:
        """Return the events of a kind, and with these members if given."""
        wanted = members.items()
        return [each for each in self.events if each["event"] == event and wanted <= each.items()]

    def records(self) -> list[tuple[str, int, bytes]]:
        """Return every record it says is durable: epoch, number, bytes."""
        return [(each["epoch"], each["seq"], each["line"].encode()) for each in self.told("record")]

    async def until(self, predicate: Callable[["Stranger"], object], what: str) -> None:
        """Wait until something is true of it."""
        try:
            await until_async(lambda: predicate(self), 10.0, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; it told {self.events[-8:]}") from None

    async def kill(self) -> None:
        """End it as a power cut does."""
        self._process.kill()
        await self._process.wait()

    async def listen(self) -> None:
        """Read what it tells, until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.events.append(json.loads(line))


@contextlib.asynccontextmanager
async def stranger(folder: Path, made: Mapping[str, Any]) -> AsyncIterator[Stranger]:
    """Run the device with this bundle on the journal in `folder`; end it politely."""
    file = folder.with_suffix(".json")
    file.write_text(json.dumps(made))
    command = node_command(SCRIPT, str(file), str(folder), json.dumps(QUICK))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    device = Stranger(process)
    listening = asyncio.create_task(device.listen(), name="stranger.listen")
    try:
        yield device
    finally:
        with contextlib.suppress(ConnectionError):
            assert process.stdin is not None
            process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 20.0)
        if process.returncode is None:
            await device.kill()
        await listening
