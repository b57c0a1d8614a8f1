"""A turnstile with its timing: a relay unlocks it for a while, people take their time, its contacts bounce.

`Mechanics` is the machine on any clock; `TurnstileServer` serves it over TCP to the agent's simulated wires: `relay
in|out|red on|off` comes in, `contact in|out closed|open` and `fire on|off` go out, and all of them at the beginning.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

COMMANDS = "pass in|out, turn, force in|out, fire on|off, auto on|off, status"
LINE_MAX = 256
CONNECTIONS_MAX = 8


@dataclass(frozen=True, slots=True)
class Habits:
    """Milliseconds: how long it stays unlocked, how long people take, how long its contact closes and bounces."""

    window_ms: int = 5_000
    walk_ms_min: int = 600
    walk_ms_max: int = 1_800
    contact_ms: int = 150
    bounce_ms: int = 8


@dataclass(slots=True)
class Mechanics:
    """The machine. `due` gives the lines that its contacts say by an instant, in order."""

    rng: Random
    habits: Habits = field(default_factory=Habits)
    is_auto: bool = True  # whoever it is unlocked for goes through
    is_burning: bool = False
    opened: int = 0
    reds: int = 0
    passed: dict[str, int] = field(default_factory=lambda: {"in": 0, "out": 0})
    _unlocked_ms: dict[str, int] = field(default_factory=dict)
    _turning: int = 0
    _order: int = 0
    _busy_until_ms: int = 0
    _coming: list[tuple[int, int, str]] = field(default_factory=list)
    _closed: dict[str, bool] = field(default_factory=lambda: {"in": False, "out": False})

    def relay(self, name: str, now_ms: int, *, is_on: bool) -> None:
        """Hear a relay of the agent's; the edge counts, not the length."""
        if not is_on:
            return
        if name == "red":
            self.reds += 1
            return
        self.opened += 1
        self._unlocked_ms[name] = now_ms + self.habits.window_ms
        if self._turning:
            self._turning -= 1
        elif self.is_auto:
            self._walk(name, now_ms)

    def go(self, direction: str, now_ms: int) -> bool:
        """Let somebody go through if it is unlocked that way or burning; tell whether they could."""
        if not self.is_burning and now_ms >= self._unlocked_ms.get(direction, 0):
            return False
        self._rotate(direction, now_ms)
        return True

    def turn(self) -> None:
        """Let the next one it unlocks for turn round and not go."""
        self._turning += 1

    def force(self, direction: str, now_ms: int) -> None:
        """Let somebody climb over or push through, unlocked or not."""
        self._rotate(direction, now_ms)

    def burn(self, now_ms: int, *, is_burning: bool) -> None:
        """Let the fire panel speak: it unlocks both ways by its own wiring."""
        self.is_burning = is_burning
        self._say(now_ms, f"fire {'on' if is_burning else 'off'}")

    def due(self, now_ms: int) -> list[str]:
        """Return what the contacts have said by now."""
        lines = []
        while self._coming and self._coming[0][0] <= now_ms:
            _, _, line = heappop(self._coming)
            lines.append(line)
            match line.split():
                case ["contact", direction, state]:
                    self._closed[direction] = state == "closed"
                case _:
                    pass
        return lines

    def standing(self) -> list[str]:
        """Return how all contacts stand."""
        contacts = [f"contact {way} {'closed' if closed else 'open'}" for way, closed in self._closed.items()]
        return [*contacts, f"fire {'on' if self.is_burning else 'off'}"]

    @property
    def next_ms(self) -> int | None:
        """Return when a contact speaks next."""
        return self._coming[0][0] if self._coming else None

    def _walk(self, direction: str, now_ms: int) -> None:
        at_ms = now_ms + self.rng.randint(self.habits.walk_ms_min, self.habits.walk_ms_max)
        if at_ms < self._unlocked_ms[direction]:
            self._rotate(direction, at_ms)

    def _rotate(self, direction: str, at_ms: int) -> None:
        """One body at a time goes through; the contact closes for a moment, and chatters at both ends."""
        at_ms = max(at_ms, self._busy_until_ms)
        self._unlocked_ms.pop(direction, None)
        self.passed[direction] += 1
        for start_ms, last in ((at_ms, "closed"), (at_ms + self.habits.contact_ms, "open")):
            other = "open" if last == "closed" else "closed"
            for offset_ms in sorted(self.rng.randint(0, self.habits.bounce_ms) for _ in range(2)):
                self._say(start_ms + offset_ms, f"contact {direction} {last}")
                self._say(start_ms + offset_ms, f"contact {direction} {other}")
            self._say(start_ms + self.habits.bounce_ms, f"contact {direction} {last}")
        self._busy_until_ms = at_ms + 2 * self.habits.contact_ms

    def _say(self, at_ms: int, line: str) -> None:
        self._order += 1
        heappush(self._coming, (at_ms, self._order, line))


class TurnstileServer:
    """The machine on this computer's clock, for an agent that connects."""

    def __init__(self, mechanics: Mechanics) -> None:
        self.mechanics = mechanics
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def start(self, port: int = 0) -> int:
        """Listen on loopback; return the port."""
        self._server = await asyncio.start_server(self._converse, "127.0.0.1", port, limit=LINE_MAX)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Cut every cable."""
        if self._timer is not None:
            self._timer.cancel()
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.close()
        if self._server is not None:
            await self._server.wait_closed()

    def obey(self, line: str) -> str:
        """Do what a command says; return a line that answers."""
        mechanics, now_ms = self.mechanics, self._now_ms()
        answer = "ok"
        match line.split():
            case ["pass", ("in" | "out") as direction]:
                answer = "ok" if mechanics.go(direction, now_ms) else "locked"
            case ["turn"]:
                mechanics.turn()
            case ["force", ("in" | "out") as direction]:
                mechanics.force(direction, now_ms)
            case ["fire", ("on" | "off") as state]:
                mechanics.burn(now_ms, is_burning=state == "on")
            case ["auto", ("on" | "off") as state]:
                mechanics.is_auto = state == "on"
            case ["status"]:
                passed = mechanics.passed
                answer = f"opened {mechanics.opened} in {passed['in']} out {passed['out']} red {mechanics.reds}"
            case _:
                answer = f"not understood: {line.strip()[:40]!r}; commands: {COMMANDS}"
        self._speak()
        return answer

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._writers) >= CONNECTIONS_MAX:
            writer.close()
            return
        self._writers.add(writer)
        self._send(writer, self.mechanics.standing())
        with contextlib.suppress(OSError, ValueError):  # ValueError: a line without an end
            while line := await reader.readline():
                self._hear(line.decode("ascii", "replace").split())
        self._writers.discard(writer)
        writer.close()

    def _hear(self, words: list[str]) -> None:
        match words:
            case ["relay", ("in" | "out" | "red") as name, ("on" | "off") as state]:
                self.mechanics.relay(name, self._now_ms(), is_on=state == "on")
                self._speak()
            case _:
                pass

    def _speak(self) -> None:
        """Say what is due to whoever listens, and come back when there is more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines = self.mechanics.due(self._now_ms())
        for writer in self._writers:
            self._send(writer, lines)
        next_ms = self.mechanics.next_ms
        if next_ms is not None:
            wait_s = max(1, next_ms - self._now_ms()) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._speak)

    @staticmethod
    def _send(writer: asyncio.StreamWriter, lines: list[str]) -> None:
        if lines and not writer.is_closing():
            writer.write("".join(line + "\n" for line in lines).encode())

    @staticmethod
    def _now_ms() -> int:
        return int(asyncio.get_running_loop().time() * 1000)
