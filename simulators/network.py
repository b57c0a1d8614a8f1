"""A broken network: packets lost, late, twice, out of order, swallowed by a half-open link or stopped by a partition.

`Weather` says how bad it is; `Network` is the one in memory, for worlds on a simulated clock. The real one, a TCP
proxy on loopback that is commanded while programs talk through it, is `simulators.proxy`.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad a network is: shares are 0 to 1 of all messages, delays in milliseconds."""

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    delay_ms_min: int = 1
    delay_ms_max: int = 1
    reorder_ms_max: int = 2_000


FAIR = Weather()
FOUL = Weather(loss=0.1, duplicate=0.1, reorder=0.1, delay_ms_max=300)


@dataclass(frozen=True, slots=True, order=True)
class Delivery:
    """A message that arrives at `target` at `at_ms`; `order` breaks ties in the order of sending."""

    at_ms: int
    order: int
    source: str = field(compare=False)
    target: str = field(compare=False)
    topic: str = field(compare=False)
    payload: bytes = field(compare=False)


class Network:
    """Carries messages between named places on a simulated clock; one seed repeats every accident."""

    def __init__(self, rng: Random, weather: Weather = FAIR) -> None:
        self.weather = weather
        self.lost = 0
        self._rng = rng
        self._flying: list[Delivery] = []
        self._order = 0
        self._cut: set[frozenset[str]] = set()
        self._swallowing: set[tuple[str, str]] = set()
        self._last_at_ms: dict[tuple[str, str], int] = {}

    def send(self, source: str, target: str, topic: str, payload: bytes, now_ms: int) -> None:
        """Take a message; the weather decides whether, when and how often it arrives."""
        if self._is_swallowed(source, target) or self._rng.random() < self.weather.loss:
            self.lost += 1
            return
        copies = 2 if self._rng.random() < self.weather.duplicate else 1
        for _ in range(copies):
            self._order += 1
            at_ms = self._arrival_ms(source, target, now_ms)
            heappush(self._flying, Delivery(at_ms, self._order, source, target, topic, payload))

    def _arrival_ms(self, source: str, target: str, now_ms: int) -> int:
        """Return when a message arrives: after the one before it, unless it is one that goes astray."""
        at_ms = now_ms + self._rng.randint(self.weather.delay_ms_min, self.weather.delay_ms_max)
        if self._rng.random() < self.weather.reorder:
            return at_ms + self._rng.randint(0, self.weather.reorder_ms_max)
        at_ms = max(at_ms, self._last_at_ms.get((source, target), 0))
        self._last_at_ms[source, target] = at_ms
        return at_ms

    def due(self, now_ms: int) -> list[Delivery]:
        """Return what has arrived by now, in order of arrival; what a partition caught on the way is gone."""
        arrived: list[Delivery] = []
        while self._flying and self._flying[0].at_ms <= now_ms:
            delivery = heappop(self._flying)
            if self._is_swallowed(delivery.source, delivery.target):
                self.lost += 1
            else:
                arrived.append(delivery)
        return arrived

    @property
    def next_ms(self) -> int | None:
        """Return when the next message arrives, or None when nothing is under way."""
        return self._flying[0].at_ms if self._flying else None

    def cut(self, one: str, other: str) -> None:
        """Part two places in both directions."""
        self._cut.add(frozenset((one, other)))

    def mend(self, one: str, other: str) -> None:
        """Join two places again, in both directions."""
        self._cut.discard(frozenset((one, other)))
        self._swallowing -= {(one, other), (other, one)}

    def swallow(self, source: str, target: str) -> None:
        """Let one direction vanish without a word: a half-open connection."""
        self._swallowing.add((source, target))

    def is_cut(self, one: str, other: str) -> bool:
        """Tell whether a new connection between two places would fail."""
        return frozenset((one, other)) in self._cut

    def is_dumb(self, one: str, other: str) -> bool:
        """Tell whether packets between two places vanish, in either direction."""
        return self._is_swallowed(one, other) or self._is_swallowed(other, one)

    def _is_swallowed(self, source: str, target: str) -> bool:
        return (source, target) in self._swallowing or frozenset((source, target)) in self._cut
