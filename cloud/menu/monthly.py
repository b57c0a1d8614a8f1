"""What a month's report asks of the menu: names of meals and dishes as they were sold, and rights by day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import asyncpg

from cloud.menu.rules import Names

_MEALS = "SELECT key, name_kk, name_ru, name_en FROM meal WHERE school_id = $1"
_DISHES = """
SELECT key, v.version, name_kk, name_ru, name_en FROM dish JOIN dish_version v ON v.dish_id = dish.id
WHERE school_id = $1 AND key = ANY($2)
"""
# What was approved on a day or before, and ended on it or later: on its last day it held until it was ended.
_RIGHTS = """
SELECT ref, e.kind, meal, greatest(first_on, (e.approved_at AT TIME ZONE zone)::date,
    (x.approved_at AT TIME ZONE zone)::date) AS from_on,
  least(last_on, (e.ended_at AT TIME ZONE zone)::date, (x.ended_at AT TIME ZONE zone)::date) AS until_on
FROM entitlement e JOIN school ON school.id = e.school_id CROSS JOIN unnest(e.meals) AS meal
JOIN person ON person.school_id = e.school_id AND person.role = 'student'
LEFT JOIN school_class ON school_class.id = person.school_class_id
LEFT JOIN entitled x ON x.entitlement_id = e.id AND x.person_id = person.id AND x.approved_at IS NOT NULL
WHERE e.school_id = $1 AND e.approved_at IS NOT NULL AND first_on <= $3 AND last_on >= $2 AND ref = ANY($4)
  AND (grade = any(e.grades) OR x.id IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class Entitled:
    """Days on which somebody had a right to a meal, free or for less."""

    kind: str
    from_on: date
    until_on: date


async def meal_names(connection: asyncpg.Connection, school_id: int) -> Mapping[str, Names]:
    """Return the names of a school's meals by key."""
    rows = await connection.fetch(_MEALS, school_id)
    return {key: Names(*names) for key, *names in rows}


async def dish_names(
    connection: asyncpg.Connection, school_id: int, keys: Collection[str]
) -> Mapping[tuple[str, int], Names]:
    """Return the names of every version of these dishes, by key and version."""
    rows = await connection.fetch(_DISHES, school_id, list(keys))
    return {(key, version): Names(*names) for key, version, *names in rows}


async def rights_between(
    connection: asyncpg.Connection, school_id: int, first_on: date, last_on: date, refs: Collection[str]
) -> Mapping[tuple[str, str], list[Entitled]]:
    """Return the rights of these persons by reference and meal. For slices above, after their own check."""
    rights: dict[tuple[str, str], list[Entitled]] = {}
    for row in await connection.fetch(_RIGHTS, school_id, first_on, last_on, list(refs)):
        held = Entitled(row["kind"], row["from_on"], row["until_on"])
        rights.setdefault((row["ref"], row["meal"]), []).append(held)
    return rights
