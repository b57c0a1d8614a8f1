"""The way from tills to the cloud in a simulated month: the product's sessions over a line that repeats and reorders.

Rule: a message is lost, doubled or late here, but never changed, and nothing leaves the tills' journals but on the
cloud's own sealed word. Between two messages of a broken connection nobody notices that it broke.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from cloud.ingest.messages import Arrived
from cloud.ingest.plan import Reply
from edge_agent.journal.entry import Entry
from edge_agent.sync.actions import Action, Disconnect, FetchRoster, LearnTime, Publish, Read, Report, Trim
from edge_agent.sync.counters import Phase
from schemas import topics
from simulators.clock import SimulatedClock
from simulators.month_machine import Machine, Program

ROUNDS_MAX = 2_000
STEP_S = 0.05
TIME_ERROR_MS_MAX = 10_000  # as the agent believes the cloud
T = TypeVar("T")
Accept = Callable[[Sequence[Arrived]], Awaitable[Sequence[Reply]]]


@dataclass(frozen=True, slots=True)
class Weather:
    """How poor a line is: chances of one message."""

    lost: float = 0.0
    twice: float = 0.0
    shuffled: float = 0.0  # of what is under way at one moment


FAIR, POOR = Weather(), Weather(lost=0.1, twice=0.3, shuffled=0.5)


class NotDelivered(AssertionError):
    """The line is open and the cloud answers, and still not all was delivered: somebody waits for nothing."""


@dataclass(slots=True)
class Line:
    """One machine's connection: its session's wishes are done here."""

    machine: Machine
    is_up: bool = False
    is_lost: bool = False  # the session gave the connection up
    wants_roster: bool = False
    reports: list[str] = field(default_factory=list)
    _program: Program | None = None
    _todo: list[Action] = field(default_factory=list)
    out: list[Publish] = field(default_factory=list)

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is left to be sent, or the cloud wants nothing of this machine."""
        session = self.machine.running.session
        return session.phase is Phase.REFUSED or (session.phase is Phase.FLOWING and session.unsent == 0)

    @property
    def is_refused(self) -> bool:
        return self.machine.running.session.phase is Phase.REFUSED

    @property
    def told(self) -> str:
        """Return how it stands, for whoever looks into a line that does not come to rest."""
        program = self.machine.program
        return "off" if program is None else f"{program.session.phase.value}, {program.session.counters}"

    async def connect(self) -> None:
        """Greet over a new connection."""
        program = self.machine.running
        self._program, self._todo, self.is_up, self.is_lost = program, [], True, False
        epochs = await program.journal.epochs()
        self._todo += program.session.connected(epochs, program.shelf.version, program.timekeeper.now())

    def cut(self) -> None:
        """Lose the connection, and what was under way."""
        self.is_up = False
        self._lose()

    def appended(self, entries: Sequence[Entry]) -> None:
        """Let the session know what is durable now."""
        program = self.machine.running
        if self.is_up and program is self._program:
            self._todo += program.session.appended(entries, program.timekeeper.now())

    @property
    def wait_s(self) -> float:
        """Return how long the session waits for its next timer."""
        program = self.machine.running
        wake_ms = program.session.wake_at_ms
        return 1.0 if wake_ms is None else (wake_ms - program.timekeeper.now().monotonic_ms) / 1000

    async def begin(self) -> None:
        """Do what is to be done; connect anew, if the session gave the connection up."""
        if self.is_lost:
            await self.connect()
        await self.work()

    async def hear(self, payload: bytes) -> None:
        """Take a message of the cloud."""
        program = self.machine.running
        self._todo += program.session.received(payload, program.timekeeper.now())
        await self.work()

    async def tick(self) -> None:
        """Let the session's timers run out."""
        program = self.machine.running
        now, wake_ms = program.timekeeper.now(), program.session.wake_at_ms
        if wake_ms is not None and wake_ms <= now.monotonic_ms:
            self._todo += program.session.tick(now)
        await self.work()

    async def work(self) -> None:
        """Do what the session wants done; what it wants sent is put out."""
        program = self.machine.running
        while self._todo:
            action = self._todo.pop(0)
            now = program.timekeeper.now()
            match action:
                case Publish():
                    self.out.append(action)
                case Read(epoch, after_seq, limit):
                    entries = await program.journal.read(epoch, after_seq, limit)
                    self._todo += program.session.read(epoch, after_seq, entries, now)
                case Trim(epoch, upto, digest):
                    fitted = await program.journal.trim(epoch, upto, digest)
                    self._todo += program.session.trimmed(epoch, upto, now, fitted=fitted)
                case LearnTime(wall_ms, monotonic_ms, error_ms) if error_ms <= TIME_ERROR_MS_MAX:
                    program.timekeeper.learn(wall_ms, monotonic_ms, "ntp")
                case FetchRoster():
                    self.wants_roster = True
                case Disconnect():
                    self._lose()
                case Report(reason, detail):
                    self.reports.append(f"{self.machine.device}: {reason}: {detail}")
                case _:
                    pass

    def _lose(self) -> None:
        self.is_lost = True
        self.out.clear()
        self._todo.clear()
        if self._program is not None and self.machine.program is self._program:
            self._program.session.disconnected()


@dataclass(slots=True)
class Wires:
    """All lines of a school, and what carries their messages."""

    accept: Accept
    clock: SimulatedClock
    rng: Random
    weather: Weather = FAIR
    lines: dict[str, Line] = field(default_factory=dict)

    async def deliver(self) -> None:
        """Let everybody who is connected bring what they have. Raises NotDelivered."""
        for _ in range(ROUNDS_MAX):
            up = [line for line in self.lines.values() if line.machine.program is not None and line.is_up]
            for line in up:
                await line.begin()
            sent = [message for line in up for message in line.out]
            for line in up:
                line.out = []
            if sent:
                await self._carried(sent)
            elif all(line.is_idle for line in up):
                return
            else:
                await self._wait(up)
        raise NotDelivered(", ".join(f"{device}: {line.told}" for device, line in self.lines.items()))

    async def _carried(self, sent: Sequence[Publish]) -> None:
        now_ms = self.clock.wall_ms()
        arrived = [Arrived(message.topic, message.payload, now_ms) for message in self._under_way(sent)]
        for reply in self._under_way(await self.accept(arrived)):
            line = self.lines.get(topics.parse(reply.topic)[2])
            if line is not None and line.is_up and line.machine.program is not None:
                await line.hear(reply.payload)

    async def _wait(self, up: Sequence[Line]) -> None:
        """Let time pass until somebody wants to say something again."""
        self.clock.advance(max(STEP_S, min(line.wait_s for line in up)))
        for line in up:
            await line.tick()

    def _under_way(self, messages: Sequence[T]) -> list[T]:
        weather, rng = self.weather, self.rng
        kept = [message for message in messages if rng.random() >= weather.lost]
        kept += [message for message in kept if rng.random() < weather.twice]
        if kept and rng.random() < weather.shuffled:
            rng.shuffle(kept)
        return kept
