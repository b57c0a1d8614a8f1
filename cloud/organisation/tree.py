"""The tree of authorities: national, regional, municipal, and the schools below; roles at its nodes.

Rule: a grant at a node reaches every school below it, today's and those that come (order 456, 5.8).
"""

import re
from dataclasses import dataclass
from enum import Enum

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError

from cloud.accounts.actions import LOCKED, audit
from cloud.accounts.beginnings import outgrowing
from cloud.accounts.granting import check_not_own, may_give
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.roles import OF_NODES, Role
from cloud.core.services import Services

CODE = re.compile(r"[a-z0-9-]{2,24}")
NODES_MAX = 1_000
_ADD = """
INSERT INTO org_node (parent_id, level, code, name_kk, name_ru, name_en, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
"""
_LIST = """
SELECT node.id, node.code, level, name_kk, name_ru, name_en,
  (SELECT above.code FROM org_node AS above WHERE above.id = node.parent_id) AS parent,
  (SELECT count(*) FROM school WHERE school.node_id = node.id) AS schools
FROM org_node AS node ORDER BY CASE level WHEN 'national' THEN 0 WHEN 'regional' THEN 1 ELSE 2 END, code LIMIT $1
"""
# The nodes above a school at which somebody may look: an account with the role of an authority.
_AUTHORITIES = """
WITH RECURSIVE above AS (
  SELECT node.* FROM org_node AS node JOIN school ON school.node_id = node.id WHERE school.id = $1
  UNION SELECT node.* FROM org_node AS node JOIN above ON node.id = above.parent_id
)
SELECT name_kk, name_ru, name_en FROM above
WHERE EXISTS (SELECT FROM grant_of_role WHERE node_id = above.id AND role = 'authority')
ORDER BY CASE level WHEN 'municipal' THEN 0 WHEN 'regional' THEN 1 ELSE 2 END
"""
_HELD = "SELECT id FROM grant_of_role WHERE account_id = $1 AND node_id = $2 AND role = $3"
_GIVE = "INSERT INTO grant_of_role (account_id, node_id, role) VALUES ($1, $2, $3)"
_TAKE = "DELETE FROM grant_of_role WHERE account_id = $1 AND node_id = $2 AND role = $3 RETURNING id"


class Level(Enum):
    """How high a node stands; each stands below one of the level before."""

    NATIONAL = "national"
    REGIONAL = "regional"
    MUNICIPAL = "municipal"


ABOVE = {Level.REGIONAL: Level.NATIONAL, Level.MUNICIPAL: Level.REGIONAL}


class NodeRefused(Refused):
    """A node cannot stand there."""

    code = "node_refused"


@dataclass(frozen=True, slots=True)
class NewNode:
    """An authority: its code, its names, and the code of the one above; none for the national one."""

    code: str
    level: Level
    name_kk: str
    name_ru: str
    name_en: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node of the tree."""

    id: int
    code: str
    level: Level
    name_kk: str
    name_ru: str
    name_en: str
    parent: str | None
    schools: int  # directly below

    def name(self, language: str) -> str:
        """Return its name in a language."""
        return {"ru": self.name_ru, "en": self.name_en}.get(language, self.name_kk)


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority above a school, of which somebody has an account."""

    name_kk: str
    name_ru: str
    name_en: str

    def name(self, language: str) -> str:
        """Return its name in a language."""
        return {"ru": self.name_ru, "en": self.name_en}.get(language, self.name_kk)


async def add_node(services: Services, actor: Actor, new: NewNode) -> int:
    """Add an authority below another. Raises NotAllowed, NodeRefused or NotFound."""
    actor.require_everywhere(Right.SCHOOLS_ADD)
    if not CODE.fullmatch(new.code):
        raise NodeRefused(message("A code has 2 to 24 small Latin letters, digits and hyphens."))
    above = await _above(services, new)
    now = services.clock.now()
    try:
        async with services.database.transaction() as connection:
            values = [above, new.level.value, new.code, new.name_kk, new.name_ru, new.name_en, now]
            (row,) = await connection.execute_query_dict(_ADD, values)
            await audit(connection, actor, "node.added", f"node:{row['id']}", {"code": new.code}, at=now)
    except IntegrityError:
        raise NodeRefused(message("There is one with this code, or a national one, already.")) from None
    return int(row["id"])


async def place_school(services: Services, actor: Actor, school_id: int, code: str) -> None:
    """Place a school below a node, and nowhere else from now on. Raises NotAllowed or NotFound."""
    actor.require_everywhere(Right.SCHOOLS_ADD)
    node = await node_of(services, code)
    async with services.database.transaction() as connection:
        await connection.execute_query("UPDATE school SET node_id = $2 WHERE id = $1", [school_id, node.id])
        await audit(
            connection, actor, "school.placed", f"school:{school_id}", {"node": code},
            school_id=school_id, at=services.clock.now(),
        )  # fmt: skip


async def nodes(services: Services) -> list[NodeRow]:
    """Return the tree, the highest first; it is public."""
    rows = await services.database.pool.fetch(_LIST, NODES_MAX)
    return [NodeRow(**{**row, "level": Level(row["level"])}) for row in rows]


async def authorities_of(services: Services, school_id: int) -> list[Authority]:
    """Return the authorities above a school that have an account, the nearest first; their names are public."""
    rows = await services.database.pool.fetch(_AUTHORITIES, school_id)
    return [Authority(**row) for row in rows]


async def node_of(services: Services, code: str) -> NodeRow:
    """Return the node of a code. Raises NotFound."""
    for node in await nodes(services):
        if node.code == code:
            return node
    raise NotFound


async def give_role_at_node(services: Services, actor: Actor, account_id: int, role: Role, code: str) -> None:
    """Give a role that reaches every school below a node; sessions of before end where they are too weak for it.

    Raises NotAllowed or NotFound.
    """
    node = await _changeable(services, actor, account_id, role, code)
    async with services.database.transaction() as connection:
        if not await connection.execute_query_dict(LOCKED, [account_id]):
            raise NotFound
        if await connection.execute_query_dict(_HELD, [account_id, node.id, role.value]):
            return
        async with outgrowing(services, connection, account_id):
            await connection.execute_query(_GIVE, [account_id, node.id, role.value])
        await _tell(services, connection, actor, "account.role_given", account_id, role, code)


async def take_role_at_node(services: Services, actor: Actor, account_id: int, role: Role, code: str) -> None:
    """Take it back. Raises NotAllowed or NotFound."""
    node = await _changeable(services, actor, account_id, role, code)
    async with services.database.transaction() as connection:
        if await connection.execute_query_dict(_TAKE, [account_id, node.id, role.value]):
            await _tell(services, connection, actor, "account.role_taken", account_id, role, code)


async def _changeable(services: Services, actor: Actor, account_id: int, role: Role, code: str) -> NodeRow:
    """Return the node of a role that an actor may give and take there. Raises NotAllowed or NotFound."""
    if role not in OF_NODES or not may_give(actor, role, None):
        raise NotAllowed
    check_not_own(actor, account_id)
    return await node_of(services, code)


async def _tell(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, verb: str, account_id: int, role: Role, code: str
) -> None:
    detail = {"role": role.value, "node": code}
    await audit(connection, actor, verb, f"account:{account_id}", detail, at=services.clock.now())


async def _above(services: Services, new: NewNode) -> int | None:
    if new.level is Level.NATIONAL:
        return None
    parent = await node_of(services, new.parent or "")
    if parent.level is not ABOVE[new.level]:
        raise NodeRefused(message("A municipal authority stands below a regional one, a regional below the national."))
    return parent.id
