"""The time as the agent believes it: the machine's clock, corrected by whom it trusts more, never below the floor.

Rule: a machine's clock that jumps while the agent runs is not believed until somebody trusted has told the time: what
was told before goes on by the monotonic clock, and without that the time goes on from before the jump, as a floor.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from edge_agent.clock import Clock

Quality = Literal["rtc", "ntp", "hub", "floor", "none"]
BUILD_FLOOR_MS = 1_760_000_000_000  # No record of this program is older: 9 October 2025.
JUMP_MS = 60_000


class Trust(IntEnum):
    """How far a source of time is believed; a better one replaces a worse one."""

    none = 0
    floor = 1
    hub = 2
    rtc = 3
    ntp = 4


@dataclass(frozen=True, slots=True)
class Stamp:
    """One look at the clock."""

    monotonic_ms: int
    wall_ms: int
    quality: Quality

    @property
    def is_good(self) -> bool:
        """Tell whether the wall time may be relied on."""
        return Trust[self.quality] >= Trust.hub

    def wall_at(self, monotonic_ms: int) -> int:
        """Return what the wall time is at another instant since boot, by this look."""
        return self.wall_ms + monotonic_ms - self.monotonic_ms


class Timekeeper:
    """Gives stamps. `floor_ms` is the latest instant known to have passed, from the journal and the roster."""

    def __init__(self, clock: Clock, *, floor_ms: int = 0, machine: Quality = "rtc") -> None:
        self._clock = clock
        self._machine = machine
        self._floor = Stamp(clock.monotonic_ms(), max(floor_ms, BUILD_FLOOR_MS), "floor")
        self._told: Stamp | None = None
        self._before_jump: Stamp | None = None
        self._last_machine: Stamp | None = None
        self.jumps = 0
        self.last_jump_ms = 0

    def now(self) -> Stamp:
        """Return the time of day, by the best source there is."""
        monotonic_ms, machine_ms = self._clock.monotonic_ms(), self._clock.wall_ms()
        self._notice_jump(monotonic_ms, machine_ms)
        floor_ms = self._floor.wall_at(monotonic_ms)
        told, before_jump = self._told, self._before_jump  # The journal's thread looks at the clock, too.
        if told is not None:
            told_ms = max(told.wall_at(monotonic_ms), floor_ms)
            if Trust[told.quality] > Trust[self._machine] or abs(machine_ms - told_ms) > JUMP_MS:
                return Stamp(monotonic_ms, told_ms, told.quality)
        elif before_jump is not None:
            return Stamp(monotonic_ms, max(floor_ms, before_jump.wall_at(monotonic_ms)), "floor")
        if machine_ms < floor_ms - JUMP_MS:
            return Stamp(monotonic_ms, floor_ms, "floor")
        return Stamp(monotonic_ms, machine_ms, self._machine)

    def learn(self, wall_ms: int, monotonic_ms: int, source: Quality) -> None:
        """Take the word of the cloud or the hub for what the time was at an instant since boot."""
        self._told = Stamp(monotonic_ms, wall_ms, source)
        self._before_jump = None
        self.raise_floor(wall_ms, monotonic_ms)

    def raise_floor(self, wall_ms: int, monotonic_ms: int | None = None) -> None:
        """Note an instant that has surely passed."""
        now_ms = self._clock.monotonic_ms()
        if wall_ms > self._floor.wall_at(now_ms):
            self._floor = Stamp(now_ms if monotonic_ms is None else monotonic_ms, wall_ms, "floor")

    def _notice_jump(self, monotonic_ms: int, machine_ms: int) -> None:
        """Count a jump of the machine's clock; one from before the floor is a clock that was set, and welcome."""
        before, self._last_machine = self._last_machine, Stamp(monotonic_ms, machine_ms, self._machine)
        if before is None:
            return
        jump_ms = machine_ms - before.wall_at(monotonic_ms)
        if abs(jump_ms) <= JUMP_MS:
            return
        self.jumps += 1
        self.last_jump_ms = jump_ms
        was_good = before.wall_ms >= self._floor.wall_at(before.monotonic_ms) - JUMP_MS
        if was_good and self._before_jump is None:
            self._before_jump = before
        elif self._before_jump is not None and abs(machine_ms - self._before_jump.wall_at(monotonic_ms)) <= JUMP_MS:
            self._before_jump = None  # It has jumped back.
