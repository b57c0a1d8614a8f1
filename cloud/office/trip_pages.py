"""Trips of classes: written down with days, place and who goes along, and called off."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.absences.errors import TripRefused
from cloud.absences.trips import TripGiven, call_off, children_of_class, make_trip, trips_of
from cloud.attendance.web import Desk, reach_desk
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.imports.cells import CellWrong, date_of_text
from cloud.office.person import Text
from cloud.schools.queries import classes_of

router = APIRouter(prefix="/schools/{code}/trips", include_in_schema=False)
TripDesk = Annotated[Desk, Depends(reach_desk(Right.TRIPS_KEEP))]
GOING_MAX = 200


@router.get("")
async def show(request: Request, desk: TripDesk, class_id: int = 0) -> Response:
    """Show the trips, and the form of a new one for a class; who has one class is asked for none."""
    return await _page(request, desk, class_id)


@router.post("")
async def make(
    request: Request,
    desk: TripDesk,
    class_id: Annotated[int, Form(ge=0, le=2**62)] = 0,
    title: Text = "",
    place: Text = "",
    first: Text = "",
    last: Text = "",
    going: Annotated[list[str], Form(max_length=GOING_MAX)] = [],  # noqa: B006 (FastAPI copies it)
) -> Response:
    """Write a trip down."""
    try:
        first_on = date_of_text(first)
        last_on = date_of_text(last) if last.strip() else first_on
        given = TripGiven(class_id, title, place, first_on, last_on, frozenset(going))
        await make_trip(desk.services, desk.actor, desk.school, given)
    except CellWrong as wrong:
        return await _page(request, desk, class_id, TripRefused(wrong.message))
    except (NotFound, NotAllowed):
        raise
    except Refused as refused:
        return await _page(request, desk, class_id, refused)
    return _back(desk)


@router.post("/{trip_id}/end")
async def end(request: Request, desk: TripDesk, trip_id: Counted) -> Response:
    """Call a trip off."""
    try:
        await call_off(desk.services, desk.actor, desk.school, trip_id)
    except (NotFound, NotAllowed):
        raise
    except Refused as refused:
        return await _page(request, desk, 0, refused)
    return _back(desk)


def _back(desk: Desk) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/trips", HTTPStatus.SEE_OTHER)


async def _page(request: Request, desk: Desk, class_id: int, refused: Refused | None = None) -> Response:
    classes = await classes_of(desk.services, desk.actor, desk.school.id)
    right, school_id = Right.TRIPS_KEEP, desk.school.id
    mine = [
        each for each in classes if desk.actor.can(right, school_id) or each.id in desk.actor.classes(right, school_id)
    ]
    chosen = next((each for each in mine if each.id == class_id), mine[0] if len(mine) == 1 else None)
    children = [] if chosen is None else await children_of_class(desk.services, desk.actor, school_id, chosen.id)
    return pages_of(request).page(
        desk.visit, "office/trips.html", status=refused.status if refused else HTTPStatus.OK, section="register",
        trips=await trips_of(desk.services, desk.actor, desk.school), classes=mine, chosen=chosen, children=children,
        on=desk.school.on, refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip
