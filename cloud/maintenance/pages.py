"""The operator's page of maintenance: what is announced, a form to announce, and a button to call it off."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import OperatorDesk, everywhere
from cloud.core.errors import NotAllowed, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.windows import Window
from cloud.maintenance.actions import cancel, plan
from cloud.maintenance.errors import WindowRefused
from cloud.maintenance.queries import windows_of

router = APIRouter(prefix="/maintenance", include_in_schema=False)
PlannersDesk = Annotated[OperatorDesk, Depends(everywhere(Right.MAINTENANCE_PLAN))]
TEMPLATE = "maintenance/windows.html"
Typed = Annotated[str, Form(max_length=20)]


@router.get("")
async def show(request: Request, desk: PlannersDesk, done: bool = False) -> Response:
    """Show what is announced."""
    return await _page(request, desk, is_done=done)


@router.post("")
async def put(request: Request, desk: PlannersDesk, starts: Typed = "", ends: Typed = "") -> Response:
    """Announce a window; what cannot be taken stands in the form again."""
    try:
        window = Window(_instant(starts, desk.visit.zone), _instant(ends, desk.visit.zone))
        await plan(desk.services, desk.actor, window)
    except NotAllowed:
        raise
    except Refused as refused:
        return await _page(request, desk, refused=refused, typed=(starts, ends))
    return _done(request)


@router.post("/cancel")
async def call_off(request: Request, desk: PlannersDesk, number: Annotated[int, Form(ge=1, le=2**63 - 1)]) -> Response:
    """Call a window off."""
    await cancel(desk.services, desk.actor, number)
    return _done(request)


async def _page(
    request: Request, desk: OperatorDesk, *, is_done: bool = False, refused: Refused | None = None,
    typed: tuple[str, str] = ("", ""),
) -> Response:  # fmt: skip
    visit = desk.visit
    return pages_of(request).page(
        visit, TEMPLATE, status=refused.status if refused else HTTPStatus.OK, section="maintenance", typed=typed,
        windows=await windows_of(desk.services, desk.actor), is_done=is_done,
        refused=translate(visit.language, refused.message) if refused else "",
        zone=visit.zone.key,
    )  # fmt: skip


def _done(request: Request) -> Response:
    """Lead back, and let this process say it on the very next page; others do within seconds."""
    request.app.state.announced.forget()
    return RedirectResponse("/maintenance?done=true", HTTPStatus.SEE_OTHER)


def _instant(typed: str, zone: ZoneInfo) -> datetime:
    """Return what a field of day and time says. Raises WindowRefused."""
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        raise WindowRefused(message("Choose the day and the time of both.")) from None
    return at if at.tzinfo else at.replace(tzinfo=zone)
