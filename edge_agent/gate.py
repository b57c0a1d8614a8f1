"""One gate of this agent: its mechanics, its pipeline and its readers, and what is counted of them for people.

Rule: the mechanics and each reader are parts of their own: a reader that fails leaves the gate and the other readers
as they are, and a gate whose mechanics fail is made anew.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from edge_agent.actuators.actuator import Actuator, Direction, FireChanged, PassageOutcome, Passed
from edge_agent.actuators.gpio import Pins, gpio_turnstile
from edge_agent.actuators.head import Wired, head_turnstile
from edge_agent.actuators.lane import Timing
from edge_agent.actuators.nothing import Nothing
from edge_agent.actuators.simulated import simulated_turnstile
from edge_agent.clock import Clock
from edge_agent.decision import Decision, Mode
from edge_agent.door import Door
from edge_agent.pipeline import HandReason, OpenReason, Pipeline, Shown
from edge_agent.readers.head import HeadReader
from edge_agent.readers.tap import Answering, Reader, Tap, Verdict
from edge_agent.readers.watch import ReaderWatch
from edge_agent.settings import GateSettings, HeadGate, NoGate, RelayGate, SimulatedGate
from edge_agent.status.snapshot import GateStatus, ReaderStatus

MakePipeline = Callable[[Door, Actuator], Pipeline]
MakeActuator = Callable[[GateSettings, Sequence[Reader], Clock], Actuator]
OPEN_BY_COMMAND, HELD_OPEN = 0, -1  # no grant of the pipeline has these numbers
HOLD_S = 1.0
log = structlog.get_logger()


def open_actuator(gate: GateSettings, readers: Sequence[Reader], clock: Clock) -> Actuator:
    """Return what the settings say opens at a gate with these readers. Raises the pins' own errors."""
    timing = Timing(pulse_ms=gate.open_ms, passage_ms=gate.passage_ms)
    match gate.actuator:
        case RelayGate() as relay:
            pins = Pins(
                relay.open_in_pin, relay.open_out_pin, relay.deny_pin, relay.pass_in_pin, relay.pass_out_pin,
                relay.fire_pin, relay.is_active_low,
            )  # fmt: skip
            return gpio_turnstile(pins, timing, clock)
        case HeadGate(reader=name) as wired:
            head = next(reader for reader in readers if reader.name == name)
            assert isinstance(head, HeadReader), "the settings were checked"  # noqa: S101
            return head_turnstile(head, timing, Wired(wired.has_sensor, wired.has_fire), clock)
        case SimulatedGate(port=port):
            return simulated_turnstile(port, timing, clock)
        case NoGate():
            return Nothing()


@dataclass(slots=True)
class _Counts:
    allowed: int = 0
    denied: int = 0
    passed: int = 0
    last_decision_ms: int | None = None
    last_forged_ms: int | None = None
    is_burning: bool = False


class Watched:
    """An actuator whose events are counted as they go by; while `is_held`, its way out is opened again and again."""

    def __init__(self, actuator: Actuator, counts: _Counts) -> None:
        self.is_held = False
        self._actuator = actuator
        self._counts = counts
        self._is_opened = False  # for whoever comes out first, and the sensor has not told yet

    @property
    def has_sensor(self) -> bool:
        return self._actuator.has_sensor

    def open(self, direction: Direction, grant: int) -> None:
        self._actuator.open(direction, grant)

    def deny(self) -> None:
        self._actuator.deny()

    def keep_open(self) -> None:
        """Open the way out to the next one, where that is wanted and not done."""
        if self.is_held and not (self._is_opened and self.has_sensor):
            self._is_opened = True
            self._actuator.open("out", HELD_OPEN)

    async def events(self) -> AsyncIterator[Passed | FireChanged]:
        """Yield what the actuator yields, but that nobody came while it was held open."""
        async for event in self._actuator.events():
            if isinstance(event, Passed) and event.grant == HELD_OPEN:
                self._is_opened = False
                self.keep_open()
                if event.outcome is PassageOutcome.NO_PASSAGE:
                    continue
                event = replace(event, outcome=PassageOutcome.PASSED)  # noqa: PLW2901 # either way is free
            match event:
                case Passed(outcome=PassageOutcome.PASSED):
                    self._counts.passed += 1
                case FireChanged(burning=burning):
                    self._counts.is_burning = burning
                case _:
                    pass
            yield event


class Gate:
    """A gate with its readers, over any number of restarts of its parts."""

    def __init__(
        self,
        settings: GateSettings,
        readers: Sequence[Reader],
        clock: Clock,
        make_pipeline: MakePipeline,
        make_actuator: MakeActuator = open_actuator,
    ) -> None:
        self.settings = settings
        self.readers = readers
        self._clock = clock
        self._make_pipeline = make_pipeline
        self._make_actuator = make_actuator
        self._counts = _Counts()
        self._mode: Mode = "normal"
        self._is_held = False
        self._actuator: Watched | None = None
        self.on_seen: Callable[[Shown], None] = lambda _shown: None
        self._pipeline: Pipeline | None = None
        self._facing = {reader.name: reader.direction for reader in settings.readers}
        self.reader_watch = ReaderWatch(self.readers)
        self._unopened: Decision | None = None  # allowed, but the door wants a record that could not be written

    @property
    def has_sensor(self) -> bool:
        """Tell whether this gate sees who goes through, as far as the settings say."""
        match self.settings.actuator:
            case RelayGate(pass_in_pin=pass_in, open_out_pin=open_out, pass_out_pin=pass_out):
                return pass_in >= 0 and (open_out < 0 or pass_out >= 0)
            case HeadGate(has_sensor=has_sensor):
                return has_sensor
            case SimulatedGate():
                return True
            case NoGate():
                return False

    async def run(self) -> None:
        """Make the mechanics and serve them until cancelled; what was counted is written at the end."""
        door = Door(self.settings.id, self._facing, self.settings.roster_missing, self.settings.disk_full)
        self._actuator = Watched(self._make_actuator(self.settings, self.readers, self._clock), self._counts)
        self._pipeline = self._make_pipeline(door, self._actuator)
        self._pipeline.on_shown = self._count
        self._pipeline.mode = self._mode
        self._actuator.is_held = self._is_held
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hold(self._actuator), name=f"gate.{self.settings.id}.hold")
                group.create_task(self._pipeline.run(), name=f"gate.{self.settings.id}.pipeline")
        finally:
            self._pipeline.close()
            self._pipeline = self._actuator = None

    async def serve(self, reader: Reader) -> None:
        """Hand over what a reader reads, until cancelled."""
        async for tap in reader.taps():
            if self._pipeline is None:
                log.warning("tap.unserved", gate=self.settings.id, reader=reader.name)
                continue
            try:
                self._answer(reader, tap, await self._pipeline.handle(tap))
            except Exception:  # One card that we fail on must not keep out those behind it.
                log.exception("tap.failed", gate=self.settings.id, reader=reader.name)

    def _answer(self, reader: Reader, tap: Tap, decision: Decision) -> None:
        """Show at a reader that has a light what became of a tap."""
        if isinstance(reader, Answering):
            reader.answer(tap, _verdict(decision, is_opened=decision is not self._unopened))

    def open_once(self) -> bool:
        """Let one person in on the cloud's command; tell whether there is anything to open."""
        if self._actuator is None:
            return False
        self._actuator.open("in", OPEN_BY_COMMAND)
        return True

    async def hand_pass(self, ref: str, staff: str, direction: Direction, reason: HandReason) -> bool:
        """Let a known person through on a guard's word; tell whether the gate works. Raises PassRefused."""
        if self._pipeline is None:
            return False
        await self._pipeline.hand_pass(ref, staff, direction, reason)
        return True

    async def open_by_hand(self, staff: str, direction: Direction, reason: OpenReason, detail: str = "") -> bool:
        """Let somebody or something through on a guard's word; tell whether the gate works."""
        if self._pipeline is None:
            return False
        await self._pipeline.manual_open(staff, direction, reason, detail)
        return True

    def hold(self, *, is_open: bool) -> None:
        """Hold the way out open, or do so no more."""
        self._is_held = is_open
        if self._actuator is not None:
            self._actuator.is_held = is_open
            self._actuator.keep_open()

    async def _hold(self, actuator: Watched) -> None:
        while True:
            actuator.keep_open()
            await self._clock.sleep(HOLD_S)

    def blink(self) -> bool:
        """Show by the gate's own light, and those of its heads, that it is this one; tell whether there is any."""
        heads = [reader for reader in self.readers if isinstance(reader, HeadReader)]
        for head in heads:
            head.locate()
        if self._actuator is not None and not heads:
            self._actuator.deny()
        return self._actuator is not None

    def set_mode(self, mode: Mode) -> bool:
        """Lock the way in, let everybody pass who shows a card, or do neither any more."""
        self._mode = mode
        if self._pipeline is not None:
            self._pipeline.mode = mode
        return True

    def status(self, names: dict[str, str]) -> GateStatus:
        """Return how the gate is; `names` are what people call it."""
        last_ms = self._counts.last_decision_ms
        return GateStatus(
            id=self.settings.id,
            names=names,
            mode=self._mode,
            is_burning=self._counts.is_burning,
            has_sensor=self.has_sensor,
            readers=[
                ReaderStatus(reader.name, self._facing[reader.name], reader.health.value) for reader in self.readers
            ],
            allowed=self._counts.allowed,
            denied=self._counts.denied,
            passed=self._counts.passed,
            last_decision_s=self._ago_s(last_ms),
            last_forged_s=self._ago_s(self._counts.last_forged_ms),
        )

    def _ago_s(self, instant_ms: int | None) -> int | None:
        return None if instant_ms is None else (self._clock.monotonic_ms() - instant_ms) // 1000

    def _count(self, shown: Shown) -> None:
        self._counts.last_decision_ms = shown.stamp.monotonic_ms
        if shown.decision.reason == "card_not_genuine":
            self._counts.last_forged_ms = shown.stamp.monotonic_ms
        if shown.decision.is_allowed:
            self._unopened = None if shown.is_opened else shown.decision
            self._counts.allowed += 1
        else:
            self._counts.denied += 1
        self.on_seen(shown)


def _verdict(decision: Decision, *, is_opened: bool) -> Verdict:
    """Return what a person is shown of a decision."""
    if decision.is_allowed and is_opened:
        return Verdict.GRANTED
    if decision.reason == "repeat":
        return Verdict.REPEAT
    return Verdict.UNKNOWN if decision.reason == "card_unknown" else Verdict.REFUSED
