"""What a judge wants done about a window of messages: rows to write in one transaction, and answers for afterwards."""

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from cloud.ingest.state import Boots, Key, Mark, Stretch


class NewRecord(NamedTuple):
    """A record as it is stored, in the order of the table's columns; times are milliseconds since 1970 in UTC."""

    shard: int
    position: int
    school_id: int
    device: str
    epoch: str
    seq: int
    received_ms: int
    corrected_ms: int
    kind: str
    digest: bytes
    record: bytes


class Quarantined(NamedTuple):
    """Bytes that are kept but cannot be understood or believed yet; `seq` 0 is a whole message."""

    shard: int
    school_id: int
    device: str
    epoch: str
    seq: int
    received_ms: int
    reason: str
    digest: bytes
    record: bytes


class Loss(NamedTuple):
    """A stretch a device says it has lost; `digest` is the chain's after it."""

    shard: int
    school_id: int
    device: str
    epoch: str
    first_seq: int
    last_seq: int
    received_ms: int
    reason: str
    digest: bytes


class Alarm(msgspec.Struct):
    """Something a person should look into; alike ones of one window are counted together."""

    device: str
    school: str
    code: str
    detail: str
    at_ms: int
    count: int = 1


class Sighting(msgspec.Struct, frozen=True):
    """What a device said of itself; None is not said. Not part of the truth: written after the commit."""

    device_id: int
    at_ms: int
    boot: str | None = None
    is_online: bool | None = None
    firmware: str | None = None
    roster: int | None = None
    clock: str | None = None
    unsent: int | None = None

    def followed_by(self, later: "Sighting") -> "Sighting":
        """Return what is known after a later word: its own, and of this one what that says nothing about."""
        told = {name: value for name in later.__struct_fields__ if (value := getattr(later, name)) is not None}
        return msgspec.structs.replace(self, **told)


class Healthy(NamedTuple):
    """How a device was at an instant, by its own record."""

    device_id: int
    at_ms: int
    uptime_s: int
    unsent: int
    disk_free_mb: int | None
    temperature_c: int | None
    wear_pct: int | None
    signal_dbm: int | None


class Told(NamedTuple):
    """What a device says came of a command."""

    command: str
    device_id: int
    outcome: str
    at_ms: int
    received_ms: int


class Reply(NamedTuple):
    """A sealed message for a device, to be sent only after the commit."""

    topic: str
    payload: bytes


@dataclass(slots=True)
class Plan:
    """One window, judged. With `wants_*` it is not ready: the store looks those up, and it is judged again."""

    records: list[NewRecord] = field(default_factory=list)
    heads: dict[int, int] = field(default_factory=dict)
    shards: dict[str, int] = field(default_factory=dict)  # of each device whose marks or boots change
    marks: dict[Key, Mark] = field(default_factory=dict)
    boots: dict[str, Boots] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    alarms: dict[tuple[str, str], Alarm] = field(default_factory=dict)
    sightings: dict[str, Sighting] = field(default_factory=dict)
    heard: dict[int, int] = field(default_factory=dict)  # when each device's records came, by its id, in milliseconds
    acked: dict[int, tuple[int, str]] = field(default_factory=dict)  # when, and of which epoch, by the device's id
    healths: list[Healthy] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    digests: dict[tuple[str, str, int], bytes] = field(default_factory=dict)
    duplicates: int = 0
    wants_marks: set[Key] = field(default_factory=set)
    wants_digests: set[Stretch] = field(default_factory=set)

    @property
    def is_ready(self) -> bool:
        """Tell whether everything the judge asked for was known."""
        return not self.wants_marks and not self.wants_digests


def clean(text: str) -> str:
    """Return a text of a device's making without what a database would not take: NUL, and halves of characters."""
    return text.replace("\0", "?").encode("utf-8", "replace").decode()
