"""Renewing devices' certificates: the same name and the same key for another 30 days, noted and audited.

Rule: a device that was revoked, or that shows another key than its own, never gets one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import Refused
from cloud.core.services import Services
from cloud.devices.actions import put_certificate
from cloud.devices.alarms import Raised, note_alarm, note_alarms
from cloud.devices.ca import Authority, Issued, key_digest, requested_key
from cloud.devices.errors import ApprovalNeeded, CertificateNone, CertificatesTooMany, DeviceRevoked, KeyForeign
from cloud.devices.registry import Registered
from cloud.devices.renewals import APPROVAL_AFTER, is_approved

ISSUED_MAX = 12  # a device is issued no more than so many
ISSUED_WITHIN = timedelta(days=1)
ENDING = timedelta(days=9)  # a device that works has renewed long before
ENDING_KIND, AGAIN = "certificate_ending", timedelta(days=1)
HEARD_WITHIN = timedelta(days=10)  # one that is off tells nobody anything new by it

_LOCK = """
SELECT state = 'active' AS is_active, key_digest, certificate_until, renewal_approved_at,
  (SELECT count(*) FROM device_certificate AS given WHERE given.device = known.name AND issued_at > $2) AS issued
FROM device AS known WHERE id = $1 FOR UPDATE
"""
_ASKED = "UPDATE device SET renewal_asked_at = $2 WHERE id = $1 AND renewal_asked_at IS NULL"
_ENDING = """
SELECT name, certificate_until FROM device
WHERE state = 'active' AND certificate_until < $1 AND seen_at > $2 AND NOT EXISTS (
  SELECT 1 FROM alarm WHERE alarm.device = name AND kind = 'certificate_ending' AND last_at > $3
)
ORDER BY name LIMIT 10000
"""


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a device is answered: its new certificate with the chain, and what it checks others against; both PEM."""

    certificate_pem: str
    ca_pem: str


async def renew(services: Services, device: Registered, csr: bytes) -> Renewed:
    """Issue a certificate for the key that the device has had from the beginning.

    Raises CsrRefused, KeyForeign, DeviceRevoked, CertificateNone, ApprovalNeeded, CertificatesTooMany or CaMissing.
    """
    key = requested_key(csr, device.name)
    authority = Authority.load(services.settings.data / "ca", services.vault)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        row = await raw(connection).fetchrow(_LOCK, device.device_id, now - ISSUED_WITHIN)
        answer = _refusal(row, key_digest(key), now) or authority.for_key(device.name, key, now)
        await _note(connection, device, answer, now)
    if isinstance(answer, Refused):
        raise answer  # after the commit: what is noted of a refusal stays
    return Renewed(answer.certificate_pem, authority.root_pem)


async def alarm_ending(services: Services) -> None:
    """Alarm, once a day and device, that one which is heard does not renew its certificate."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        rows = await raw(connection).fetch(_ENDING, now + ENDING, now - HEARD_WITHIN, now - AGAIN)
        await note_alarms(
            connection, [Raised(name, ENDING_KIND, f"ends {until:%Y-%m-%d}", now) for name, until in rows]
        )


def _refusal(row: asyncpg.Record, digest: str, now: datetime) -> Refused | None:
    """Return why no certificate is issued, if none is."""
    until = row["certificate_until"]
    if not row["is_active"]:
        return DeviceRevoked()
    if until is None:
        return CertificateNone()
    if row["key_digest"] != digest:
        return KeyForeign()
    if now - until > APPROVAL_AFTER and not is_approved(row["renewal_approved_at"], now):
        return ApprovalNeeded()
    return CertificatesTooMany() if row["issued"] >= ISSUED_MAX else None


async def _note(connection: BaseDBAsyncClient, device: Registered, answer: Issued | Refused, now: datetime) -> None:
    match answer:
        case Issued(serial=serial, until=until, key_digest=digest):
            await put_certificate(raw(connection), device.name, serial, until, digest, now)
            actor, detail = Actor.system("the device asked"), {"serial": serial, "until": f"{until:%Y-%m-%d}"}
            subject = f"device:{device.name}"
            await audit(connection, actor, "device.renewed", subject, detail, school_id=device.school_id, at=now)
        case ApprovalNeeded():
            await raw(connection).execute(_ASKED, device.device_id, now)
        case KeyForeign():
            said = "a certificate was asked for another key"
            await note_alarm(connection, device.school_id, device.name, answer.code, said, now)
        case _:
            pass
