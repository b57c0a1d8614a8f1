"""How an agent is at one instant, as plain values: what the page, the metrics and the health answer are made of.

Rule: nothing here names a person or a card; counts only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

Language = Literal["kk", "ru", "en"]


@dataclass(frozen=True, slots=True)
class ReaderStatus:
    """One reader: `health` is starting, ready or lost."""

    name: str
    direction: str
    health: str


@dataclass(frozen=True, slots=True)
class GateStatus:
    """One gate; `names` by language is empty until a roster names it. `mode` is one of `Mode`."""

    id: str
    names: Mapping[str, str]
    mode: str
    is_burning: bool
    has_sensor: bool
    readers: Sequence[ReaderStatus]
    allowed: int = 0
    denied: int = 0
    passed: int = 0
    last_decision_s: int | None = None
    last_forged_s: int | None = None  # since a card claimed to be the school's and could not prove it

    def name(self, language: Language) -> str:
        """Return what people call it."""
        return self.names.get(language) or self.id


@dataclass(frozen=True, slots=True)
class TillStatus:
    """The till, where this machine is one. Its readers face no direction."""

    readers: Sequence[ReaderStatus]
    has_shift: bool


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """The way to the cloud; `phase` is of `sync.counters.Phase`. `last_ack_s` is how long ago something was acked."""

    phase: str
    route: str
    last_ack_s: int | None
    unsent: int
    refused_code: str = ""
    last_error: str = ""
    counters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JournalStatus:
    """The journal; `unavailable` says why it cannot be written, and is empty when it can."""

    held: int
    capacity: int
    unavailable: str
    lost: int

    @property
    def percent(self) -> int:
        return self.held * 100 // self.capacity


@dataclass(frozen=True, slots=True)
class RosterStatus:
    """The roster gone by; version 0 is none at all."""

    version: int
    age_s: int
    days_left: int
    people: int


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """The clock; `quality` as it stands in records, `wall_ms` what it shows."""

    quality: str
    wall_ms: int
    jumps: int


@dataclass(frozen=True, slots=True)
class HubStatus:
    """What this agent is to the school's own broker: `role` is none, hub or peer."""

    role: Literal["none", "hub", "peer"]
    device: str = ""
    is_connected: bool = False
    is_caught_up: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """The certificate: its days are negative after its end; `trouble` is why the last renewal failed, if it did."""

    days_left: float
    trouble: str = ""
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class PartStatus:
    """A part of the program that is started again when it fails; `error` is empty while it runs."""

    name: str
    failures: int
    error: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at once."""

    device: str
    school: str
    firmware: str
    uptime_s: int
    utc_offset_min: int
    inside: int
    gates: Sequence[GateStatus]
    link: LinkStatus
    journal: JournalStatus
    roster: RosterStatus
    clock: ClockStatus
    hub: HubStatus
    parts: Sequence[PartStatus]
    certificate: CertificateStatus | None = None
    till: TillStatus | None = None

    @property
    def readers(self) -> list[ReaderStatus]:
        """All readers, at the gates and at the till."""
        at_till = self.till.readers if self.till is not None else ()
        return [*(reader for gate in self.gates for reader in gate.readers), *at_till]


FORGED_TOLD_S = 3_600
LASTING = ("device_revoked", "key_foreign", "certificate_none")  # what no further try will change


class Level(Enum):
    """How much a concern matters; the values stand in /health."""

    ATTENTION = "attention"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Concern:
    """Something a person should know: `key` names its words, `about` is what it is about."""

    level: Level
    key: str
    about: str = ""


def concerns(snapshot: Snapshot) -> list[Concern]:
    """Return what is not as it should be, the worst first."""
    found = [
        *_at_gates(snapshot.gates),
        *_at_readers(snapshot.readers),
        *_of_journal(snapshot.journal),
        *_of_roster(snapshot.roster),
    ]
    found += [*_of_link(snapshot.link), *_of_certificate(snapshot.certificate), *_of_rest(snapshot)]
    return sorted(found, key=lambda concern: concern.level is not Level.FAILING)


def worst(found: Sequence[Concern]) -> str:
    """Return ok, attention or failing."""
    return found[0].level.value if found else "ok"


def _at_gates(gates: Sequence[GateStatus]) -> list[Concern]:
    found = []
    for gate in gates:
        if gate.is_burning:
            found.append(Concern(Level.FAILING, "fire", gate.id))
        if gate.mode != "normal":
            found.append(Concern(Level.ATTENTION, gate.mode, gate.id))
        if gate.last_forged_s is not None and gate.last_forged_s < FORGED_TOLD_S:
            found.append(Concern(Level.ATTENTION, "card_not_genuine", gate.id))
    return found


def _at_readers(readers: Sequence[ReaderStatus]) -> list[Concern]:
    return [Concern(Level.FAILING, "reader_lost", reader.name) for reader in readers if reader.health == "lost"]


def _of_journal(journal: JournalStatus) -> list[Concern]:
    found = []
    if journal.unavailable:
        found.append(Concern(Level.FAILING, "journal_unavailable", journal.unavailable))
    if journal.percent >= 80:
        found.append(Concern(Level.ATTENTION, "journal_filling", f"{journal.percent} %"))
    if journal.lost:
        found.append(Concern(Level.ATTENTION, "records_lost", str(journal.lost)))
    return found


def _of_roster(roster: RosterStatus) -> list[Concern]:
    if not roster.version:
        return [Concern(Level.FAILING, "roster_missing")]
    return [Concern(Level.ATTENTION, "roster_expired")] if roster.days_left < 0 else []


def _of_link(link: LinkStatus) -> list[Concern]:
    match link.phase:
        case "refused":
            return [Concern(Level.FAILING, "refused", link.refused_code)]
        case "offline":
            return [Concern(Level.ATTENTION, "offline")]
        case _:
            return []


def _of_certificate(certificate: CertificateStatus | None) -> list[Concern]:
    if certificate is None:
        return []
    if certificate.trouble == "approval_needed":
        return [Concern(Level.FAILING, "certificate_asks")]
    if certificate.days_left <= 0:
        return [Concern(Level.FAILING, "certificate_over", certificate.trouble)]
    if certificate.trouble in LASTING or (certificate.is_late and certificate.trouble):
        return [Concern(Level.ATTENTION, "certificate_late", certificate.trouble)]
    return []


def _of_rest(snapshot: Snapshot) -> list[Concern]:
    found = []
    if snapshot.clock.quality in ("floor", "none"):
        found.append(Concern(Level.ATTENTION, "clock_poor"))
    if snapshot.hub.trouble:
        found.append(Concern(Level.FAILING, "hub_impossible"))
    elif snapshot.hub.role != "none" and not snapshot.hub.is_connected:
        found.append(Concern(Level.ATTENTION, "hub_away"))
    return found + [Concern(Level.ATTENTION, "part_failing", part.name) for part in snapshot.parts if part.error]
