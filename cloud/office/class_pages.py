"""The page of a teacher: who of the own classes is here today."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.attendance.queries import roll_of_classes
from cloud.attendance.web import Desk, classes_desk
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.gatebook.queries import handovers_of
from cloud.office.view import Filters, today_of

router = APIRouter(prefix="/schools/{code}/class", include_in_schema=False)
ClassesDesk = Annotated[Desk, Depends(classes_desk(Right.PRESENCE_READ))]


@router.get("")
async def show(request: Request, desk: ClassesDesk) -> Response:
    """Show the own classes."""
    today, on = await roll_of_classes(desk.services, desk.actor, desk.school), desk.school.on
    people = today.people
    handovers = await handovers_of(desk.services, desk.school.id, [each.ref for each in people], on, on)
    return pages_of(request).page(
        desk.visit, "office/class.html", section="class", on=on, people=people,
        handed={ref: days[on] for ref, days in handovers.items()},
        is_school_day=today.is_school_day, today=today_of(people, Filters.read(request.query_params)),
    )  # fmt: skip
