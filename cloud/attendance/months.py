"""How a person came and went on each day of a month, and on which days a school's gates told anything at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cloud.attendance.standing import Came
from cloud.core.services import Services

DAYS_MAX = 400
_CAME = """
SELECT "on", first_in_at, last_out_at, is_inside, late_min FROM presence
WHERE person_id = $1 AND "on" BETWEEN $2 AND $3 AND (first_in_at IS NOT NULL OR last_out_at IS NOT NULL)
ORDER BY "on" LIMIT $4
"""
_TOLD = """
SELECT day::date AS day FROM generate_series($2::date, $3::date, interval '1 day') AS day
WHERE EXISTS (SELECT FROM movement WHERE movement.school_id = $1 AND movement."on" = day::date) LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class DayCame:
    """What the gates saw of a person on a day."""

    came: Came
    late_min: int


async def came_between(services: Services, person_id: int, first_on: date, last_on: date) -> dict[date, DayCame]:
    """Return the days between two on which a person came or went. Who may ask is the caller's to check."""
    rows = await services.database.pool.fetch(_CAME, person_id, first_on, last_on, DAYS_MAX)
    return {row["on"]: _day(row) for row in rows}


async def days_told(services: Services, school_id: int, first_on: date, last_on: date) -> frozenset[date]:
    """Return the days between two on which any gate of a school told of anybody."""
    rows = await services.database.pool.fetch(_TOLD, school_id, first_on, last_on, DAYS_MAX)
    return frozenset(row["day"] for row in rows)


def _day(row: Mapping[str, Any]) -> DayCame:
    return DayCame(Came(row["first_in_at"], row["last_out_at"], row["is_inside"]), row["late_min"])
