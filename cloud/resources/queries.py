"""What is asked of the catalogue: a school's whole list, one resource, and what stands on somebody's shelf."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.resources.kinds import Ground, ResourceKind, Way
from cloud.resources.members import Member, MemberRole
from cloud.resources.verifying import Verified

LIST_MAX = 1_000
_COLUMNS = """
SELECT resource.id, resource.school_id, kind, title, subject, language, way, address, party_id, tool_id, for_teachers,
    is_free, verified_at, verified_by, ground, paper, coalesce(cover_digest, '') AS cover, published_at,
    coalesce(relying_party.name, lti_tool.name, '') AS opener,
    ARRAY(SELECT grade FROM resource_audience WHERE resource_id = resource.id AND grade IS NOT NULL ORDER BY 1)
        AS grades,
    ARRAY(SELECT school_class_id FROM resource_audience WHERE resource_id = resource.id
        AND school_class_id IS NOT NULL ORDER BY 1) AS classes
FROM resource LEFT JOIN relying_party ON relying_party.id = party_id LEFT JOIN lti_tool ON lti_tool.id = tool_id
"""
_OF_SCHOOL = (
    f"{_COLUMNS} WHERE resource.school_id = $1 AND retired_at IS NULL ORDER BY lower(title), resource.id LIMIT $2"
)
_ONE = f"{_COLUMNS} WHERE resource.id = $1 AND retired_at IS NULL"
# What somebody sees: $1 school, $2 whether a teacher, $3 the student's grade, $4 the student's class.
_SEEN = """
resource.school_id = $1 AND published_at IS NOT NULL AND retired_at IS NULL
AND relying_party.ended_at IS NULL AND lti_tool.ended_at IS NULL
AND CASE WHEN $2 THEN for_teachers ELSE EXISTS (
    SELECT FROM resource_audience a WHERE a.resource_id = resource.id AND (a.grade = $3 OR a.school_class_id = $4)) END
"""
_SHELF = f"{_COLUMNS} WHERE {_SEEN} ORDER BY kind DESC, lower(title), resource.id LIMIT $5"
_SEEN_ONE = f"{_COLUMNS} WHERE {_SEEN} AND resource.id = $5"
_SEEN_BY_PARTY = f"{_COLUMNS} WHERE {_SEEN} AND party_id = $5 LIMIT 1"
_CLASSES = """
SELECT DISTINCT school_class.id, school_class.grade, letter FROM school_class JOIN resource_audience a
ON a.school_class_id = school_class.id OR a.grade = school_class.grade
WHERE a.resource_id = $1 AND school_class.school_id = $2 AND is_active ORDER BY school_class.grade, letter LIMIT 200
"""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource or a textbook of a school's catalogue."""

    id: int
    school_id: int
    kind: ResourceKind
    title: str
    subject: str
    language: str
    way: Way
    address: str
    party_id: int | None
    tool_id: int | None
    for_teachers: bool
    is_free: bool  # of charge, for whom it is meant
    verified: Verified | None
    cover: str  # the digest of its cover; empty without one
    published_at: datetime | None
    opener: str  # the name of the client or tool that opens it
    grades: tuple[int, ...]
    classes: tuple[int, ...]  # ids

    @property
    def is_verified(self) -> bool:
        return self.verified is not None


async def resources_of(services: Services, actor: Actor, school_id: int) -> list[Resource]:
    """Return a school's catalogue by title, LIST_MAX at most. Raises NotAllowed."""
    actor.require(Right.RESOURCES_KEEP, school_id)
    return [_resource(row) for row in await services.database.pool.fetch(_OF_SCHOOL, school_id, LIST_MAX)]


async def resource_of(services: Services, actor: Actor, school_id: int, resource_id: int) -> Resource:
    """Return a resource to whom may change it. Raises NotAllowed or NotFound."""
    actor.require(Right.RESOURCES_KEEP, school_id)
    row = await services.database.pool.fetchrow(_ONE, resource_id)
    if row is None or row["school_id"] != school_id:
        raise NotFound
    return _resource(row)


async def shelf_of(services: Services, member: Member) -> list[Resource]:
    """Return what is published for a student or a teacher, textbooks first."""
    return [_resource(row) for row in await services.database.pool.fetch(_SHELF, *_seen_by(member), LIST_MAX)]


async def on_shelf(services: Services, member: Member, resource_id: int) -> Resource:
    """Return a resource that stands on somebody's shelf. Raises NotFound."""
    row = await services.database.pool.fetchrow(_SEEN_ONE, *_seen_by(member), resource_id)
    if row is None:
        raise NotFound
    return _resource(row)


async def may_open_party(services: Services, member: Member, party_id: int) -> bool:
    """Tell whether anything on somebody's shelf is opened by a client."""
    return await services.database.pool.fetchrow(_SEEN_BY_PARTY, *_seen_by(member), party_id) is not None


async def cover_of(services: Services, school_id: int, digest: str) -> bytes:
    """Return a cover as WebP; whoever knows its digest has seen it. Raises NotFound."""
    cover: bytes | None = await services.database.pool.fetchval(
        "SELECT cover FROM resource WHERE school_id = $1 AND cover_digest = $2 LIMIT 1", school_id, digest
    )
    if cover is None:
        raise NotFound
    return cover


async def classes_for(services: Services, resource: Resource) -> list[tuple[int, str]]:
    """Return the classes that a resource is meant for, id and name."""
    rows = await services.database.pool.fetch(_CLASSES, resource.id, resource.school_id)
    return [(row["id"], f"{row['grade']}{row['letter']}") for row in rows]


def _seen_by(member: Member) -> tuple[object, ...]:
    return member.school_id, member.role is MemberRole.TEACHER, member.grade, member.class_id


def _resource(row: asyncpg.Record) -> Resource:
    given = {**row, "grades": tuple(row["grades"]), "classes": tuple(row["classes"])}
    at, by, ground, paper = (given.pop(name) for name in ("verified_at", "verified_by", "ground", "paper"))
    verified = None if at is None else Verified(at, by, Ground(ground), paper)
    return Resource(**{**given, "kind": ResourceKind(row["kind"]), "way": Way(row["way"]), "verified": verified})
