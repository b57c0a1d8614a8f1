"""Who is at school, for programs: as the gates of the day have told, ours and others'."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from cloud.core.api import PREFIX, Model, refusals
from cloud.schools.queries import school_of_id
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program, program_with

router = APIRouter(prefix=f"{PREFIX}/presence", tags=["access control"])
Reader = Annotated[Program, Depends(program_with(Scope.PRESENCE_READ))]
REFUSALS = refusals(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS)
LIMIT_MAX = 1_000
_TODAY = """
SELECT person.ref AS person, coalesce(person.number, '') AS number, is_inside, first_in_at, last_out_at, late_min
FROM presence JOIN person ON person.id = person_id
WHERE presence.school_id = $1 AND "on" = $2 AND person.is_active ORDER BY person.id LIMIT $3 OFFSET $4
"""


class PersonShown(Model):
    """A person who was at a gate today."""

    person: str = Field(description="The person's reference.")
    number: str = Field(description="The school's own number of the person; empty where there is none.")
    is_inside: bool
    first_in_at: datetime | None
    last_out_at: datetime | None
    late_min: int = Field(description="Minutes after the class's own first lesson; 0 when in time.")


class PresenceShown(Model):
    """A page of the school's day; who was at no gate is not in it."""

    on: date
    people: list[PersonShown]


@router.get("", responses=REFUSALS)
async def presence(
    program: Reader,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> PresenceShown:
    """Return who was at a gate today, and who is inside."""
    services, school_id = program.services, program.bearer.school_id
    school = await school_of_id(services, school_id)
    on = services.clock.now().astimezone(school.zone).date()
    rows = await services.database.pool.fetch(_TODAY, school_id, on, limit, offset)
    return PresenceShown(on=on, people=[PersonShown(**row) for row in rows])
