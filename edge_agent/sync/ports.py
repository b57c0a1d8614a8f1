"""What sync asks of the rest of the agent: a journal that can be read and trimmed, and a stamp of the clock.

Rule: a journal returns records by `(epoch, after_seq)`; a record it can no longer read stands with `record` None and
the digest of its index, so that sync can tell the cloud about the gap.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

Quality = Literal["rtc", "ntp", "hub", "floor", "none"]


class Stamp(Protocol):
    """One look at the clock: milliseconds since boot, wall time in milliseconds, and how far that can be trusted."""

    @property
    def monotonic_ms(self) -> int: ...
    @property
    def wall_ms(self) -> int: ...
    @property
    def quality(self) -> Quality: ...


class Entry(Protocol):
    """A record as the journal keeps it; `digest` is the 16-byte chain digest after it."""

    @property
    def epoch(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def record(self) -> bytes | None: ...
    @property
    def digest(self) -> bytes: ...


class EpochState(Protocol):
    """What the journal still holds of one epoch: seq `tail` to `head` (head is tail - 1 when nothing is left)."""

    @property
    def epoch(self) -> str: ...
    @property
    def tail(self) -> int: ...
    @property
    def head(self) -> int: ...
    @property
    def tail_digest(self) -> bytes:
        """Chain digest before `tail`; the epoch's genesis when nothing was trimmed."""
        ...


class Log(Protocol):
    """The journal as the sync driver uses it."""

    async def epochs(self) -> Sequence[EpochState]:
        """Return the epochs still held, oldest first, the live one last."""
        ...

    async def read(self, epoch: str, after_seq: int, limit: int) -> Sequence[Entry]:
        """Return up to `limit` entries of `epoch` that follow `after_seq`, in order and without a hole."""
        ...

    async def trim(self, epoch: str, upto: int, digest: bytes | None) -> bool:
        """Forget the records up to `upto` if `digest` is the chain's there, or a closed epoch whole if it is None.

        Return whether they are forgotten.
        """
        ...
