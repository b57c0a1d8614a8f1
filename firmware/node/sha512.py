"""SHA-512 (FIPS 180-4), of which no board's MicroPython has one: in steps, so that a gate goes on meanwhile.

Rule: what is long is a generator. It yields after a few steps and returns what it was asked for.
"""

from binascii import unhexlify

_WORD = 0xFFFFFFFFFFFFFFFF
_TWICE = 0x10000000000000001  # a word times this stands twice in a row: a shift of that is a rotation
_BLOCK_BYTES = 128
_ROUNDS = 80
_ROUNDS_AT_ONCE = 8
_BEGIN = unhexlify(
    b"6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1"
    b"510e527fade682d19b05688c2b3e6c1f1f83d9abfb41bd6b5be0cd19137e2179"
)
# The fractions of the cube roots of the first eighty primes. As bytes they take 640; as numbers four times as much.
_CONSTANTS = unhexlify(
    b"428a2f98d728ae227137449123ef65cdb5c0fbcfec4d3b2fe9b5dba58189dbbc3956c25bf348b53859f111f1b605d019923f82a4af194f9b"
    b"ab1c5ed5da6d8118d807aa98a303024212835b0145706fbe243185be4ee4b28c550c7dc3d5ffb4e272be5d74f27b896f80deb1fe3b1696b1"
    b"9bdc06a725c71235c19bf174cf692694e49b69c19ef14ad2efbe4786384f25e30fc19dc68b8cd5b5240ca1cc77ac9c652de92c6f592b0275"
    b"4a7484aa6ea6e4835cb0a9dcbd41fbd476f988da831153b5983e5152ee66dfaba831c66d2db43210b00327c898fb213fbf597fc7beef0ee4"
    b"c6e00bf33da88fc2d5a79147930aa72506ca6351e003826f142929670a0e6e7027b70a8546d22ffc2e1b21385c26c9264d2c6dfc5ac42aed"
    b"53380d139d95b3df650a73548baf63de766a0abb3c77b2a881c2c92e47edaee692722c851482353ba2bfe8a14cf10364a81a664bbc423001"
    b"c24b8b70d0f89791c76c51a30654be30d192e819d6ef5218d69906245565a910f40e35855771202a106aa07032bbd1b819a4c116b8d2d0c8"
    b"1e376c085141ab532748774cdf8eeb9934b0bcb5e19b48a8391c0cb3c5c95a634ed8aa4ae3418acb5b9cca4f7763e373682e6ff3d6b2b8a3"
    b"748f82ee5defb2fc78a5636f43172f6084c87814a1f0ab728cc702081a6439ec90befffa23631e28a4506cebde82bde9bef9a3f7b2c67915"
    b"c67178f2e372532bca273eceea26619cd186b8c721c0c207eada7dd6cde0eb1ef57d4f7fee6ed17806f067aa72176fba0a637dc5a2c898a6"
    b"113f9804bef90dae1b710b35131c471b28db77f523047d8432caab7b40c724933c9ebe0a15c9bebc431d67c49c100d4c4cc5d4becb3e42b6"
    b"597f299cfc657e2a5fcb6fab3ad6faec6c44198c4a475817"
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator


def digesting(*pieces: "bytes | memoryview") -> "Generator[None, None, bytes]":
    """Return, in steps, the 64 bytes of the digest of pieces one after another; of none is more copied than a block."""
    state = _words(_BEGIN)
    length = sum([len(piece) for piece in pieces])
    zeros = bytes(-(length + 17) % _BLOCK_BYTES)
    block = b""
    for piece in pieces + (b"\x80" + zeros + (8 * length).to_bytes(16, "big"),):
        at = 0
        while at < len(piece):
            part = bytes(piece[at : at + _BLOCK_BYTES - len(block)])
            at += len(part)
            block += part
            if len(block) == _BLOCK_BYTES:
                after = yield from _mixing(state, _words(block))
                state = [(before + each) & _WORD for before, each in zip(state, after)]
                block = b""
    return b"".join([word.to_bytes(8, "big") for word in state])


def _mixing(state: "list[int]", schedule: "list[int]") -> "Generator[None, None, tuple[int, ...]]":
    """Return, in steps, what eighty rounds make of a state; `schedule` is a block's 16 words, and is used up."""
    a, b, c, d, e, f, g, h = state
    for number in range(_ROUNDS):
        at = number & 15
        if number > 15:
            _extend(schedule, at)
        constant = int.from_bytes(_CONSTANTS[8 * number : 8 * number + 8], "big")
        twice = e * _TWICE
        first = h + ((twice >> 14 ^ twice >> 18 ^ twice >> 41) & _WORD) + (g ^ e & (f ^ g)) + constant + schedule[at]
        twice = a * _TWICE
        second = ((twice >> 28 ^ twice >> 34 ^ twice >> 39) & _WORD) + (a & b | c & (a | b))
        a, b, c, d, e, f, g, h = (first + second) & _WORD, a, b, c, (d + first) & _WORD, e, f, g
        if not number % _ROUNDS_AT_ONCE:
            yield
    return a, b, c, d, e, f, g, h


def _extend(schedule: "list[int]", at: int) -> None:
    """Put the schedule's next word where the one of sixteen rounds before stood."""
    near, far = schedule[at - 15], schedule[at - 2]
    small = near * _TWICE
    small = (small >> 1 ^ small >> 8) & _WORD ^ near >> 7
    large = far * _TWICE
    large = (large >> 19 ^ large >> 61) & _WORD ^ far >> 6
    schedule[at] = (schedule[at] + small + schedule[at - 7] + large) & _WORD


def _words(content: bytes) -> "list[int]":
    return [int.from_bytes(content[at : at + 8], "big") for at in range(0, len(content), 8)]
