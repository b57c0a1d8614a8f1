"""A Wiegand reader on two lines: pulses in, a card's number out; 26 and 34 bits with their two parity bits.

A pulse on D0 is a 0 and on D1 a 1; both idle high, a pulse lasts 20 to 100 us, the next one comes within 20 ms. The
lines carry 5 V: put a level shifter or two dividers before a pin.

Rule: a number whose parity does not fit, or of another length, is none. 26 bits hold three bytes of a UID: two cards
may then look the same.
"""

GAP_MS = 25  # without a pulse for so long a number has ended
BITS_MAX = 64
_PAYLOAD_BITS = {26: 24, 34: 32}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.drivers.given import Clock


class Wiegand:
    """One reader. `zero` and `one` are called at each falling edge of their line, from an interrupt too."""

    def __init__(self, clock: "Clock") -> None:
        self.garbage = 0
        self._clock = clock
        self._bits = bytearray(BITS_MAX)  # nothing is made while a pulse is served
        self._count = 0
        self._seen = 0
        self._seen_at_ms = 0

    def zero(self, _pin: object = None) -> None:
        self._pulse(0)

    def one(self, _pin: object = None) -> None:
        self._pulse(1)

    def take(self) -> "bytes | None":
        """Return the number that has ended, of 3 or 4 bytes, once; ask at least every 10 ms."""
        now_ms = self._clock.monotonic_ms()
        if self._count != self._seen:
            self._seen = self._count
            self._seen_at_ms = now_ms
            return None
        if not self._count or now_ms - self._seen_at_ms < GAP_MS:
            return None
        number = decode(bytes(self._bits[: min(self._count, BITS_MAX)]))
        self.garbage += number is None
        self._count = self._seen = 0
        return number

    def _pulse(self, bit: int) -> None:
        if self._count < BITS_MAX:
            self._bits[self._count] = bit
        self._count += 1


def decode(bits: bytes) -> "bytes | None":
    """Return the number in bits, a byte each: the first is even parity of the first half, the last odd of the other."""
    payload_bits = _PAYLOAD_BITS.get(len(bits))
    if payload_bits is None:
        return None
    half = len(bits) // 2
    if sum(bits[:half]) % 2 != 0 or sum(bits[half:]) % 2 != 1:
        return None
    number = 0
    for bit in bits[1:-1]:
        number = number << 1 | bit
    return number.to_bytes(payload_bits // 8, "big")
