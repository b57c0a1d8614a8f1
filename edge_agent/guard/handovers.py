"""Handovers: with whom a child left, as guards wrote it down; a fold of records.

Rule: the answer depends on the set of records, not on their order of arrival: of a child the handover of the latest
instant counts, of equal ones that of the device, epoch and number that sort last.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from edge_agent.folding import read_if
from schemas.structs import Collected

CHILDREN_MAX = 2_000
_BEGINS = b'{"k":"collected"'
_decode = msgspec.json.Decoder(Collected).decode


@dataclass(frozen=True, slots=True, order=True)
class Handover:
    """A handover, by what puts it before or behind others. Who is not on the list has no `collector`."""

    wall_ms: int
    device: str
    epoch: str
    seq: int
    collector: str = ""
    reason: str = ""


class Handovers:
    """A fold of `collected` records."""

    def __init__(self) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._last: dict[str, Handover] = {}

    def last(self, ref: str, since_ms: int) -> Handover | None:
        """Return with whom a child left last, since an instant; None when nobody wrote that down."""
        found = self._last.get(ref)
        return found if found is not None and found.wall_ms >= since_ms else None

    def observe(self, device: str, epoch: str, seq: int, record: bytes) -> None:
        """Take a record of this agent or a peer."""
        found = read_if(_BEGINS, _decode, record)
        if found is None:
            return
        handover = Handover(found.wall_ms, device, epoch, seq, found.collector or "", found.reason or "")
        known = self._last.get(found.person)
        if known is None and len(self._last) >= CHILDREN_MAX:
            del self._last[min(self._last, key=lambda ref: self._last[ref])]
        self._last[found.person] = handover if known is None else max(known, handover)
        self.on_change()
