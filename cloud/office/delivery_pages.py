"""The office's page of how notices reached guardians: by channel, what was given up and why, and what SMS cost."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.notifications.channels.actions import AGAIN_MAX, limit_sms, try_again
from cloud.notifications.channels.queries import SHOWN_DAYS, went_at
from cloud.notifications.channels.registry import lasts_of, senders_of
from cloud.notifications.channels.rules import State
from cloud.notifications.channels.words import STATES, TONES, channel_name, why_of

router = APIRouter(prefix="/schools/{code}/deliveries", include_in_schema=False)
PAGE = "office/deliveries.html"
CheckDesk = Annotated[Desk, Depends(desk_of(Right.NOTICES_CHECK))]
KeepDesk = Annotated[Desk, Depends(desk_of(Right.NOTICES_KEEP))]
DeliveryId = Annotated[int, Form(ge=1, le=2**63 - 1)]


@router.get("")
async def show(request: Request, desk: CheckDesk) -> Response:
    """Show how deliveries of some days went."""
    return await _page(request, desk)


@router.post("/again")
async def again(desk: KeepDesk, delivery: Annotated[list[DeliveryId], Form(max_length=AGAIN_MAX)]) -> Response:
    """Let what was given up be tried again."""
    lasts = lasts_of(senders_of(desk.services))
    await try_again(desk.services, desk.actor, desk.school.id, delivery, lasts)
    return _back(desk)


@router.post("/limit")
async def limit(request: Request, desk: KeepDesk, parts: Annotated[str, Form(max_length=9)] = "") -> Response:
    """Say how much SMS may cost in a month."""
    try:
        await limit_sms(desk.services, desk.actor, desk.school.id, parts)
    except Refused as refused:
        return await _page(request, desk, refused)
    return _back(desk)


async def _page(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    went = await went_at(desk.services, desk.actor, desk.school.id, desk.visit.zone)
    return pages_of(request).page(
        desk.visit, PAGE, status=refused.status if refused else HTTPStatus.OK, section="today", went=went,
        refused=translate(desk.visit.language, refused.message) if refused else "", states=list(State), names=STATES,
        tones=TONES, channel_name=channel_name, why_of=why_of, days=SHOWN_DAYS,
        sends_sms=bool(desk.services.settings.sms_url), most=desk.services.settings.sms_parts_per_month,
    )  # fmt: skip


def _back(desk: Desk) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/deliveries", HTTPStatus.SEE_OTHER)
