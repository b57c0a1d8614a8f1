"""What is done with the catalogue: resources are added, changed, published, given a cover, and taken from the shelf."""

from typing import cast

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.pictures import Frame, made_small
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.resources.addresses import checked_address
from cloud.resources.errors import ResourceRefused
from cloud.resources.kinds import Way
from cloud.resources.rules import ResourceGiven, checked_resource
from cloud.resources.verifying import unverify_moved

RESOURCES_MAX = 1_000  # of one school
COVER = Frame(300, 400)
_ADD = """
INSERT INTO resource (school_id, kind, title, subject, language, way, address, party_id, tool_id, for_teachers, is_free,
  made_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
WHERE (SELECT count(*) FROM resource WHERE school_id = $1) < $13
RETURNING id
"""
_CHANGE = """
UPDATE resource SET kind = $3, title = $4, subject = $5, language = $6, way = $7, address = $8, party_id = $9,
  tool_id = $10, for_teachers = $11, is_free = $12 WHERE id = $1 AND school_id = $2 AND retired_at IS NULL RETURNING id
"""
_AUDIENCE = """
INSERT INTO resource_audience (resource_id, grade) SELECT $1, unnest($2::smallint[])
"""
_CLASSES = """
INSERT INTO resource_audience (resource_id, school_class_id)
SELECT $1, id FROM school_class WHERE id = ANY($2::bigint[]) AND school_id = $3 RETURNING 1
"""
_OPENERS = {
    Way.OIDC: "SELECT true FROM relying_party WHERE id = $1 AND school_id = $2 AND ended_at IS NULL",
    Way.LTI: "SELECT true FROM lti_tool WHERE id = $1 AND school_id = $2 AND ended_at IS NULL",
}
_HERE = "WHERE id = $1 AND school_id = $2 AND retired_at IS NULL"
_THERE = f"SELECT true FROM resource {_HERE}"  # noqa: S608 (texts of ours, as below)
_COVER = f"UPDATE resource SET cover = $3, cover_digest = $4 {_HERE} RETURNING id"  # noqa: S608
_TURNS = {
    "resource.published": f"UPDATE resource SET published_at = $3 {_HERE} AND published_at IS NULL RETURNING id",  # noqa: S608
    "resource.unpublished": f"UPDATE resource SET published_at = nullif($3::timestamptz, $3) {_HERE} RETURNING id",  # noqa: S608
    "resource.retired": f"UPDATE resource SET retired_at = $3 {_HERE} RETURNING id",  # noqa: S608
}


async def add_resource(services: Services, actor: Actor, school_id: int, given: ResourceGiven) -> int:
    """Add a resource, which nobody sees before it is published, and return its id. Raises ResourceRefused."""
    actor.require(Right.RESOURCES_KEEP, school_id)
    checked, now = _checked(services, given), services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        await _check_opener(at, school_id, checked)
        key = await at.fetchval(_ADD, school_id, *_columns(checked), now, RESOURCES_MAX)
        if key is None:
            raise ResourceRefused(
                message("The school has {count} resources already: end those that nobody needs.", count=RESOURCES_MAX)
            )
        await _put_audience(at, school_id, key, checked)
        await audit(connection, actor, "resource.added", f"resource:{key}", school_id=school_id, at=now)
    return cast(int, key)


async def change_resource(
    services: Services, actor: Actor, school_id: int, resource_id: int, given: ResourceGiven
) -> None:
    """Change a resource; who sees it, sees it changed at once. What was verified of another address is so no more.

    Raises NotFound or ResourceRefused.
    """
    actor.require(Right.RESOURCES_KEEP, school_id)
    checked = _checked(services, given)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await _check_opener(at, school_id, checked)
        await unverify_moved(services, connection, actor, school_id, resource_id, checked)
        if await at.fetchval(_CHANGE, resource_id, school_id, *_columns(checked)) is None:
            raise NotFound
        await at.execute("DELETE FROM resource_audience WHERE resource_id = $1", resource_id)
        await _put_audience(at, school_id, resource_id, checked)
        await audit(
            connection, actor, "resource.changed", f"resource:{resource_id}", school_id=school_id,
            at=services.clock.now(),
        )  # fmt: skip


async def publish(services: Services, actor: Actor, school_id: int, resource_id: int) -> None:
    """Let those see a resource for whom it is meant. Raises NotFound."""
    await _turn(services, actor, school_id, resource_id, "resource.published")


async def take_back(services: Services, actor: Actor, school_id: int, resource_id: int) -> None:
    """Let nobody see a resource for now; who is in it comes in no more. Raises NotFound."""
    await _turn(services, actor, school_id, resource_id, "resource.unpublished")


async def retire(services: Services, actor: Actor, school_id: int, resource_id: int) -> None:
    """Take a resource from the catalogue for good; results that came back from it stay. Raises NotFound."""
    await _turn(services, actor, school_id, resource_id, "resource.retired")


async def put_cover(services: Services, actor: Actor, school_id: int, resource_id: int, upload: bytes) -> None:
    """Keep a cover in place of the one before. Raises NotFound or PhotoRefused."""
    actor.require(Right.RESOURCES_KEEP, school_id)
    small = await made_small(upload, COVER)
    async with services.database.transaction() as connection:
        found = await raw(connection).fetchval(_COVER, resource_id, school_id, small.webp, small.digest)
        if found is None:
            raise NotFound
        await audit(
            connection, actor, "resource.changed", f"resource:{resource_id}", {"what": "cover"}, school_id=school_id,
            at=services.clock.now(),
        )  # fmt: skip


def _checked(services: Services, given: ResourceGiven) -> ResourceGiven:
    checked = checked_resource(given)
    checked_address(services, checked.address)
    return checked


def _columns(given: ResourceGiven) -> tuple[object, ...]:
    return (
        given.kind, given.title, given.subject, given.language, given.way, given.address,
        given.key if given.way == Way.OIDC else None, given.key if given.way == Way.LTI else None, given.for_teachers,
        given.is_free,
    )  # fmt: skip


async def _check_opener(at: asyncpg.Connection, school_id: int, given: ResourceGiven) -> None:
    if given.way == Way.LINK:
        return
    if not await at.fetchval(_OPENERS[Way(given.way)], given.key, school_id):
        raise ResourceRefused(
            message("Choose by which client or tool it is opened; IT sets them up under “Single sign-on”.")
        )


async def _put_audience(at: asyncpg.Connection, school_id: int, resource_id: int, given: ResourceGiven) -> None:
    await at.execute(_AUDIENCE, resource_id, list(given.grades))
    placed = await at.fetch(_CLASSES, resource_id, list(given.classes), school_id)
    if len(placed) != len(given.classes):
        raise ResourceRefused(message("Choose grades and classes of the lists."))


async def _turn(services: Services, actor: Actor, school_id: int, resource_id: int, verb: str) -> None:
    actor.require(Right.RESOURCES_KEEP, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        if await at.fetchval(_THERE, resource_id, school_id) is None:
            raise NotFound
        if await at.fetchval(_TURNS[verb], resource_id, school_id, now) is None:
            return  # it was so before
        await audit(connection, actor, verb, f"resource:{resource_id}", school_id=school_id, at=now)
