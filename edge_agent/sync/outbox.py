"""One epoch on its way to the cloud: what is committed, what is in flight, and what was read and waits to be sent.

Rule: records leave in order and without a hole; `committed <= sent <= queued <= head` always holds.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.sync.ports import Entry, EpochState

READ_ENTRIES_MAX = 512
_AHEAD_BYTES_MAX = 256 * 1024


@dataclass(slots=True)
class Flight:
    """Records `first` to `last` were sent, or that they cannot be read; `digest` is the chain's after `last`."""

    first: int
    last: int
    digest: bytes
    is_unreadable: bool = False


class Outbox:
    """The state of one epoch within one connection."""

    def __init__(self, state: EpochState, *, is_live: bool) -> None:
        self.epoch = state.epoch
        self.tail = state.tail
        self.head = state.head
        self.tail_digest = state.tail_digest
        self.is_live = is_live
        self.is_stuck = False
        self.is_placed = False  # the cloud has told us where to begin
        self.verifying: int | None = None  # up to where the journal is asked whether the cloud's digest is ours
        self.committed = state.tail - 1
        self.sent = state.tail - 1
        self.queued = state.tail - 1
        self.sent_digest = state.tail_digest
        self.committed_digest = state.tail_digest
        self.flights: deque[Flight] = deque()
        self.waiting: deque[Entry] = deque()
        self.waiting_bytes = 0
        self.waiting_since_ms = 0
        self.reading_after: int | None = None
        self.complaints = 0
        self.regressions = 0  # how often the cloud named a watermark below what it had committed
        self.rewound_ms: int | None = None
        self.claimed_digest = b""
        self.highest_sent = 0

    @property
    def is_verifying(self) -> bool:
        """Tell whether the journal has not answered yet."""
        return self.verifying is not None

    def is_verified_by(self, upto: int) -> bool:
        """Take the journal's answer about a number; tell whether it is the one that was waited for."""
        if self.verifying != upto:
            return False
        self.verifying = None
        return True

    @property
    def is_finished(self) -> bool:
        """Tell whether the cloud is known to have all of this epoch."""
        return self.is_placed and self.committed >= self.head and not self.is_verifying

    @property
    def unsent(self) -> int:
        return max(0, self.head - max(self.committed, self.tail - 1))

    @property
    def has_trimmed_gap(self) -> bool:
        """Tell whether the cloud lacks records that this device has already forgotten."""
        return self.sent < self.tail - 1

    def place(self, upto: int, digest: bytes) -> None:
        """Begin after `upto`, whose chain digest is `digest`: the cloud has everything before it."""
        self.is_placed = True
        self.committed, self.committed_digest = upto, digest
        self.rewind()

    def rewind(self) -> None:
        """Forget what is in flight and waits; begin again after what is committed."""
        self.flights.clear()
        self.waiting.clear()
        self.waiting_bytes = 0
        self.reading_after = None
        self.sent, self.sent_digest = self.committed, self.committed_digest
        self.queued = max(self.sent, self.tail - 1)

    def commit(self, upto: int, digest: bytes) -> None:
        """Note that the cloud has committed everything up to `upto`."""
        self.committed, self.committed_digest = upto, digest
        self.complaints = self.regressions = 0
        while self.flights and self.flights[0].last <= upto:
            self.flights.popleft()
        if self.flights and self.flights[0].first <= upto:
            self.flights[0].first = upto + 1
        if upto > self.sent:
            self._skip_to(upto, digest)

    def _skip_to(self, upto: int, digest: bytes) -> None:
        self.sent, self.sent_digest = upto, digest
        while self.waiting and self.waiting[0].seq <= upto:
            self.waiting_bytes -= size(self.waiting.popleft())
        if upto > self.queued:
            self.queued, self.reading_after = upto, None

    def offer(self, entries: Sequence[Entry], now_ms: int) -> None:
        """Take entries that follow what is queued; what does not follow is left in the journal for later."""
        if self.waiting_bytes >= _AHEAD_BYTES_MAX:
            return
        if not self.waiting:
            self.waiting_since_ms = now_ms
        for entry in entries:
            if entry.seq != self.queued + 1:
                continue
            self.waiting.append(entry)
            self.waiting_bytes += size(entry)
            self.queued = entry.seq

    def wants_read(self) -> bool:
        """Tell whether the journal has more that should be read now."""
        return self.reading_after is None and self.queued < self.head and self.waiting_bytes < _AHEAD_BYTES_MAX // 2

    def take_gap(self) -> tuple[int, int, bytes] | None:
        """Return (first, last, digest after) of the unreadable stretch that comes next, or None."""
        if not self.waiting or self.waiting[0].record is not None:
            return None
        first = last = self.waiting.popleft()
        while self.waiting and self.waiting[0].record is None:
            last = self.waiting.popleft()
        self.waiting_bytes -= last.seq - first.seq + 1
        return self._fly(first.seq, last.seq, last.digest, is_unreadable=True)

    def take_trimmed(self) -> tuple[int, int, bytes]:
        """Return (first, last, digest after) of what the cloud lacks and this device has forgotten."""
        return self._fly(self.sent + 1, self.tail - 1, self.tail_digest)

    def take_records(self, bytes_max: int, count_max: int) -> list[bytes]:
        """Return the records that go into the next batch, at most so many bytes with their line feeds."""
        records: list[bytes] = []
        first, room, last = self.sent + 1, bytes_max, None
        while self.waiting and len(records) < count_max:
            entry = self.waiting[0]
            if entry.record is None or (records and size(entry) > room):
                break
            room -= size(entry)
            self.waiting_bytes -= size(entry)
            records.append(entry.record)
            last = self.waiting.popleft()
        assert last is not None, "take_records was called with no record waiting"  # noqa: S101
        self._fly(first, last.seq, last.digest)
        return records

    def count_resent(self, first: int, count: int) -> int:
        """Return how many of these records had been sent before."""
        last = first + count - 1
        resent = max(0, min(last, self.highest_sent) - first + 1)
        self.highest_sent = max(self.highest_sent, last)
        return resent

    def _fly(self, first: int, last: int, digest: bytes, *, is_unreadable: bool = False) -> tuple[int, int, bytes]:
        self.flights.append(Flight(first, last, digest, is_unreadable))
        self.sent, self.sent_digest = last, digest
        return first, last, digest


def size(entry: Entry) -> int:
    """Return the bytes an entry takes in a batch, its line feed included."""
    return 1 if entry.record is None else len(entry.record) + 1
