"""The JSON API of a school's day: where everybody is now."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from cloud.attendance.queries import PersonToday, roll
from cloud.attendance.standing import Standing
from cloud.attendance.web import Desk, desk_of
from cloud.core.api import PREFIX, Model, refusals
from cloud.core.rights import Right

router = APIRouter(prefix=f"{PREFIX}/schools/{{code}}", tags=["presence"])
OfficeDesk = Annotated[Desk, Depends(desk_of(Right.PRESENCE_READ))]
LIMIT_MAX = 1_000


class Presence(Model):
    """Where a person is."""

    person: str = Field(description="The person's reference: twelve characters.")
    name: str
    role: str = Field(description="student or staff")
    class_name: str = Field(description="As 5А; empty for staff.")
    standing: Standing
    first_in_at: datetime | None
    last_out_at: datetime | None
    late_min: int = Field(description="Minutes after the class's own first lesson; 0 when in time.")
    without_card: bool


class Day(Model):
    """A page of a school's day, in the order of the Kazakh alphabet."""

    school: str
    on: date
    is_school_day: bool
    total: int
    people: list[Presence]


@router.get("/presence", responses=refusals(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
async def presence(
    desk: OfficeDesk,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Day:
    """Return where everybody of a school is now."""
    today = await roll(desk.services, desk.actor, desk.school)
    page = [_presence(person) for person in today.people[offset : offset + limit]]
    return Day(
        school=desk.school.code, on=desk.school.on, is_school_day=today.is_school_day, total=len(today.people),
        people=page,
    )  # fmt: skip


def _presence(person: PersonToday) -> Presence:
    return Presence(
        person=person.ref, name=person.name, role=person.role, class_name=person.class_name, standing=person.standing,
        first_in_at=person.first_in_at, last_out_at=person.last_out_at, late_min=person.late_min,
        without_card=person.without_card,
    )  # fmt: skip
