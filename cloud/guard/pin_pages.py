"""The page of who may sign in at a guard's desk: PINs, for the office and IT."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.devices.guards import drop_guard_pin, guards_of, set_guard_pin
from cloud.people.pins import staff_of

router = APIRouter(prefix="/schools/{code}/guards", include_in_schema=False)
PinDesk = Annotated[Desk, Depends(desk_of(Right.GUARDS_KEEP))]
Text = Annotated[str, Form(max_length=100)]


@router.get("")
async def show(request: Request, desk: PinDesk) -> Response:
    """Show who may sign in."""
    return await _page(request, desk)


@router.post("/pins")
async def pin(request: Request, desk: PinDesk, person: Text = "", pin: Text = "") -> Response:
    """Let a member of staff sign in by a PIN."""
    try:
        await set_guard_pin(desk.services, desk.actor, desk.school.id, person, pin.strip())
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, desk, refused)
    return _back(desk)


@router.post("/pins/{person}/drop")
async def pin_ends(desk: PinDesk, person: str) -> Response:
    """Let somebody sign in no more."""
    await drop_guard_pin(desk.services, desk.actor, desk.school.id, person)
    return _back(desk)


async def _page(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    pool, school_id = desk.services.database.pool, desk.school.id
    return pages_of(request).page(
        desk.visit, "guard/pins.html", section="devices",
        refused=translate(desk.visit.language, refused.message) if refused else "",
        status=refused.status if refused else HTTPStatus.OK,
        guards=await guards_of(pool, school_id), staff=await staff_of(pool, school_id),
    )  # fmt: skip


def _back(desk: Desk) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/guards", HTTPStatus.SEE_OTHER)
