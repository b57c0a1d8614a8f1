"""Ed25519 (RFC 8032), verifying only: what a school has signed is checked where no library does it.

    key = Key(public)                               # 32 bytes; KeyRefused when they are no point
    is_signed = yield from key.verifying(message, signature)

Rule: a signature is good when [S]B = R + [k]A, without the cofactor, S is below the group's order, and key and R stand
in their one encoding. All of it is public: that its time tells the numbers it works on harms nobody. What is long is a
generator: it yields after a few steps, so that a gate goes on meanwhile.

The key is always the same, so that it pays to prepare: with B, 2^127 B, -A and -2^127 A at hand, and the sums of each
choice of these, Straus's method takes 127 doublings instead of 254. Points are (X, Y, Z, T) of Hisil, Wong, Carter and
Dawson, "Twisted Edwards Curves Revisited" (2008); sums are kept as (y+x, y-x, 2dxy), by which adding is cheapest.
"""

from firmware.node.sha512 import digesting

P = (1 << 255) - 19
ORDER = (1 << 252) + 27742317777372353535851937790883648493
KEY_BYTES, SIGNATURE_BYTES = 32, 64
HALF_BITS = 127  # of a number below the order, which has 253
_HALF = (1 << HALF_BITS) - 1
_SIGN = 1 << 255
_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555  # -121665/121666
_ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
_Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960  # 4/5
_BASE = (_X, _Y, 1, _X * _Y % P)
_NOTHING = (0, 1, 1, 0)
_AT_ONCE = 2  # doublings, each with an addition: 28 multiplications
_DIVISIONS_AT_ONCE = 16

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    Point = tuple[int, int, int, int]
    Sums = list[tuple[int, int, int]]


class KeyRefused(ValueError):
    """These bytes are no public key."""


class Key:
    """A public key. Its first signature takes longer: the sums are made then."""

    def __init__(self, public: bytes) -> None:
        """Take 32 bytes. Raises KeyRefused when they are no point of the curve in its one encoding."""
        self._public = public
        self._point = _decoded(public)
        self._sums: Sums = []

    def preparing(self) -> "Generator[None, None, None]":
        """Make the sums, in steps, unless they are there."""
        if not self._sums:
            self._sums = yield from _summing(self._point)

    def verifying(
        self, message: "bytes | memoryview", signature: bytes, context: bytes = b""
    ) -> "Generator[None, None, bool]":
        """Return, in steps, whether this key has signed a context and a message behind it; neither is copied."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        number = int.from_bytes(signature[KEY_BYTES:], "little")
        if number >= ORDER:
            return False
        yield from self.preparing()
        digest = yield from digesting(signature[:KEY_BYTES], self._public, context, message)
        challenge = int.from_bytes(digest, "little") % ORDER
        found = yield from _multiplying(self._sums, number, challenge)
        encoded = yield from _encoding(found)
        return encoded == signature[:KEY_BYTES]


def _decoded(content: bytes) -> "Point":
    """Return the point of 32 bytes (RFC 8032, 5.1.3). Raises KeyRefused."""
    number = int.from_bytes(content, "little")
    y = number & ~_SIGN
    square = (y * y - 1) * pow(_D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * _ROOT_OF_MINUS_ONE % P
    is_odd = number >= _SIGN
    if len(content) != KEY_BYTES or y >= P or x * x % P != square or (is_odd and not x):
        raise KeyRefused("these bytes are no point of the curve")
    if x & 1 != is_odd:
        x = P - x
    return x, y, 1, x * y % P


def _encoding(point: "Point") -> "Generator[None, None, bytes]":
    """Return, in steps, the 32 bytes of a point (RFC 8032, 5.1.2)."""
    x, y, z, _ = point
    inverse = yield from _inverting(z)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(KEY_BYTES, "little")


def _inverting(number: int) -> "Generator[None, None, int]":
    """Return, in steps, what times a number is one, by Euclid's algorithm: some 150 short divisions."""
    rest, before, factor, factor_before = number, P, 1, 0
    while rest > 1:
        for _ in range(_DIVISIONS_AT_ONCE):
            if rest > 1:
                quotient = before // rest
                rest, before = before - quotient * rest, rest
                factor, factor_before = factor_before - quotient * factor, factor
        yield
    return factor % P


def _summing(key: "Point") -> "Generator[None, None, Sums]":
    """Return, in steps, the sixteen sums of B (1), 2^127 B (2), -A (4) and -2^127 A (8)."""
    x, y, z, t = key
    minus = (P - x, y, z, P - t)
    far_base = yield from _doubling(_BASE)
    far_minus = yield from _doubling(minus)
    points, sums = [_NOTHING], []
    for each in (_BASE, far_base, minus, far_minus):
        for point in list(points):
            points.append(_added(point, each))
            yield
    for each in points:
        inverse = yield from _inverting(each[2])
        x, y = each[0] * inverse % P, each[1] * inverse % P
        sums.append(((y + x) % P, (y - x) % P, 2 * _D * x * y % P))
        yield
    return sums


def _doubling(point: "Point") -> "Generator[None, None, Point]":
    """Return, in steps, 2^127 times a point."""
    for step in range(HALF_BITS):
        point = _doubled(point)
        if not step % _AT_ONCE:
            yield
    return point


def _multiplying(sums: "Sums", number: int, challenge: int) -> "Generator[None, None, Point]":
    """Return, in steps, [number]B - [challenge]A."""
    scalars = (number & _HALF, number >> HALF_BITS, challenge & _HALF, challenge >> HALF_BITS)
    point = _NOTHING
    for bit in range(HALF_BITS - 1, -1, -1):
        point = _doubled(point)
        choice = 0
        for place in range(4):
            choice |= (scalars[place] >> bit & 1) << place
        if choice:
            point = _moved(point, sums[choice])
        if not bit % _AT_ONCE:
            yield
    return point


def _doubled(point: "Point") -> "Point":
    """Return twice a point: eight multiplications. Its T is not asked for."""
    x, y, z, _ = point
    xx, yy = x * x % P, y * y % P
    h = xx + yy
    e = h - (x + y) * (x + y) % P
    g = xx - yy
    f = 2 * (z * z % P) + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def _moved(point: "Point", by: "tuple[int, int, int]") -> "Point":
    """Return a point and one of the sums: six multiplications. It has no T, and is to be doubled next."""
    x, y, z, t = point
    a, b, c = (y - x) * by[1] % P, (y + x) * by[0] % P, t * by[2] % P
    e, f, g, h = b - a, 2 * z - c, 2 * z + c, b + a
    return e * f % P, g * h % P, f * g % P, 0


def _added(point: "Point", other: "Point") -> "Point":
    """Return the sum of any two points."""
    x, y, z, t = point
    a = (y - x) * (other[1] - other[0]) % P
    b = (y + x) * (other[1] + other[0]) % P
    c = 2 * _D * t * other[3] % P
    d = 2 * z * other[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
