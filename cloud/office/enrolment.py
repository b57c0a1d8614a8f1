"""The doors of a school as its IT sees them: which device serves each, and what became of the newest code for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.devices.invitations import Invitation, InvitationState, invitations_of

DOORS_MAX = 500
_DOORS = """
SELECT gate.key, name_kk, name_ru, name_en, device.name AS device, device.is_online, device.is_hub,
  device.seen_at IS NOT NULL AS was_seen
FROM gate LEFT JOIN device ON device.id = gate.device_id AND device.state = 'active'
WHERE gate.school_id = $1 ORDER BY gate.key LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Door:
    """A door or lane."""

    key: str
    names: Mapping[str, str]
    device: str  # that serves it; empty when none does
    state: str  # a sign: online, offline or never; empty without a device
    invitation: Invitation | None

    @property
    def sign(self) -> str:
        """Return the sign of its newest code; empty when it never had one."""
        return f"code_{self.invitation.state.value}" if self.invitation else ""

    @property
    def is_open(self) -> bool:
        """Tell whether a code waits to be scanned."""
        return self.invitation is not None and self.invitation.state is InvitationState.OPEN

    @property
    def shown_at(self) -> datetime | None:
        """Return when the code was used, or until when it is or was good; of a cancelled one, when it was made."""
        if self.invitation is None:
            return None
        if self.invitation.state is InvitationState.CANCELLED:
            return self.invitation.created_at
        return self.invitation.used_at or self.invitation.expires_at


@dataclass(frozen=True, slots=True)
class Doors:
    """All doors of a school, the device that is its hub, and where IT last said the hub is."""

    doors: Sequence[Door]
    hub: str
    hub_host: str

    @property
    def waiting(self) -> int:
        return sum(door.is_open for door in self.doors)

    @property
    def without_device(self) -> int:
        return sum(not door.device for door in self.doors)


async def doors_of(services: Services, actor: Actor, school: SchoolToday) -> Doors:
    """Return the doors of a school. Raises NotAllowed."""
    actor.require(Right.DEVICES_KEEP, school.id)
    invitations = await invitations_of(services, actor, school.id)
    rows = await services.database.pool.fetch(_DOORS, school.id, DOORS_MAX)
    newest = {gate: each for each in sorted(invitations, key=_age) for gate in each.gates}
    hub_hosts = [each.hub_host for each in sorted(invitations, key=_age) if each.hub_host]
    hub = next((row["device"] for row in rows if row["is_hub"]), "")
    return Doors([_door(row, newest.get(row["key"])) for row in rows], hub, hub_hosts[-1] if hub_hosts else "")


def _door(row: Mapping[str, Any], invitation: Invitation | None) -> Door:
    names = {code: row[f"name_{code}"] for code in ("kk", "ru", "en")}
    return Door(row["key"], names, row["device"] or "", _state(row), invitation)


def _state(row: Mapping[str, Any]) -> str:
    if row["device"] is None:
        return ""
    if not row["was_seen"]:
        return "never"
    return "online" if row["is_online"] else "offline"


def _age(invitation: Invitation) -> datetime:
    return invitation.created_at
