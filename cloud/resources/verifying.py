"""Verified content: who says so, when, and on what ground; said by a methodologist or a deputy, and taken back.

Rule: what is verified is what one finds at an address. Another address, or another way to it, is verified no more.
"""

from dataclasses import dataclass
from datetime import datetime

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.texts import one_line
from cloud.resources.errors import ResourceRefused
from cloud.resources.kinds import Ground, Way
from cloud.resources.rules import ResourceGiven

PAPER_MAX = 200
_VERIFY = """
UPDATE resource SET verified_at = $3, verified_by = $4, ground = $5, paper = $6
WHERE id = $1 AND school_id = $2 AND retired_at IS NULL RETURNING id
"""
_TAKEN = "verified_at = NULL, verified_by = '', ground = '', paper = ''"
_UNVERIFY = f"""
UPDATE resource SET {_TAKEN}
WHERE id = $1 AND school_id = $2 AND retired_at IS NULL AND verified_at IS NOT NULL RETURNING id
"""  # noqa: S608 (texts of ours, as below)
_UNVERIFY_MOVED = f"""
UPDATE resource SET {_TAKEN} WHERE id = $1 AND school_id = $2 AND retired_at IS NULL AND verified_at IS NOT NULL
  AND (way::text, address, party_id, tool_id) IS DISTINCT FROM ($3::text, $4::text, $5::bigint, $6::bigint) RETURNING id
"""  # noqa: S608
_THERE = "SELECT verified_at FROM resource WHERE id = $1 AND school_id = $2 AND retired_at IS NULL"


@dataclass(frozen=True, slots=True)
class Verified:
    """That the content of a resource is verified."""

    at: datetime
    by: str
    ground: Ground
    paper: str  # which list, or which conclusion


async def verify(
    services: Services, actor: Actor, school_id: int, resource_id: int, ground: str, paper: str
) -> None:  # fmt: skip
    """Note that a resource was verified; what was noted before is replaced.

    Raises NotAllowed, NotFound or ResourceRefused.
    """
    actor.require(Right.RESOURCES_VERIFY, school_id)
    named, now = one_line(paper), services.clock.now()
    if ground not in set(Ground):
        raise ResourceRefused(message("Choose on what ground it is verified."))
    if not 3 <= len(named) <= PAPER_MAX:
        raise ResourceRefused(
            message("Name the list or the conclusion, in 3 to {count} characters.", count=PAPER_MAX)
        )  # fmt: skip
    async with services.database.transaction() as connection:
        found = await raw(connection).fetchval(_VERIFY, resource_id, school_id, now, actor.name, ground, named)
        if found is None:
            raise NotFound
        await audit(
            connection, actor, "resource.verified", f"resource:{resource_id}", {"ground": ground, "paper": named},
            school_id=school_id, at=now,
        )  # fmt: skip


async def unverify(services: Services, actor: Actor, school_id: int, resource_id: int) -> None:
    """Take the mark back; of what was not verified nothing changes. Raises NotAllowed or NotFound."""
    actor.require(Right.RESOURCES_VERIFY, school_id)
    async with services.database.transaction() as connection:
        at = raw(connection)
        if await at.fetchrow(_THERE, resource_id, school_id) is None:
            raise NotFound
        if await at.fetchval(_UNVERIFY, resource_id, school_id) is not None:
            await _note(services, connection, actor, school_id, resource_id, "by hand")


async def unverify_moved(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, resource_id: int,
    given: ResourceGiven,
) -> None:  # fmt: skip
    """Take the mark from a resource that is about to lead elsewhere, within the caller's transaction."""
    leads = (
        given.way, given.address, given.key if given.way == Way.OIDC else None,
        given.key if given.way == Way.LTI else None,
    )  # fmt: skip
    if await raw(connection).fetchval(_UNVERIFY_MOVED, resource_id, school_id, *leads) is not None:
        await _note(services, connection, actor, school_id, resource_id, "it leads elsewhere")


async def _note(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, resource_id: int, why: str
) -> None:
    await audit(
        connection, actor, "resource.unverified", f"resource:{resource_id}", {"why": why}, school_id=school_id,
        at=services.clock.now(),
    )  # fmt: skip
