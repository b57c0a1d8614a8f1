"""A node's inputs: contacts that bounce, taken over when they have stood still for a while."""

from schemas import signals

STILL_MS = 30
FIRE_STILL_MS = 300
_BITS = {"passed_in": signals.PASSED_IN, "passed_out": signals.PASSED_OUT, "fire": signals.FIRE}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.drivers.given import Input


class Contacts:
    """The inputs of one node. Pins are pulled up: a contact that closes pulls one down; the fire panel's lets it go."""

    def __init__(self, pins: "dict[str, Input]") -> None:
        self.settled = 0  # the bits of `Inputs`
        self._pins = pins
        self._since_ms: dict[str, int] = {}

    def look(self, now_ms: int) -> bool:
        """Look at every pin; tell whether anything has changed for good. At least every 10 ms."""
        before = self.settled
        for name, pin in self._pins.items():
            is_on = pin.value() == (1 if name == "fire" else 0)
            self._look(name, is_on, now_ms)
        return self.settled != before

    def _look(self, name: str, is_on: bool, now_ms: int) -> None:
        if is_on == bool(self.settled & _BITS[name]):
            self._since_ms.pop(name, None)
            return
        since_ms = self._since_ms.setdefault(name, now_ms)
        if now_ms - since_ms >= (FIRE_STILL_MS if name == "fire" else STILL_MS):
            self.settled ^= _BITS[name]
            del self._since_ms[name]
