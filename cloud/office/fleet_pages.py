"""Pages of the school's IT: devices and gates with their health, live; adding, approving and revoking one."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.live import Quiet, stream
from cloud.core.page_wakeups import CHANNEL
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.wakeups import EVERYTHING, NOBODY, notify
from cloud.devices.actions import NewDevice, NewGate, revoke
from cloud.devices.renewals import approve_renewal
from cloud.office.fleet import Fleet, fleet_of
from cloud.office.fleet_view import SHOWN, FleetFilters, fitting
from cloud.rosters.bundles import HubAddress, add_device

router = APIRouter(prefix="/schools/{code}", include_in_schema=False)
ItDesk = Annotated[Desk, Depends(desk_of(Right.DEVICES_KEEP))]
Text = Annotated[str, Form(max_length=100)]
TEMPLATE = "office/devices.html"


@dataclass(frozen=True, slots=True)
class AddForm:
    """What the form of a new device says."""

    name: Text = ""
    is_hub: Annotated[bool, Form()] = False
    hub_host: Text = ""
    gate: Text = ""
    gate_kk: Text = ""
    gate_ru: Text = ""
    gate_en: Text = ""

    @property
    def device(self) -> NewDevice:
        """Return the device with its gate, if one is named."""
        gate = NewGate(self.gate.strip(), self.gate_kk.strip(), self.gate_ru.strip(), self.gate_en.strip())
        return NewDevice(self.name.strip(), (gate,) if gate.key else (), is_hub=self.is_hub)

    def hub(self, known: str) -> HubAddress | None:
        """Return where the device finds the school's hub: itself, or the one that is known."""
        device = self.name.strip() if self.is_hub else known
        return HubAddress(device, self.hub_host.strip()) if device and self.hub_host.strip() else None


@router.get("/devices")
async def devices(request: Request, desk: ItDesk) -> Response:
    """Show the devices of a school."""
    return await _page(request, desk)


@router.get("/devices/live")
async def devices_live(request: Request, desk: ItDesk) -> Response:
    """Stream the same."""

    async def draw() -> str:
        now = await desk.again()
        fleet = await fleet_of(now.services, now.actor, now.school)
        return pages_of(request).block(now.visit, TEMPLATE, "fleet", **_values(request, fleet))

    return stream(request, [(desk.school.id, EVERYTHING)], draw, Quiet.DRAW)


@router.post("/devices")
async def add(request: Request, desk: ItDesk, form: Annotated[AddForm, Depends()]) -> Response:
    """Add a device and send its bundle, this once."""
    fleet = await fleet_of(desk.services, desk.actor, desk.school)
    try:
        bundle = await add_device(desk.services, desk.actor, desk.school.code, form.device, form.hub(fleet.hub))
    except Refused as refused:
        return await _page(request, desk, refused, form)
    async with desk.services.database.transaction() as connection:  # a file replaces no page: the open one is told
        await notify(connection, CHANNEL, f"{desk.school.id}:{NOBODY}")
    headers = {"content-disposition": f'attachment; filename="{form.device.name}.json"', "cache-control": "no-store"}
    return Response(bundle, media_type="application/json", headers=headers)


@router.post("/devices/{name}/revoke")
async def forget(desk: ItDesk, name: str) -> Response:
    """Believe a device no more."""
    await _check_own(desk, name)
    await revoke(desk.services, desk.actor, name)
    return RedirectResponse(f"/schools/{desk.school.code}/devices", HTTPStatus.SEE_OTHER)


@router.post("/devices/{name}/approve")
async def approve(desk: ItDesk, name: str) -> Response:
    """Let a device renew a certificate that ended long ago."""
    await _check_own(desk, name)
    await approve_renewal(desk.services, desk.actor, name)
    return RedirectResponse(f"/schools/{desk.school.code}/devices", HTTPStatus.SEE_OTHER)


async def _check_own(desk: Desk, name: str) -> None:
    """Raise NotFound unless a device is of the desk's school."""
    fleet = await fleet_of(desk.services, desk.actor, desk.school)
    if name not in {device.name for device in fleet.devices}:
        raise NotFound


async def _page(request: Request, desk: Desk, refused: Refused | None = None, form: AddForm | None = None) -> Response:
    fleet = await fleet_of(desk.services, desk.actor, desk.school)
    return pages_of(request).page(
        desk.visit, TEMPLATE, status=refused.status if refused else HTTPStatus.OK, section="devices",
        refused=translate(desk.visit.language, refused.message) if refused else "", form=form or AddForm(),
        may_keep_guards=desk.actor.can(Right.GUARDS_KEEP, desk.school.id),
        may_read_book=desk.actor.can(Right.GATEBOOK_READ, desk.school.id),
        **_values(request, fleet),
    )  # fmt: skip


def _values(request: Request, fleet: Fleet) -> dict[str, Any]:
    filters = FleetFilters.read(request.query_params)
    return {"fleet": fleet, "filters": filters, "shown": fitting(fleet, filters), "shows": list(SHOWN)}
