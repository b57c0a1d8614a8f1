"""Time on a microcontroller: milliseconds since boot out of a counter that wraps, and wall time with its quality.

Rule: two readings of the counter are compared by their difference only; the wall time never goes back below the floor,
the latest instant known to have passed.
"""

import time

RTC, NTP, HUB, FLOOR, NONE = "rtc", "ntp", "hub", "floor", "none"
BUILD_FLOOR_MS = 1_760_000_000_000  # no record of this program is older: 9 October 2025
_HOST_WRAP = 1 << 30  # CPython has no such counter; this one wraps as those of 32-bit boards do


class Ticks:
    """The machine's counter of milliseconds, which wraps: after 12.4 days on most boards."""

    def now(self) -> int:
        """Return the counter."""
        if hasattr(time, "ticks_ms"):
            return int(time.ticks_ms())
        return time.monotonic_ns() // 1_000_000 % _HOST_WRAP

    def difference(self, later: int, earlier: int) -> int:
        """Return by how much a reading is later, right while less than half a wrap lies between."""
        if hasattr(time, "ticks_diff"):
            return int(time.ticks_diff(later, earlier))
        return difference(later, earlier, _HOST_WRAP)


def difference(later: int, earlier: int, wrap: int) -> int:
    """Return by how much one reading of a counter that wraps is later than another, as `time.ticks_diff` does."""
    half = wrap // 2
    return (later - earlier + half) % wrap - half


class Clock:
    """Milliseconds since boot, which never wrap as long as somebody asks now and then."""

    def __init__(self, ticks: "Ticks | None" = None) -> None:
        self._ticks = ticks or Ticks()
        self._last = self._ticks.now()
        self._elapsed_ms = 0

    def monotonic_ms(self) -> int:
        """Return milliseconds since this clock was made, at the program's start."""
        now = self._ticks.now()
        self._elapsed_ms += max(0, self._ticks.difference(now, self._last))
        self._last = now
        return self._elapsed_ms


class Stamp:
    """One look at the clock."""

    def __init__(self, monotonic_ms: int, wall_ms: int, quality: str) -> None:
        self.monotonic_ms = monotonic_ms
        self.wall_ms = wall_ms
        self.quality = quality

    @property
    def is_good(self) -> bool:
        """Tell whether the wall time may be relied on."""
        return self.quality in (NTP, RTC, HUB)


class Timekeeper:
    """Gives stamps. A microcontroller has no battery: until somebody tells the time, it is at the floor."""

    def __init__(self, clock: Clock, floor_ms: int = 0) -> None:
        self._clock = clock
        self._floor_ms = max(floor_ms, BUILD_FLOOR_MS) - clock.monotonic_ms()  # each as of this clock's beginning
        self._told_ms: int | None = None

    def now(self) -> Stamp:
        """Return the time of day as it is believed."""
        monotonic_ms = self._clock.monotonic_ms()
        if self._told_ms is None:
            return Stamp(monotonic_ms, self._floor_ms + monotonic_ms, FLOOR)
        return Stamp(monotonic_ms, max(self._told_ms, self._floor_ms) + monotonic_ms, NTP)

    def learn(self, wall_ms: int, monotonic_ms: int) -> None:
        """Take the cloud's word for what the time was at an instant since boot."""
        self._told_ms = wall_ms - monotonic_ms

    def raise_floor(self, wall_ms: int) -> None:
        """Note an instant that has surely passed, as a roster's issue."""
        self._floor_ms = max(self._floor_ms, wall_ms - self._clock.monotonic_ms())
