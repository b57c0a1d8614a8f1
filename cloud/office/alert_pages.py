"""The page of alerts that children were not seen: what is held and why, to be released or dropped; and the settings."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.alerts.deciding import Decision, decide
from cloud.alerts.queries import alerts_today
from cloud.alerts.rules import AlertRules
from cloud.alerts.settings import set_rules
from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right

router = APIRouter(prefix="/schools/{code}/alerts", include_in_schema=False)
PAGE = "office/alerts.html"
CLASSES_MAX = 500
DecidersDesk = Annotated[Desk, Depends(desk_of(Right.ALERTS_DECIDE))]
Classes = Annotated[str, Form(max_length=10_000, pattern=r"^\d{1,18}(,\d{1,18})*$")]
Figure = Annotated[int, Form(ge=0, le=1_000)]


@router.get("")
async def show(request: Request, desk: DecidersDesk, told: int = -1, done: bool = False) -> Response:
    """Show what is held now, who is meant, and what became of the other classes."""
    return await _page(request, desk, told=told, is_kept=done)


@router.post("/decide")
async def decided(
    request: Request, desk: DecidersDesk, decision: Annotated[Decision, Form()], classes: Classes
) -> Response:
    """Tell the parents of some classes after all, or do not."""
    ids = {int(each) for each in classes.split(",")[:CLASSES_MAX]}
    try:
        told = await decide(desk.services, desk.actor, desk.school.id, ids, decision)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _page(request, desk, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/alerts?told={told}", HTTPStatus.SEE_OTHER)


@router.post("/settings")
async def change(
    request: Request,
    desk: DecidersDesk,
    absent_after_min: Figure,
    class_share: Figure,
    school_share: Figure,
    gate_share: Figure,
) -> Response:
    """Let other rules hold for what falls due from now on."""
    try:
        await set_rules(
            desk.services,
            desk.actor,
            desk.school.id,
            AlertRules(absent_after_min, class_share, school_share, gate_share),
        )
    except NotAllowed:
        raise
    except Refused as refused:
        return await _page(request, desk, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/alerts?done=true", HTTPStatus.SEE_OTHER)


async def _page(
    request: Request, desk: Desk, refused: Refused | None = None, *, told: int = -1, is_kept: bool = False
) -> Response:
    today = await alerts_today(desk.services, desk.actor, desk.school.id, desk.school.on)
    return pages_of(request).page(
        desk.visit, PAGE, status=refused.status if refused else HTTPStatus.OK, section="today", today=today,
        refused=translate(desk.visit.language, refused.message) if refused else "", told=told, is_kept=is_kept,
        on=desk.school.on,
    )  # fmt: skip
