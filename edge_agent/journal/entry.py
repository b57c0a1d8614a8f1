"""What the journal keeps, and how it says that it cannot."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in its place. `record` is None when it can no longer be read; `digest` is the chain's after it."""

    epoch: str
    seq: int
    record: bytes | None
    digest: bytes


@dataclass(frozen=True, slots=True)
class EpochState:
    """What is still held of an epoch: `tail` to `head`; head is tail - 1 when nothing is left."""

    epoch: str
    tail: int
    head: int
    tail_digest: bytes


class Fill(Enum):
    """How full the journal is, and so what it still takes."""

    ROOMY = "roomy"
    WARN = "warn"  # 80 %: a person should know
    COLLAPSE = "collapse"  # 90 %: denials are counted, not kept one by one
    RESERVE = "reserve"  # 98 %: only sales


class JournalUnavailable(Exception):
    """Nothing was written: `reason` is disk_full, read_only or io_error. Later appends may succeed."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(f"the journal cannot be written ({reason}): {text}")
        self.reason = reason


class JournalBroken(Exception):
    """The file is damaged beyond use and must be set aside."""
