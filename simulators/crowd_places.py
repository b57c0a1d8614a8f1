"""Where a crowd goes to: simulated readers and turnstiles of this process, and of others by their control ports."""

from edge_agent.clock import Clock
from simulators.cards import card_make
from simulators.control import command
from simulators.crowd import Way
from simulators.pn532 import Pn532Line
from simulators.turnstile import TurnstileServer

TRY_MS = 50  # how often somebody pushes against a gate that is closed
THROUGH_MS = 400  # how long the lane is taken by somebody who goes through


class NearReader:
    """A PN532 simulated in this process."""

    def __init__(self, line: Pn532Line) -> None:
        self._line = line

    async def show(self, uid: bytes, shown_ms: int) -> None:
        self._line.present(card_make(uid.hex()), shown_ms)


class FarReader:
    """A PN532 simulated by another process; raises OSError when it is not there."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def show(self, uid: bytes, shown_ms: int) -> None:
        answer = await command(self._port, f"present {uid.hex()} {shown_ms}")
        if "cards=" not in answer:
            raise ValueError(f"the reader on port {self._port} did not take a card: {answer}")


class NearControl:
    """A turnstile simulated in this process."""

    def __init__(self, server: TurnstileServer) -> None:
        self._server = server

    async def say(self, line: str) -> str:
        return self._server.obey(line)


class FarControl:
    """A turnstile simulated by another process; raises OSError when it is not there."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def say(self, line: str) -> str:
        return await command(self._port, line)


class TurnstileWalk:
    """People push against a turnstile; they go away when it stays closed or shows its red light."""

    def __init__(self, control: NearControl | FarControl, clock: Clock) -> None:
        self._control = control
        self._clock = clock

    async def walk(self, direction: str, patience_ms: int, reaction_ms: int) -> Way:
        await self._control.say("auto off")
        reds = await self._reds()
        ends_ms = self._clock.monotonic_ms() + patience_ms
        await self._clock.sleep(reaction_ms / 1_000)
        while await self._control.say(f"pass {direction}") != "ok":
            if await self._reds() != reds:
                return Way.RED
            if self._clock.monotonic_ms() >= ends_ms:
                return Way.SILENT
            await self._clock.sleep(TRY_MS / 1_000)
        await self._clock.sleep(THROUGH_MS / 1_000)
        return Way.THROUGH

    async def _reds(self) -> int:
        status = await self._control.say("status")
        return int(status.rpartition(" ")[2])
