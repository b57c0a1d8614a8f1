"""What a school sees of its anchors: files to download, where they are sent, and whether the last check was clean."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound, Refused
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.texts import is_email
from cloud.integrity.anchor import EMAIL

SHOWN = 60
_ANCHORS = "SELECT number, at, file_name, sent_at FROM anchor WHERE chain = $1 ORDER BY number DESC LIMIT $2"
_FILE = "SELECT file_name, file FROM anchor WHERE chain = $1 AND number = $2"
_ADDRESS = "SELECT email_encrypted FROM anchor_address WHERE school_id = $1"
_SET = """
INSERT INTO anchor_address (school_id, email_encrypted, since) VALUES ($1, $2, $3)
ON CONFLICT (school_id) DO UPDATE SET email_encrypted = excluded.email_encrypted
"""
_CHECKED = "SELECT at, wrong FROM integrity_check ORDER BY at DESC LIMIT 1"


class AddressRefused(Refused):
    """This is no address that anchors can be sent to."""

    code = "address_refused"


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """An anchor of a school; `sent_at` is None while it was not sent."""

    number: int
    at: datetime
    file_name: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Anchored:
    """The anchors of a school, newest first, where they are sent, and when everything was checked last."""

    anchors: Sequence[AnchorRow]
    email: str
    checked_at: datetime | None
    is_clean: bool


async def anchored_of(services: Services, actor: Actor, school_id: int) -> Anchored:
    """Return what a school sees of its anchors. Raises NotAllowed."""
    actor.require(Right.AUDIT_READ, school_id)
    pool = services.database.pool
    rows = await pool.fetch(_ANCHORS, school_id, SHOWN)
    sealed, checked = await pool.fetchval(_ADDRESS, school_id), await pool.fetchrow(_CHECKED)
    return Anchored(
        [AnchorRow(**row) for row in rows], services.vault.decrypt(sealed, EMAIL) if sealed else "",
        checked["at"] if checked else None, checked is not None and checked["wrong"] == 0,
    )  # fmt: skip


async def anchor_file(services: Services, actor: Actor, school_id: int, number: int) -> tuple[str, bytes]:
    """Return an anchor as a file with its name, and note who took it. Raises NotAllowed or NotFound."""
    actor.require(Right.AUDIT_READ, school_id)
    row = await services.database.pool.fetchrow(_FILE, school_id, number)
    if row is None:
        raise NotFound
    async with services.database.transaction() as connection:
        await audit(
            connection, actor, "anchor.read", f"anchor:{number}", school_id=school_id, at=services.clock.now()
        )  # fmt: skip
    return row["file_name"], bytes(row["file"])


async def set_address(services: Services, actor: Actor, school_id: int, typed: str) -> None:
    """Say where a school's anchors are sent from now on; nowhere, if empty. Raises NotAllowed or AddressRefused."""
    actor.require(Right.SCHOOL_EXPORT, school_id)
    email, now = typed.strip().lower(), services.clock.now()
    if email and not is_email(email):
        raise AddressRefused(message("This is no e-mail address. Write it as name@example.kz, or leave it empty."))
    async with services.database.transaction() as connection:
        if email:
            await raw(connection).execute(_SET, school_id, services.vault.encrypt(email, EMAIL, str(school_id)), now)
        else:
            await raw(connection).execute("DELETE FROM anchor_address WHERE school_id = $1", school_id)
        told = {"sent": "yes" if email else "no"}
        await audit(connection, actor, "anchor.address_set", f"school:{school_id}", told, school_id=school_id, at=now)
