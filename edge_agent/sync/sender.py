"""Sending from an outbox: when a batch is ripe, how it is cut, and how long its ack may take."""

from dataclasses import dataclass
from random import Random

from edge_agent.sync.actions import Action, Read
from edge_agent.sync.backoff import Backoff
from edge_agent.sync.counters import Counters
from edge_agent.sync.outbox import READ_ENTRIES_MAX, Outbox
from edge_agent.sync.ports import Stamp
from edge_agent.sync.wire import HEADER_BYTES_MAX, Wire
from schemas.codec import BATCH_BYTES_MAX, BATCH_BYTES_MAX_NODE

_COUNT_MAX = 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is sent at once and how long is waited; the defaults are an agent's, not a microcontroller's."""

    batch_bytes: int = BATCH_BYTES_MAX
    in_flight: int = 4
    window_ms: int = 20
    welcome_ms: int = 3_000
    ack_ms: int = 5_000
    wait_ms_max: int = 60_000
    hellos_max: int = 3
    timeouts_max: int = 4


@dataclass(slots=True)
class Timers:
    """The monotonic instants a session waits for; None is not waited for."""

    hello_ms: int | None = None
    ack_ms: int | None = None
    window_ms: int | None = None
    pause_ms: int | None = None

    def earliest(self) -> int | None:
        instants = (self.hello_ms, self.ack_ms, self.window_ms, self.pause_ms)
        return min((instant for instant in instants if instant is not None), default=None)

    def clear(self) -> None:
        self.hello_ms = self.ack_ms = self.window_ms = self.pause_ms = None


def is_due(at_ms: int | None, now: Stamp) -> bool:
    """Tell whether an instant that may not be set has come."""
    return at_ms is not None and now.monotonic_ms >= at_ms


class Sender:
    """Cuts what waits in an outbox into messages, as many as may be in flight."""

    def __init__(self, wire: Wire, limits: Limits, rng: Random, counters: Counters, timers: Timers) -> None:
        self.backoff = Backoff(rng, limits.ack_ms, limits.wait_ms_max)
        self._wire = wire
        self._limits = limits
        self._rng = rng
        self._counters = counters
        self._timers = timers
        self._room = limits.batch_bytes - HEADER_BYTES_MAX

    def send(self, box: Outbox, now: Stamp) -> list[Action]:
        """Return the messages whose time has come, and the read that the next ones need."""
        actions: list[Action] = []
        self._timers.window_ms = None
        allowed = 1 if self.backoff.attempts else self._limits.in_flight
        while len(box.flights) < allowed and self._is_ripe(box, now):
            actions.append(self._next(box, now))
        if box.wants_read():
            box.reading_after = box.queued
            actions.append(Read(box.epoch, box.queued, READ_ENTRIES_MAX))
        return actions

    def send_smaller(self) -> None:
        """Cut batches half as large from now on, but not below a microcontroller's."""
        self._room = max(BATCH_BYTES_MAX_NODE - HEADER_BYTES_MAX, self._room // 2)

    def expect_ack(self, box: Outbox, now: Stamp) -> None:
        """Give what is in flight its time, counted from the last progress."""
        if not box.flights:
            self._timers.ack_ms = None
            return
        wait_ms = max(self._limits.ack_ms, self.backoff.last_ms if self.backoff.attempts else 0)
        self._timers.ack_ms = now.monotonic_ms + int(wait_ms * self._rng.uniform(1.0, 1.25))

    def _is_ripe(self, box: Outbox, now: Stamp) -> bool:
        """Tell whether to send: a lone record at once; with others in flight a batch fills, for at most the window."""
        if box.has_trimmed_gap:
            return True
        if not box.flights or box.waiting_bytes >= self._room:
            return bool(box.waiting)
        if not box.waiting or box.queued < box.head:
            return False
        ripe_ms = box.waiting_since_ms + self._limits.window_ms
        if now.monotonic_ms < ripe_ms:
            self._timers.window_ms = ripe_ms
            return False
        return True

    def _next(self, box: Outbox, now: Stamp) -> Action:
        stretch = box.take_trimmed() if box.has_trimmed_gap else box.take_gap()
        if stretch is None:
            message: Action = self._batch(box, now)
        else:
            message = self._wire.gap(box.epoch, stretch, now, is_trimmed=stretch[1] < box.tail)
            self._counters.gaps_sent += 1
        self.expect_ack(box, now)
        return message

    def _batch(self, box: Outbox, now: Stamp) -> Action:
        first, previous = box.sent + 1, box.sent_digest
        records = box.take_records(self._room, _COUNT_MAX)
        box.waiting_since_ms = now.monotonic_ms
        self._counters.batches_sent += 1
        self._counters.records_sent += len(records)
        self._counters.records_resent += box.count_resent(first, len(records))
        return self._wire.batch(box.epoch, first, previous, records, now)
