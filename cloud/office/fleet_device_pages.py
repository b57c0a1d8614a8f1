"""The page of one device, live, and the commands that are given from it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.live import Quiet, stream
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.wakeups import EVERYTHING
from cloud.devices.commands import DANGEROUS, REASON_MAX, Action, command
from cloud.office.fleet_device import CHART_HIGH, detail_of

# Not below /devices: a device may be called as one of those pages.
router = APIRouter(prefix="/schools/{code}/device/{name}", include_in_schema=False)
ItDesk = Annotated[Desk, Depends(desk_of(Right.DEVICES_KEEP))]
Name = Annotated[str, Path(max_length=24)]
TEMPLATE = "office/device.html"
CONFIRMED = [each for each in Action if each in DANGEROUS | {Action.RESTART}]


@dataclass(frozen=True, slots=True)
class CommandForm:
    """What is to be done, at which gate, and why."""

    action: Annotated[str, Form(max_length=16)] = ""
    gate: Annotated[str, Form(max_length=16)] = ""
    reason: Annotated[str, Form(max_length=REASON_MAX)] = ""


@router.get("")
async def device(request: Request, desk: ItDesk, name: Name) -> Response:
    """Show a device."""
    return await _page(request, desk, name)


@router.get("/live")
async def device_live(request: Request, desk: ItDesk, name: Name) -> Response:
    """Stream the same."""
    await detail_of(desk.services, desk.actor, desk.school, name)

    async def draw() -> str:
        now = await desk.again()
        detail = await detail_of(now.services, now.actor, now.school, name)
        return pages_of(request).block(now.visit, TEMPLATE, "device", **_values(detail))

    return stream(request, [(desk.school.id, EVERYTHING)], draw, Quiet.DRAW)


@router.post("/commands")
async def give(request: Request, desk: ItDesk, name: Name, form: Annotated[CommandForm, Depends()]) -> Response:
    """Give a device of this school a command."""
    await detail_of(desk.services, desk.actor, desk.school, name)
    if form.action not in set(Action):
        raise NotFound
    try:
        await command(desk.services, desk.actor, name, Action(form.action), form.gate, form.reason)
    except Refused as refused:
        return await _page(request, desk, name, refused, form)
    return RedirectResponse(f"/schools/{desk.school.code}/device/{name}#commands", HTTPStatus.SEE_OTHER)


async def _page(
    request: Request, desk: Desk, name: str, refused: Refused | None = None, form: CommandForm | None = None
) -> Response:
    detail = await detail_of(desk.services, desk.actor, desk.school, name)
    return pages_of(request).page(
        desk.visit, TEMPLATE, status=refused.status if refused else HTTPStatus.OK, section="devices",
        refused=translate(desk.visit.language, refused.message) if refused else "", form=form or CommandForm(),
        calm=[each for each in Action if each not in CONFIRMED], confirmed=CONFIRMED, dangerous=DANGEROUS,
        reason_max=REASON_MAX, **_values(detail),
    )  # fmt: skip


def _values(detail: object) -> dict[str, Any]:
    return {"detail": detail, "chart_high": CHART_HIGH}
