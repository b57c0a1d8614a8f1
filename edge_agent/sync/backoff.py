"""Decorrelated jitter: how long to wait before trying again, so that a thousand devices never try together."""

from random import Random


class Backoff:
    """Waits of `base_ms` to `cap_ms`, each drawn between the base and three times the last one.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """

    def __init__(self, rng: Random, base_ms: int, cap_ms: int) -> None:
        self._rng = rng
        self._base_ms = base_ms
        self._cap_ms = cap_ms
        self.last_ms = base_ms
        self.attempts = 0

    def next_ms(self) -> int:
        """Return the next wait in milliseconds and count the attempt."""
        self.attempts += 1
        self.last_ms = min(self._cap_ms, int(self._rng.uniform(self._base_ms, self.last_ms * 3)))
        return self.last_ms

    def reset(self) -> None:
        """Begin again at the base: something went well."""
        self.last_ms = self._base_ms
        self.attempts = 0
