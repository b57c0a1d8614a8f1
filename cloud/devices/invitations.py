"""Invitations: the codes by which new devices enrol, each once, for the gates it was made for.

Rule: a code is shown once, to who made it. What is kept of its token is made of it one way, and encrypted.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from urllib.parse import urlsplit

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.page_wakeups import CHANNEL
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.core.wakeups import NOBODY, notify
from cloud.devices.ca import Authority
from cloud.devices.enrolment_errors import CodesUnsafe, CodeTooLong, InvitationOver
from cloud.devices.errors import GateUnknown
from schemas.enrolment import CODE_MAX, GATES_MAX, TOKEN_BYTES, Code, is_safe

LASTS = timedelta(hours=24)
KEPT = timedelta(days=90)  # an invitation that is over is shown for as long
KEYS = "invitation.keys"  # context of the vault
NAME_MAX = 24
NUMBERS_MAX = 1_000  # of devices that one gate has had
SEEN_MAX = 500

_SCHOOL = "SELECT code FROM school WHERE id = $1 FOR NO KEY UPDATE"
_GATES = """
SELECT gate.key, device.name AS device FROM gate
LEFT JOIN device ON device.id = gate.device_id AND device.state = 'active'
WHERE gate.school_id = $1 AND gate.key = ANY($2::text[])
"""
_CANCEL_OTHERS = """
UPDATE invitation SET cancelled_at = $3
WHERE school_id = $1 AND gates && $2::text[] AND used_at IS NULL AND cancelled_at IS NULL AND expires_at > $3
"""
_TAKEN = """
SELECT name FROM device WHERE name LIKE $1 || '%'
UNION SELECT device FROM invitation
WHERE device LIKE $1 || '%' AND used_at IS NULL AND cancelled_at IS NULL AND expires_at > $2
"""
_KEEP = """
INSERT INTO invitation (
  id, school_id, device, gates, is_hub, hub_host, hub_port, keys_encrypted, created_at, created_by, expires_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_CANCEL = """
UPDATE invitation SET cancelled_at = $3
WHERE id = $1 AND school_id = $2 AND used_at IS NULL AND cancelled_at IS NULL RETURNING device
"""
_SEEN = """
SELECT DISTINCT ON (gates[1]) id, device, gates, is_hub, hub_host, created_at, created_by, expires_at, used_at,
  cancelled_at
FROM invitation WHERE school_id = $1 ORDER BY gates[1], created_at DESC LIMIT $2
"""
_FORGET = "DELETE FROM invitation WHERE expires_at < $1"


class InvitationState(Enum):
    """How an invitation stands; the values are signs of pages."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a code is made for: gates of the school, the first being the door where the device hangs."""

    gates: Sequence[str]
    is_hub: bool = False
    hub_host: str = ""  # where the school's hub listens in its network; empty while it has none
    hub_port: int = 8883


@dataclass(frozen=True, slots=True)
class Invited:
    """A code, this once, and whose place the device will take."""

    code: Code
    expires_at: datetime
    replaces: Sequence[str]


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as pages show it."""

    id: str
    device: str
    gates: Sequence[str]
    state: InvitationState
    hub_host: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None


async def invite(services: Services, actor: Actor, school_id: int, wanted: Wanted) -> Invited:
    """Make a code for a new device at these gates; an open one for any of them ends.

    Raises NotAllowed, GateUnknown, CodesUnsafe, CodeTooLong or CaMissing.
    """
    actor.require(Right.DEVICES_KEEP, school_id)
    authority = Authority.load(services.settings.data / "ca", services.vault)
    url, now, token = _address(services.settings), services.clock.now(), secrets.token_bytes(TOKEN_BYTES)
    gates = tuple(dict.fromkeys(wanted.gates))
    async with services.database.transaction() as connection:
        plain = raw(connection)
        school = await plain.fetchval(_SCHOOL, school_id)
        replaces = await _served_by(plain, school_id, gates)
        await plain.execute(_CANCEL_OTHERS, school_id, list(gates), now)
        device = await _free_name(plain, f"{school}-{gates[0]}", now)
        code = Code(url, authority.pin, school, gates, device, token)
        if len(code.text()) > CODE_MAX:
            raise CodeTooLong
        keys = services.vault.encrypt_bytes(code.request_key + code.answer_key, KEYS)
        await plain.execute(
            _KEEP, code.invitation, school_id, device, list(gates), wanted.is_hub, wanted.hub_host, wanted.hub_port,
            keys, now, actor.name, now + LASTS,
        )  # fmt: skip
        detail = {"gates": ", ".join(gates), "replaces": ", ".join(replaces)}
        await audit(connection, actor, "device.invited", f"device:{device}", detail, school_id=school_id, at=now)
        await notify(connection, CHANNEL, f"{school_id}:{NOBODY}")
    return Invited(code, now + LASTS, replaces)


async def cancel_invitation(services: Services, actor: Actor, school_id: int, invitation: str) -> None:
    """Let a code be worth nothing from now on. Raises NotAllowed, or InvitationOver when it is that already."""
    actor.require(Right.DEVICES_KEEP, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        device = await raw(connection).fetchval(_CANCEL, invitation, school_id, now)
        if device is None:
            raise InvitationOver
        await audit(connection, actor, "device.uninvited", f"device:{device}", school_id=school_id, at=now)
        await notify(connection, CHANNEL, f"{school_id}:{NOBODY}")


async def invitations_of(services: Services, actor: Actor, school_id: int) -> list[Invitation]:
    """Return the newest invitation of each door of a school. Raises NotAllowed."""
    actor.require(Right.DEVICES_KEEP, school_id)
    now = services.clock.now()
    return [_seen(row, now) for row in await services.database.pool.fetch(_SEEN, school_id, SEEN_MAX)]


async def forget_invitations(services: Services) -> None:
    """Forget invitations that have long been over."""
    await services.database.pool.execute(_FORGET, services.clock.now() - KEPT)


def _address(settings: Settings) -> str:
    """Return where devices enrol. Raises CodesUnsafe."""
    parts = urlsplit(settings.public_url)
    url = f"{parts.scheme}://{parts.netloc}"
    if not is_safe(url):
        raise CodesUnsafe(url)
    return url


async def _served_by(connection: asyncpg.Connection, school_id: int, gates: Sequence[str]) -> list[str]:
    """Return the devices that serve gates now. Raises GateUnknown."""
    known = {row["key"]: row["device"] for row in await connection.fetch(_GATES, school_id, list(gates))}
    missing = [gate for gate in gates if gate not in known]
    if missing or not 0 < len(gates) <= GATES_MAX:
        raise GateUnknown(missing[0] if missing else "")
    return sorted({device for device in known.values() if device})


async def _free_name(connection: asyncpg.Connection, wish: str, now: datetime) -> str:
    """Return a name on the wire that no device has, or is promised: the wish, or with a number behind it.

    A new device gets a new name: its predecessor may still speak, and must not be taken for it.
    """
    base = re.sub(r"[^a-z0-9]+", "-", wish.lower()).strip("-")[: NAME_MAX - 4].strip("-")
    taken = {row["name"] for row in await connection.fetch(_TAKEN, base, now)}
    names = (base if number == 1 else f"{base}-{number}" for number in range(1, NUMBERS_MAX))
    return next(name for name in names if name not in taken)


def _seen(row: asyncpg.Record, now: datetime) -> Invitation:
    return Invitation(
        row["id"], row["device"], row["gates"], state_of(row, now), row["hub_host"], row["created_at"],
        row["created_by"], row["expires_at"], row["used_at"],
    )  # fmt: skip


def state_of(row: asyncpg.Record, now: datetime) -> InvitationState:
    """Return how an invitation stands at an instant."""
    if row["used_at"] is not None:
        return InvitationState.USED
    if row["cancelled_at"] is not None:
        return InvitationState.CANCELLED
    return InvitationState.OPEN if row["expires_at"] > now else InvitationState.EXPIRED
