"""How far an account's roles reach beyond its schools: classes named for it, and schools below nodes of the tree."""

from collections.abc import Iterable

from cloud.core.actor import Reach
from cloud.core.roles import Role
from cloud.core.services import Services

BELOW = """
WITH RECURSIVE below AS (
    SELECT role, level, node.id FROM grant_of_role JOIN org_node AS node ON node.id = node_id WHERE account_id = $1
    UNION
    SELECT role, below.level, node.id FROM below JOIN org_node AS node ON parent_id = below.id
    WHERE below.level <> 'national'
)
SELECT role, NULL::bigint AS school_id FROM below WHERE level = 'national'
UNION SELECT role, school.id FROM below JOIN school ON node_id = below.id WHERE level <> 'national'
"""


async def reaches_at_nodes(services: Services, account_id: int) -> frozenset[Reach]:
    """Return the schools below the nodes that an account has a role at; below the root, every school at once."""
    rows = await services.database.pool.fetch(BELOW, account_id)
    return frozenset(Reach(Role(row["role"]), row["school_id"]) for row in rows)


def reaches_of_classes(classes: Iterable[str], held: frozenset[Reach]) -> frozenset[Reach]:
    """Return the classes, written `role:school:class`, of the roles that are held still."""
    parts = (each.split(":") for each in classes)
    reaches = (Reach(Role(role), int(school), int(class_id)) for role, school, class_id in parts)
    return frozenset(reach for reach in reaches if Reach(reach.role, reach.school_id) in held)
