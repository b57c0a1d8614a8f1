"""How often a program may ask: a bucket a token, in this process."""

from collections import OrderedDict
from dataclasses import dataclass, field

from cloud.core.clock import Clock

BUCKETS_MAX = 10_000  # beyond that the one that asked longest ago begins anew
MINUTE_S = 60.0


@dataclass(slots=True)
class Rates:
    """Lets `per_minute` requests of each key through a minute, all of them at once if they come so."""

    clock: Clock
    per_minute: int
    _buckets: OrderedDict[int, tuple[float, float]] = field(default_factory=OrderedDict)  # what is left, and when

    def take(self, key: int) -> float:
        """Count a request and return 0, or return how many seconds to wait for the next."""
        now_s, refill = self.clock.monotonic_s(), self.per_minute / MINUTE_S
        left, then_s = self._buckets.pop(key, (float(self.per_minute), now_s))
        left = min(float(self.per_minute), left + (now_s - then_s) * refill)
        wait_s = 0.0 if left >= 1 else (1 - left) / refill
        self._buckets[key] = (left - 1 if wait_s == 0 else left, now_s)
        if len(self._buckets) > BUCKETS_MAX:
            self._buckets.popitem(last=False)
        return wait_s
