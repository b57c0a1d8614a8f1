"""Counts the multiplications in the field that a check of a signature takes: what its time on any board is made of."""

from firmware.node import ed25519

_PRIME = ed25519.P


class CountedPrime(int):
    """The field's prime, which counts how often something is reduced by it."""

    count = 0

    def __rmod__(self, other: int) -> int:  # type: ignore[explicit-override]
        CountedPrime.count += 1
        return other % _PRIME


def in_steps(key: ed25519.Key, message: bytes, signature: bytes) -> list[int]:
    """Return how many multiplications each step of a check takes. The signature is good."""
    steps = key.verifying(message, signature)
    found: list[int] = []
    is_good = False
    ed25519.P = CountedPrime(_PRIME)
    try:
        while True:
            CountedPrime.count = 0
            try:
                next(steps)
            except StopIteration as end:
                is_good = end.value
                break
            found.append(CountedPrime.count)
        assert is_good, "the signature is not good"
        return [*found, CountedPrime.count]
    finally:
        ed25519.P = _PRIME
