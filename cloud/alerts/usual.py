"""Through which gate each child of a school usually comes: reckoned of its records once a school day.

Rule: the first arrival of a day counts, of the last twenty days with lessons. Nobody is tied to a gate by hand: a
child that changes its way is known by the new one in some two weeks.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import asyncpg

from cloud.alerts.brake import Usual
from cloud.core.services import Services
from cloud.schools.queries import school_days

DAYS, BACK = 20, timedelta(days=120)  # of lessons; as far back as a child counts as one that uses the gates
ARRIVALS_MIN = 3  # of whom fewer are known nothing is known
STEADY = 9  # in ten arrivals
CHILDREN_MAX = 20_000
_GATES_ON = "SELECT gates_on FROM alert_watch WHERE school_id = $1"
_RECKONED = "UPDATE alert_watch SET gates_on = $2 WHERE school_id = $1"
_FORGET = "DELETE FROM usual_gate WHERE school_id = $1"
_RECKON = """
INSERT INTO usual_gate (person_id, school_id, gate_id, is_steady)
SELECT person_id, $1, gate.id, 10 * times >= $4 * arrivals FROM (
  SELECT person_id, gate, count(*) AS times, sum(count(*)) OVER (PARTITION BY person_id) AS arrivals FROM (
    SELECT DISTINCT ON (person_id, "on") person_id, gate FROM movement
    WHERE school_id = $1 AND "on" = ANY($2::date[]) AND direction = 'in' AND kind IN ('card', 'hand')
      AND person_id IS NOT NULL
    ORDER BY person_id, "on", at
  ) AS first GROUP BY person_id, gate
) AS came
JOIN gate ON gate.school_id = $1 AND gate.key = came.gate
JOIN person ON person.id = person_id AND person.school_id = $1 AND person.is_active AND role = 'student'
WHERE 2 * times > arrivals AND arrivals >= $3
ON CONFLICT (person_id) DO UPDATE SET school_id = excluded.school_id, gate_id = excluded.gate_id,
  is_steady = excluded.is_steady
"""
_OF_SCHOOL = "SELECT person_id, gate_id, is_steady FROM usual_gate WHERE school_id = $1 LIMIT $2"


async def days_for(services: Services, school_id: int, on: date) -> Sequence[date]:
    """Return the days whose arrivals tell the usual gates of a day."""
    return (await school_days(services, school_id, on - BACK, on - timedelta(days=1)))[-DAYS:]


async def usual_gates(
    connection: asyncpg.Connection, services: Services, school_id: int, on: date
) -> Mapping[int, Usual]:  # fmt: skip
    """Return who usually comes through which gate, reckoned today; the school's alerts are locked by the caller."""
    if await connection.fetchval(_GATES_ON, school_id) != on:
        days = await days_for(services, school_id, on)
        await connection.execute(_FORGET, school_id)
        await connection.execute(_RECKON, school_id, days, ARRIVALS_MIN, STEADY)
        await connection.execute(_RECKONED, school_id, on)
    rows = await connection.fetch(_OF_SCHOOL, school_id, CHILDREN_MAX)
    return {row["person_id"]: Usual(row["gate_id"], row["is_steady"]) for row in rows}
