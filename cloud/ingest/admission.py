"""Admission: how many messages a device may send, and how many devices may greet at once after a long silence.

Rule: who is not admitted is told when to come again, spread over the time the others need; nothing is lost by it.
"""

from collections import Counter
from dataclasses import dataclass
from random import Random

from cloud.ingest.messages import Address
from schemas import topics

MESSAGES_PER_S = 200.0
MESSAGES_BURST = 1_000.0
HELLOS_PER_S = 1_000.0
HELLOS_BURST = 2_000.0
RETRY_MS_MIN = 1_000
RETRY_MS_MAX = 600_000
DEVICES_MAX = 100_000
FLOODING_MAX = 1_000


@dataclass(slots=True)
class Bucket:
    """So many at once, and so many a second."""

    burst: float
    per_s: float
    left: float
    at_s: float

    def takes(self, now_s: float) -> bool:
        """Take one out; return whether there was one."""
        self.left = min(self.burst, self.left + (now_s - self.at_s) * self.per_s)
        self.at_s = now_s
        if self.left < 1.0:
            return False
        self.left -= 1.0
        return True


class Admission:
    """Who is heard now, and when the others may come."""

    def __init__(self, rng: Random) -> None:
        self.turned_away = 0
        self.flooding: Counter[str] = Counter()  # messages turned away of each device that sends too many; to be taken
        self._rng = rng
        self._devices: dict[str, Bucket] = {}
        self._hellos = Bucket(HELLOS_BURST, HELLOS_PER_S, HELLOS_BURST, 0.0)
        self._crowd = 0  # hellos that were turned away since the last moment of calm

    def retry_ms(self, address: Address, now_s: float) -> int:
        """Return 0 for a message that is admitted, else after how many milliseconds its device may come again."""
        bucket = self._devices.get(address.device)
        if bucket is None:
            if len(self._devices) >= DEVICES_MAX:
                self._devices.clear()
            bucket = self._devices[address.device] = Bucket(MESSAGES_BURST, MESSAGES_PER_S, MESSAGES_BURST, now_s)
        if not bucket.takes(now_s):
            self.turned_away += 1
            if address.device in self.flooding or len(self.flooding) < FLOODING_MAX:
                self.flooding[address.device] += 1
            return RETRY_MS_MIN
        return self._hello_retry_ms(now_s) if address.channel == topics.HELLO else 0

    def _hello_retry_ms(self, now_s: float) -> int:
        if self._hellos.takes(now_s):
            if self._hellos.left > HELLOS_BURST / 2:
                self._crowd = 0
            return 0
        self.turned_away += 1
        self._crowd += 1
        spread_ms = 1_000 * (1 + self._crowd / HELLOS_PER_S)
        return min(RETRY_MS_MAX, RETRY_MS_MIN + int(self._rng.uniform(0, spread_ms)))
