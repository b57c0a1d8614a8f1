"""Passages at our gates, for another system: in the order they were written, from a place on."""

from dataclasses import dataclass
from datetime import datetime

from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program

SETTLED = "interval '10 seconds'"  # what is written at the same time may become visible in another order
_AFTER = f"""
SELECT movement.id, person.ref AS person, coalesce(person.number, '') AS number, at, direction, gate, kind, device
FROM movement JOIN person ON person.id = person_id
WHERE movement.school_id = $1 AND movement.id > $2 AND kind IN ('card', 'hand')
  AND received_at < $3::timestamptz - {SETTLED} AND epoch <> 'elsewhere'
ORDER BY movement.id LIMIT $4
"""  # noqa: S608 (a text of ours)


@dataclass(frozen=True, slots=True)
class Told:
    """A passage at one of our gates."""

    id: int
    person: str
    number: str
    at: datetime
    direction: str
    gate: str
    kind: str
    device: str


async def passages_after(program: Program, after: int, limit: int) -> list[Told]:
    """Return the passages after a place; what other systems told is not told back. Raises ScopeMissing."""
    program.bearer.require(Scope.PASSAGES_READ)
    services = program.services
    rows = await services.database.pool.fetch(_AFTER, program.bearer.school_id, after, services.clock.now(), limit)
    return [Told(**row) for row in rows]
