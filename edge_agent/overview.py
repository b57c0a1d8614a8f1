"""Puts together how the agent is, for its status page; what is costly to count is counted every few seconds at most."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from edge_agent.bundle import Bundle
from edge_agent.gate import Gate
from edge_agent.journal.journal import Journal
from edge_agent.neighbours import Neighbours
from edge_agent.roster import UTC_OFFSET_MIN, Roster
from edge_agent.scribe import Scribe
from edge_agent.slots import Shelf
from edge_agent.status.snapshot import (
    CertificateStatus,
    ClockStatus,
    JournalStatus,
    LinkStatus,
    PartStatus,
    RosterStatus,
    Snapshot,
    TillStatus,
)
from edge_agent.sync.uplink import Uplink
from edge_agent.timekeeper import Stamp, Timekeeper
from edge_agent.view import View

INSIDE_FRESH_MS = 2_000
DAY_MS = 86_400_000


@dataclass(slots=True)
class Overview:
    """Everything a snapshot is taken of."""

    bundle: Bundle
    firmware: str
    timekeeper: Timekeeper
    journal: Journal
    capacity: int
    shelf: Shelf[Roster]
    view: View
    uplink: Uplink
    neighbours: Neighbours
    gates: Sequence[Gate]
    scribe: Scribe
    parts: Callable[[], Sequence[PartStatus]]
    certificate: Callable[[], CertificateStatus | None] = lambda: None
    till: Callable[[], TillStatus | None] = lambda: None
    _inside: int = 0
    _counted_ms: int = -INSIDE_FRESH_MS
    _people: tuple[int, int] = field(default=(0, 0))

    def snapshot(self) -> Snapshot:
        """Return how everything is now."""
        now, roster = self.timekeeper.now(), self.shelf.roster
        return Snapshot(
            device=self.bundle.device,
            school=self.bundle.school,
            firmware=self.firmware,
            uptime_s=self.scribe.uptime_s,
            utc_offset_min=_offset_min(roster),
            inside=self._count_inside(now),
            gates=[gate.status(_names(roster, gate.settings.id)) for gate in self.gates],
            link=self._link(now),
            journal=JournalStatus(self.journal.held, self.capacity, self.journal.unavailable, self.journal.lost),
            roster=self._roster(roster, now),
            clock=ClockStatus(now.quality, now.wall_ms, self.timekeeper.jumps),
            hub=self.neighbours.status(),
            parts=self.parts(),
            certificate=self.certificate(),
            till=self.till(),
        )

    def unsent(self) -> int:
        """Return how many records the cloud is not known to have: by the session, or while offline by the journal."""
        return max(self.uplink.session.unsent, self.journal.held)

    def _link(self, now: Stamp) -> LinkStatus:
        session = self.uplink.session
        acked_ms = session.last_ack_ms
        return LinkStatus(
            phase=session.phase.value,
            route=self.uplink.route,
            last_ack_s=None if acked_ms is None else (now.monotonic_ms - acked_ms) // 1000,
            unsent=self.unsent(),
            refused_code=session.refused_code,
            last_error=self.uplink.last_error,
            counters=session.counters.named(),
        )

    def _roster(self, roster: Roster | None, now: Stamp) -> RosterStatus:
        if roster is None:
            return RosterStatus(0, 0, 0, 0)
        if self._people[0] != roster.version:
            self._people = roster.version, roster.body.count(b'\n["person",')
        age_s = max(0, now.wall_ms - roster.header.issued_ms) // 1000
        days_left = (roster.not_after_ms - now.wall_ms) // DAY_MS
        return RosterStatus(roster.version, age_s, days_left, self._people[1])

    def _count_inside(self, now: Stamp) -> int:
        if now.monotonic_ms - self._counted_ms >= INSIDE_FRESH_MS:
            self._inside, self._counted_ms = len(self.view.inside()), now.monotonic_ms
        return self._inside


def _names(roster: Roster | None, gate: str) -> dict[str, str]:
    row = roster.gate(gate) if roster is not None else None
    return {"kk": row.names.kk, "ru": row.names.ru, "en": row.names.en} if row is not None else {}


def _offset_min(roster: Roster | None) -> int:
    """Return the school's offset from UTC in minutes; Kazakhstan's until there is a roster."""
    return UTC_OFFSET_MIN if roster is None else roster.utc_offset_min
