"""When a device's certificate may be renewed: after its end too, long after it with a person's leave, revoked never."""

from datetime import datetime, timedelta

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.devices.errors import ApprovalNotNeeded, DeviceRevoked, DeviceUnknown
from cloud.devices.models import DeviceState

APPROVAL_AFTER = timedelta(days=180)  # from a certificate's end; a summer is half of it
APPROVAL_LASTS = timedelta(days=30)  # a leave that was not made use of is forgotten

_FIND = "SELECT id, school_id, state, certificate_until FROM device WHERE name = $1 FOR UPDATE"
_APPROVE = "UPDATE device SET renewal_approved_at = $2 WHERE id = $1"
_FORGET = "DELETE FROM device_certificate WHERE until < $1"


async def approve_renewal(services: Services, actor: Actor, name: str) -> None:
    """Let a device renew its certificate although it ended long ago; twice is as good as once.

    Raises NotAllowed, DeviceUnknown, DeviceRevoked or ApprovalNotNeeded.
    """
    now = services.clock.now()
    async with services.database.transaction() as connection:
        row = await raw(connection).fetchrow(_FIND, name)
        if row is None:
            raise DeviceUnknown(name)
        actor.require(Right.DEVICES_KEEP, row["school_id"])
        if row["state"] != DeviceState.ACTIVE.value:
            raise DeviceRevoked
        if row["certificate_until"] is None or now - row["certificate_until"] <= APPROVAL_AFTER:
            raise ApprovalNotNeeded(name)
        await raw(connection).execute(_APPROVE, row["id"], now)
        await audit(connection, actor, "device.renewal_approved", f"device:{name}", school_id=row["school_id"], at=now)


def is_approved(approved_at: datetime | None, now: datetime) -> bool:
    """Tell whether a leave was given, and is not forgotten."""
    return approved_at is not None and now - approved_at <= APPROVAL_LASTS


async def forget_certificates(services: Services) -> None:
    """Forget certificates that have ended: nobody is let in by them, revoked or not."""
    await services.database.pool.execute(_FORGET, services.clock.now())
