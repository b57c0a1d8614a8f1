"""Visitors and deliveries: who came with a pass, to whom, for how long, and who left again; a fold of records.

Rule: the answer depends on the set of records, not on their order of arrival.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from edge_agent.folding import read_if
from schemas.structs import Visitor

VISITS_MAX = 2_000
MINUTE_MS = 60_000
_BEGINS = b'{"k":"visitor"'
_decode = msgspec.json.Decoder(Visitor).decode


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit. Of what the visitor is called a record says nothing."""

    id: str
    gate: str
    badge: str
    purpose: str
    host: str
    detail: str
    staff: str
    in_ms: int
    until_ms: int  # 0: nothing was agreed
    out_ms: int | None = None
    firm: str = ""

    @property
    def is_delivery(self) -> bool:
        return self.purpose == "delivery"

    def is_overdue(self, now_ms: int) -> bool:
        """Tell whether the visitor should have left by now."""
        return self.out_ms is None and 0 < self.until_ms < now_ms


class Visits:
    """A fold of `visitor` records."""

    def __init__(self) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._came: dict[str, Visitor] = {}
        self._left_ms: dict[str, int] = {}

    def observe(self, _device: str, _epoch: str, _seq: int, record: bytes) -> None:
        """Take a record of this agent or a peer."""
        found = read_if(_BEGINS, _decode, record)
        if found is None:
            return
        if found.direction == "out":
            self._left_ms[found.id] = min(found.wall_ms, self._left_ms.get(found.id, found.wall_ms))
        else:
            self._came.setdefault(found.id, found)
        self._make_room()
        self.on_change()

    def visit(self, visit_id: str) -> Visit | None:
        """Return one visit."""
        found = self._came.get(visit_id)
        return self._visit(found) if found is not None else None

    def inside(self) -> list[Visit]:
        """Return who has not left, the first who came first."""
        return sorted(
            (self._visit(each) for key, each in self._came.items() if key not in self._left_ms),
            key=lambda visit: (visit.in_ms, visit.id),
        )

    def left_since(self, wall_ms: int) -> list[Visit]:
        """Return who has left since an instant, the last first."""
        recent = (key for key, left_ms in self._left_ms.items() if left_ms >= wall_ms and key in self._came)
        return sorted(
            (self._visit(self._came[key]) for key in recent), key=lambda visit: (-(visit.out_ms or 0), visit.id)
        )

    def firms(self, most: int) -> list[str]:
        """Return the firms that brought something, who came last first: a guard need not write them again."""
        came = sorted(self._came.values(), key=lambda each: (-each.wall_ms, each.id))
        return list(dict.fromkeys(each.firm for each in came if each.firm))[:most]

    def _visit(self, found: Visitor) -> Visit:
        until_ms = found.wall_ms + found.stay_min * MINUTE_MS if found.stay_min else 0
        return Visit(
            found.id, found.gate, found.badge or "", found.purpose or "other", found.host or "", found.detail or "",
            found.staff, found.wall_ms, until_ms, self._left_ms.get(found.id), found.firm or "",
        )  # fmt: skip

    def _make_room(self) -> None:
        """Forget who left the longest ago; who is inside is never forgotten before."""
        for kept in (self._left_ms, self._came):
            while len(kept) > VISITS_MAX:
                gone = next((key for key in kept if key in self._left_ms), next(iter(kept)))
                self._came.pop(gone, None)
                self._left_ms.pop(gone, None)
