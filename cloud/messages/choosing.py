"""For whom a writer may write: the classes, and the children of the own ones."""

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.messages.writing import classes_of_writer

CLASSES_MAX, CHILDREN_MAX = 300, 200
_CLASSES = """
SELECT id, grade || letter AS name, grade FROM school_class
WHERE school_id = $1 AND is_active AND ($2::bigint[] IS NULL OR id = ANY($2)) ORDER BY grade, letter LIMIT $3
"""
_CHILDREN = """
SELECT ref, concat_ws(' ', surname, given_name) AS name, coalesce(grade || letter, '') AS class_name
FROM person LEFT JOIN school_class ON school_class.id = school_class_id
WHERE person.school_id = $1 AND person.is_active AND role = 'student'
  AND (school_class_id = ANY($2::bigint[]) OR ($2 IS NULL AND ref = $3)) ORDER BY grade, letter, sort_key LIMIT $4
"""


async def classes_for(services: Services, actor: Actor, school_id: int) -> list[tuple[int, str, int]]:
    """Return id, name and grade of the classes that the actor may write to. Raises NotAllowed."""
    own = classes_of_writer(actor, school_id)
    rows = await services.database.pool.fetch(
        _CLASSES, school_id, None if own is None else sorted(own), CLASSES_MAX
    )  # fmt: skip
    return [(row["id"], row["name"], row["grade"]) for row in rows]


async def children_for(services: Services, actor: Actor, school_id: int, named: str) -> list[tuple[str, str, str]]:
    """Return reference, name and class of the children of the own classes; who writes to all gets the one named."""
    own = classes_of_writer(actor, school_id)
    rows = await services.database.pool.fetch(
        _CHILDREN, school_id, None if own is None else sorted(own), named, CHILDREN_MAX
    )  # fmt: skip
    return [(row["ref"], row["name"], row["class_name"]) for row in rows]
