"""How many are at school and how many ate today, school by school: numbers without names, for authorities."""

from dataclasses import dataclass

from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed
from cloud.core.rights import Right
from cloud.core.services import Services

PAGE_SIZE = 100
_COUNTS = """
SELECT s.code, s.name_kk, s.name_ru, s.name_en, coalesce(n.code, '') AS node,
  (SELECT count(*) FROM person WHERE school_id = s.id AND is_active AND role = 'student') AS students,
  came.came, came.late, ate.ate, ate.free
FROM school AS s LEFT JOIN org_node AS n ON n.id = s.node_id
CROSS JOIN LATERAL (SELECT ($2::timestamptz AT TIME ZONE s.zone)::date AS day) AS t
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE first_in_at IS NOT NULL) AS came, count(*) FILTER (WHERE late_min > 0) AS late
  FROM presence JOIN person ON person.id = presence.person_id AND person.role = 'student'
  WHERE presence.school_id = s.id AND "on" = t.day
) AS came
CROSS JOIN LATERAL (
  SELECT count(*) AS ate, count(*) FILTER (WHERE payment IN ('free', 'subsidised')) AS free
  FROM meal_sale WHERE meal_sale.school_id = s.id AND meal_sale."on" = t.day AND NOT is_void
) AS ate
WHERE ($1::bigint[] IS NULL OR s.id = ANY($1)) AND s.code > $3
ORDER BY s.code LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class SchoolCounts:
    """A school's day in numbers."""

    code: str
    name_kk: str
    name_ru: str
    name_en: str
    node: str
    students: int
    came: int
    late: int
    ate: int
    free: int

    def name(self, language: str) -> str:
        """Return the school's name in a language."""
        return {"ru": self.name_ru, "en": self.name_en}.get(language, self.name_kk)


async def counts_today(services: Services, actor: Actor, after: str = "") -> list[SchoolCounts]:
    """Return the day of the schools that the actor may count, by code, a page of them. Raises NotAllowed."""
    reached = actor.schools_with(Right.STATISTICS_READ)
    if reached is not None and not reached:
        raise NotAllowed
    schools = None if reached is None else sorted(reached)
    rows = await services.database.pool.fetch(_COUNTS, schools, services.clock.now(), after, PAGE_SIZE)
    return [SchoolCounts(**row) for row in rows]
