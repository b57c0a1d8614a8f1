"""The devices of a school and their health, as its IT sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloud.attendance.queries import SchoolToday
from cloud.attendance.standing import is_rough
from cloud.core.actor import Actor, Role
from cloud.core.services import Services
from cloud.devices.renewals import is_approved
from cloud.rosters.renewing import ENDING

DEVICES_MAX = 500
GATES_MAX = 500

DEVICES = """
SELECT d.name, d.state, d.firmware, d.roster_version, d.clock, d.unsent, d.is_online, d.seen_at, d.is_hub,
  d.certificate_until, d.renewal_asked_at, d.renewal_approved_at,
  coalesce(array_agg(ARRAY[g.name_kk, g.name_ru, g.name_en] ORDER BY g.key) FILTER (WHERE g.id IS NOT NULL),
    '{}') AS gates,
  coalesce((SELECT max(v.version) FROM roster_version v WHERE v.school_id = $1), 0) AS newest
FROM device d LEFT JOIN gate g ON g.device_id = d.id
WHERE d.school_id = $1 GROUP BY d.id ORDER BY d.state, d.name LIMIT $2
"""
GATES = """
SELECT g.key, g.name_kk, g.name_ru, g.name_en, d.name AS device
FROM gate g LEFT JOIN device d ON d.id = g.device_id WHERE g.school_id = $1 ORDER BY g.key LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A device, with what it last said of itself."""

    name: str
    state: str  # a sign: online, offline, never or revoked
    seen_at: datetime | None
    gates: Sequence[Mapping[str, str]]
    unsent: int
    roster_version: int
    clock: str
    is_rough: bool
    firmware: str
    is_hub: bool
    certificate: str  # a sign: ending, ended or asks; empty while there is nothing to say
    certificate_until: datetime | None


@dataclass(frozen=True, slots=True)
class GateSeen:
    """A gate and the device that serves it."""

    key: str
    names: Mapping[str, str]
    device: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """All devices and gates of a school, and the newest roster they could have."""

    devices: Sequence[DeviceSeen]
    gates: Sequence[GateSeen]
    roster_version: int

    @property
    def hub(self) -> str:
        """Return the name of the school's hub, or nothing."""
        return next((device.name for device in self.devices if device.is_hub and device.state != "revoked"), "")

    @property
    def online(self) -> int:
        return sum(device.state == "online" for device in self.devices)

    @property
    def offline(self) -> int:
        return sum(device.state in {"offline", "never"} for device in self.devices)

    @property
    def unsent(self) -> int:
        return sum(device.unsent for device in self.devices)


async def fleet_of(services: Services, actor: Actor, school: SchoolToday) -> Fleet:
    """Return the fleet of a school. Raises NotAllowed."""
    actor.require(Role.IT, school.id)
    async with services.database.pool.acquire() as connection:
        devices = await connection.fetch(DEVICES, school.id, DEVICES_MAX)
        gates = await connection.fetch(GATES, school.id, GATES_MAX)
    newest = devices[0]["newest"] if devices else 0
    now = services.clock.now()
    return Fleet([_device(row, now) for row in devices], [_gate(row) for row in gates], newest)


def _device(row: Mapping[str, Any], now: datetime) -> DeviceSeen:
    gates = [dict(zip(("kk", "ru", "en"), names, strict=True)) for names in row["gates"]]
    return DeviceSeen(
        row["name"], _state(row), row["seen_at"], gates, row["unsent"], row["roster_version"], row["clock"],
        is_rough(row["clock"]), row["firmware"], row["is_hub"], _certificate(row, now), row["certificate_until"],
    )  # fmt: skip


def _state(row: Mapping[str, Any]) -> str:
    if row["state"] == "revoked":
        return "revoked"
    if row["seen_at"] is None:
        return "never"
    return "online" if row["is_online"] else "offline"


def _certificate(row: Mapping[str, Any], now: datetime) -> str:
    until: datetime | None = row["certificate_until"]
    if row["state"] == "revoked" or until is None or until - now > ENDING:
        return ""
    if row["renewal_asked_at"] is not None and not is_approved(row["renewal_approved_at"], now):
        return "asks"
    return "ending" if until > now else "ended"


def _gate(row: Mapping[str, Any]) -> GateSeen:
    return GateSeen(row["key"], {code: row[f"name_{code}"] for code in ("kk", "ru", "en")}, row["device"] or "")
