"""People who left long ago: their names and what else names them go, by the same steps as after a refusal.

Rule: nobody becomes nameless whose money is still to be given back, who came back, or whose day of leaving the journal
does not tell; what the law on accounting wants stays without a name.
"""

from cloud.core.services import Services
from cloud.people.stays import leavers_of
from cloud.retention.rules import Rule
from cloud.schools.queries import SchoolRow

AT_ONCE = 200  # people in one run: the rest comes the next time
# $1 are those who left before the day.
_DUE = """
SELECT person.id FROM person WHERE person.id = ANY($1::bigint[]) AND NOT is_active
  AND NOT EXISTS (SELECT FROM erasure WHERE person_id = person.id)
  AND NOT EXISTS (SELECT FROM ledger_account WHERE person_id = person.id AND balance_tiyn <> 0)
  AND NOT EXISTS (SELECT FROM giving_back WHERE person_id = person.id AND paid_at IS NULL AND withdrawn_at IS NULL)
ORDER BY person.id LIMIT $2
"""
_BEGIN = """
INSERT INTO erasure (school_id, person_id, begun_at) SELECT $1, unnest($2::bigint[]), $3
ON CONFLICT (person_id) DO NOTHING RETURNING person_id
"""


async def due_leavers(services: Services, school: SchoolRow, rule: Rule) -> list[int]:
    """Return who left before the first day that is kept, the oldest of them."""
    pool = services.database.pool
    first = rule.first_kept(services.clock.now().astimezone(school.zone).date())
    gone = [person_id for person_id, last_on in (await leavers_of(pool, school.id)).items() if last_on < first]
    return [row["id"] for row in await pool.fetch(_DUE, gone, AT_ONCE)]


async def begin_nameless(services: Services, school: SchoolRow, rule: Rule) -> int:
    """Begin to take names away; the worker does the steps and notes each. Return of how many people."""
    due = await due_leavers(services, school, rule)
    begun = await services.database.pool.fetch(_BEGIN, school.id, due, services.clock.now())
    return len(begun)
