"""The devices of a school and their health, as its IT sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cloud.attendance.queries import SchoolToday
from cloud.attendance.standing import is_rough
from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.devices.alarm_kinds import Severity
from cloud.devices.renewals import is_approved
from cloud.devices.silence import in_hours, is_silent
from cloud.rosters.renewing import ENDING
from cloud.schools.queries import day_plans

DEVICES_MAX = 500
GATES_MAX = 500
LOST_WITHIN = timedelta(days=30)
# A device asks for newer programs each six hours, but for one on which no release key is pinned: it asks never.
ASKS_WITHIN = timedelta(days=2)

DEVICES = """
SELECT d.id, d.name, d.state, d.firmware, d.roster_version, d.clock, d.unsent, d.is_online, d.seen_at, d.is_hub,
  d.certificate_until, d.renewal_asked_at, d.renewal_approved_at, d.created_at, program.asked_at,
  EXISTS (SELECT FROM release) AS has_releases,
  contact.recorded_at, contact.acked_at, coalesce(contact.epoch, '') AS epoch,
  health.at AS told_at, health.uptime_s, health.disk_free_mb, health.temperature_c, health.wear_pct, health.signal_dbm,
  (SELECT issued_at FROM roster_version AS v WHERE v.school_id = $1 AND v.version = d.roster_version) AS roster_at,
  (SELECT coalesce(sum(last_seq - first_seq + 1), 0)::bigint FROM loss
    WHERE loss.device = d.name AND loss.school_id = $1 AND received_at > $3) AS lost,
  (SELECT count(*) FROM alarm WHERE alarm.device = d.name AND alarm.school_id = $1 AND acknowledged_at IS NULL)
    AS alarms,
  (SELECT max(severity) FROM alarm WHERE alarm.device = d.name AND alarm.school_id = $1 AND acknowledged_at IS NULL)
    AS worst,
  coalesce((SELECT array_agg(ARRAY[g.name_kk, g.name_ru, g.name_en] ORDER BY g.key) FROM gate g
    WHERE g.device_id = d.id), '{}') AS gates,
  coalesce((SELECT max(v.version) FROM roster_version v WHERE v.school_id = $1 AND v.kind = 'doors'), 0) AS newest
FROM device d
LEFT JOIN device_contact AS contact ON contact.device_id = d.id
LEFT JOIN device_program AS program ON program.device_id = d.id
LEFT JOIN LATERAL (
  SELECT * FROM device_health AS h WHERE h.device_id = d.id ORDER BY at DESC LIMIT 1
) AS health ON true
WHERE d.school_id = $1 AND ($4::text IS NULL OR d.name = $4) ORDER BY d.state, d.name LIMIT $2
"""
GATES = """
SELECT g.key, g.name_kk, g.name_ru, g.name_en, d.name AS device
FROM gate g LEFT JOIN device d ON d.id = g.device_id WHERE g.school_id = $1 ORDER BY g.key LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A device, with what it last said of itself and what is known of it here; None is not told."""

    id: int
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
    recorded_at: datetime | None  # when its records last came
    acked_at: datetime | None  # when they were last acknowledged
    epoch: str  # of those
    roster_at: datetime | None  # when the roster it has was issued
    lost: int  # records, within LOST_WITHIN
    alarms: int  # that are open
    worst: Severity | None
    is_silent: bool  # in school hours
    asked_at: datetime | None  # when it asked for a newer program last
    takes_no_updates: bool  # it is here, there are releases, and it asks for none
    told_at: datetime | None  # when it told the rest
    uptime_s: int | None
    disk_free_mb: int | None
    temperature_c: int | None
    wear_pct: int | None
    signal_dbm: int | None

    @property
    def needs_a_look(self) -> bool:
        """Tell whether something about it is not as it should be."""
        return self.state != "revoked" and bool(
            self.is_silent or self.certificate or self.lost or self.is_rough or (self.worst or 0) > Severity.NOTICE
        )


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
    def troubled(self) -> int:
        return sum(device.needs_a_look for device in self.devices)

    @property
    def unsent(self) -> int:
        return sum(device.unsent for device in self.devices)


async def fleet_of(services: Services, actor: Actor, school: SchoolToday, name: str | None = None) -> Fleet:
    """Return the fleet of a school, or one device of it, if it is there. Raises NotAllowed."""
    actor.require(Right.DEVICES_KEEP, school.id)
    now = services.clock.now()
    async with services.database.pool.acquire() as connection:
        devices = await connection.fetch(DEVICES, school.id, DEVICES_MAX, now - LOST_WITHIN, name)
        gates = await connection.fetch(GATES, school.id, GATES_MAX)
    newest = devices[0]["newest"] if devices else 0
    plans = await day_plans(services, school.id, school.on)
    is_school = in_hours(plans.values(), now, school.zone)
    return Fleet([_device(row, now, is_school=is_school) for row in devices], [_gate(row) for row in gates], newest)


def _device(row: Mapping[str, Any], now: datetime, *, is_school: bool) -> DeviceSeen:
    gates = [dict(zip(("kk", "ru", "en"), names, strict=True)) for names in row["gates"]]
    told = {name: row[name] for name in ("uptime_s", "disk_free_mb", "temperature_c", "wear_pct", "signal_dbm")}
    same = {name: row[name] for name in ("seen_at", "unsent", "roster_version", "clock", "firmware", "is_hub")}
    same |= {name: row[name] for name in ("recorded_at", "acked_at", "epoch", "roster_at", "lost", "alarms")}
    same |= {name: row[name] for name in ("asked_at", "told_at")}
    state = _state(row)
    return DeviceSeen(
        id=row["id"], name=row["name"], state=state, gates=gates, is_rough=is_rough(row["clock"]),
        certificate=_certificate(row, now), certificate_until=row["certificate_until"],
        takes_no_updates=_takes_no_updates(row, now),
        worst=None if row["worst"] is None else Severity(row["worst"]),
        is_silent=is_school and bool(gates) and state in {"online", "offline"}
        and is_silent(row["seen_at"], now, is_online=row["is_online"]),
        **same, **told,
    )  # fmt: skip


def _state(row: Mapping[str, Any]) -> str:
    if row["state"] == "revoked":
        return "revoked"
    if row["seen_at"] is None:
        return "never"
    return "online" if row["is_online"] else "offline"


def _takes_no_updates(row: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether a device that was here for days, and lately, has not asked for a newer program in all that time."""
    seen_at: datetime | None = row["seen_at"]
    if row["state"] == "revoked" or seen_at is None or now - seen_at > ASKS_WITHIN:
        return False
    if not row["has_releases"] or now - row["created_at"] < ASKS_WITHIN:
        return False
    return row["asked_at"] is None or seen_at - row["asked_at"] > ASKS_WITHIN


def _certificate(row: Mapping[str, Any], now: datetime) -> str:
    until: datetime | None = row["certificate_until"]
    if row["state"] == "revoked" or until is None or until - now > ENDING:
        return ""
    if row["renewal_asked_at"] is not None and not is_approved(row["renewal_approved_at"], now):
        return "asks"
    return "ending" if until > now else "ended"


def _gate(row: Mapping[str, Any]) -> GateSeen:
    return GateSeen(row["key"], {code: row[f"name_{code}"] for code in ("kk", "ru", "en")}, row["device"] or "")
