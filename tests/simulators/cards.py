"""What tests of simulated chips begin with: bytes that were drawn before, as documents publish them."""

from random import Random

from typing_extensions import override


class Drawn(Random):
    """Gives what it was made with, in this order, and then fails."""

    def __init__(self, *drawn: str) -> None:
        super().__init__(0)
        self._drawn = [bytes.fromhex(each) for each in drawn]

    @override
    def randbytes(self, n: int) -> bytes:
        given = self._drawn.pop(0)
        assert len(given) == n, f"{n} bytes are wanted, {len(given)} come next"
        return given
