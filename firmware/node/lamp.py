"""What a node's people see and hear, and what it opens: lights, buzzer and relays, each for a while.

Rule: a relay is never on without an end that stands here, whatever becomes of who ordered it; all rest at the start.
"""

from schemas import signals

LIGHT_MS = 1_000
SOUND_MS = {signals.SILENT: 0, signals.SHORT: 80, signals.LONG: 400}
BLINK_MS = 250
RELAY_MS_MAX = 10_000
_RELAYS = {signals.RELAY_IN: "relay_in", signals.RELAY_OUT: "relay_out"}
_LIT = {signals.DARK: (), signals.GREEN: ("green",), signals.RED: ("red",), signals.AMBER: ("green", "red")}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.drivers.given import Output


class Lamp:
    """The outputs of one node. `pins` are by the board's names, those that it has; `active_low` names some of them."""

    def __init__(self, pins: "dict[str, Output]", active_low: "tuple[str, ...]" = ()) -> None:
        self.is_served = True  # without an agent a head glows amber
        self._pins = pins
        self._active_low = active_low
        self._ends: dict[str, int] = {}
        self._light = signals.DARK
        self._light_ends_ms = 0
        self._locate_ends_ms = 0
        self._on: dict[str, bool] = {}
        for name in pins:
            self._put(name, is_on=False)

    def show(self, light: int, sound: int, now_ms: int) -> None:
        """Light up and sound for a while."""
        self._light = light
        self._light_ends_ms = now_ms + LIGHT_MS
        if SOUND_MS.get(sound):
            self._begin("buzzer", now_ms + SOUND_MS[sound])
        self.tick(now_ms)

    def switch(self, output: int, is_on: int, ttl_ms: int, now_ms: int) -> None:
        """Do what an Output says."""
        if output == signals.LOCATE:
            self._locate_ends_ms = now_ms + ttl_ms if is_on else 0
        elif output == signals.RED_LIGHT and is_on:
            self._light = signals.RED
            self._light_ends_ms = now_ms + ttl_ms
        elif output == signals.RED_LIGHT and self._light == signals.RED:
            self._light_ends_ms = now_ms
        elif output in _RELAYS and is_on:
            self._begin(_RELAYS[output], now_ms + min(ttl_ms, RELAY_MS_MAX))
        elif output in _RELAYS:
            self._end(_RELAYS[output])
        self.tick(now_ms)

    def tick(self, now_ms: int) -> None:
        """End what is over, and light what is to be lit; 20 times a second is often enough."""
        for name, ends_ms in list(self._ends.items()):
            if now_ms >= ends_ms:
                self._end(name)
        lit = _LIT.get(self._shown(now_ms), ())
        for name in ("green", "red"):
            self._put(name, is_on=name in lit)

    def rest(self) -> None:
        """Let everything rest, at once."""
        for name in self._pins:
            self._end(name)

    def _shown(self, now_ms: int) -> int:
        if now_ms < self._locate_ends_ms:
            return signals.AMBER if now_ms // BLINK_MS % 2 else signals.DARK
        if now_ms < self._light_ends_ms:
            return self._light
        return signals.DARK if self.is_served else signals.AMBER

    def _begin(self, name: str, ends_ms: int) -> None:
        self._ends[name] = ends_ms
        self._put(name, is_on=True)

    def _end(self, name: str) -> None:
        self._ends.pop(name, None)
        self._put(name, is_on=False)

    def _put(self, name: str, is_on: bool) -> None:
        if name in self._pins and self._on.get(name) is not is_on:
            self._on[name] = is_on
            self._pins[name](int(is_on) ^ int(name in self._active_low))
