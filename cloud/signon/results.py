"""What tools sent back about students: to the student, and to who may see results of a class."""

from dataclasses import dataclass
from datetime import datetime

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.resources.members import Member

LIST_MAX = 2_000
_GIVEN = "given IS NOT NULL AND marking = 'FullyGraded'"
_OWN = f"""
SELECT l.resource_id, l.label, s.given, coalesce(s.score_max, l.score_max) AS score_max, s.told_at
FROM lti_score s JOIN lti_line l ON l.id = line_id WHERE person_id = $1 AND {_GIVEN} ORDER BY l.id LIMIT 200
"""  # noqa: S608 (texts of ours, as below)
_OF_RESOURCE = f"""
SELECT grade || letter AS class_name, concat_ws(' ', surname, given_name) AS name, l.label, s.given,
    coalesce(s.score_max, l.score_max) AS score_max, s.told_at
FROM lti_score s JOIN lti_line l ON l.id = line_id JOIN person ON person.id = person_id
JOIN school_class c ON c.id = l.school_class_id JOIN resource r ON r.id = l.resource_id
WHERE l.resource_id = $1 AND r.school_id = $2 AND ($3::bigint[] IS NULL OR l.school_class_id = ANY($3)) AND {_GIVEN}
ORDER BY grade, letter, sort_key, l.id LIMIT {LIST_MAX}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Result:
    """A result as a tool told it: points of how many, and when; no mark."""

    label: str
    given: float
    score_max: float
    told_at: datetime
    name: str = ""
    class_name: str = ""

    @property
    def points(self) -> str:
        return f"{self.given:g} / {self.score_max:g}"


async def own_results(services: Services, member: Member) -> dict[int, list[Result]]:
    """Return a student's own results by resource."""
    found: dict[int, list[Result]] = {}
    for row in await services.database.pool.fetch(_OWN, member.person_id):
        result = Result(row["label"], row["given"], row["score_max"], row["told_at"])
        found.setdefault(row["resource_id"], []).append(result)
    return found


async def results_of_resource(services: Services, actor: Actor, school_id: int, resource_id: int) -> list[Result]:
    """Return the results of a resource by class and name, of the classes that the actor may see. Raises NotFound."""
    classes = None if actor.can(Right.RESULTS_READ, school_id) else list(actor.classes(Right.RESULTS_READ, school_id))
    if classes == []:
        raise NotFound
    rows = await services.database.pool.fetch(_OF_RESOURCE, resource_id, school_id, classes)
    return [Result(**row) for row in rows]
