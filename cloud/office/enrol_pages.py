"""Pages of the school's IT: doors and their codes, live; a sheet of codes to print, this once; doors left by a device.

Rule: a code stands on the sheet that answers the form, and nowhere else: in no address, no log and no store.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.codes import code_svg
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import N_, Language, translate
from cloud.core.live import Quiet, stream
from cloud.core.messages import Message, message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.wakeups import EVERYTHING
from cloud.devices.actions import NewGate, add_gate, retire
from cloud.devices.invitations import Invited, Wanted, cancel_invitation, invite
from cloud.office.enrolment import Door, doors_of

router = APIRouter(prefix="/schools/{code}/devices", include_in_schema=False)
ItDesk = Annotated[Desk, Depends(desk_of(Right.DEVICES_KEEP))]
Text = Annotated[str, Form(max_length=100)]
TEMPLATE, SHEET = "office/doors.html", "office/codes.html"
CODES_MAX = 50  # on one sheet
NONE_CHOSEN = message("Choose at least one door.")
TOO_MANY = message("Choose {count} doors at most for one sheet.", count=CODES_MAX)
CODE_OF = N_("Enrolment code of the door {name}")
STEPS = (
    N_("Fix the device at its door, connect power and network, wait a minute."),
    N_(
        "Show this code to the device: to its QR scanner, or on its first page, by camera or as text from a phone's "
        "scanner."
    ),
    N_(
        "A board without a screen hangs on a computer by its USB cable: type the command below there, then scan the "
        "code."
    ),
    N_(
        "Wait for “Done”, less than a minute; look on the page “Doors and codes” whether the door is “Online”; then "
        "hold a card to the reader."
    ),
)
CABLE = "esik device enrol --board gate-esp32s3 --port /dev/ttyACM0 --wifi …"
CARE = N_(
    "One device, one time, 24 hours. Until then the sheet is a key: do not leave it lying about, then destroy it."
)


@dataclass(frozen=True, slots=True)
class GateForm:
    """What the form of a new door says."""

    gate: Text = ""
    gate_kk: Text = ""
    gate_ru: Text = ""
    gate_en: Text = ""

    @property
    def new(self) -> NewGate:
        return NewGate(self.gate.strip(), self.gate_kk.strip(), self.gate_ru.strip(), self.gate_en.strip())


@dataclass(frozen=True, slots=True)
class CodesForm:
    """What the form of a sheet says: doors, which of them has the hub if one has, and the hub's address."""

    door: Annotated[tuple[str, ...], Form(max_length=CODES_MAX * 2)] = ()
    hub: Text = ""
    hub_host: Text = ""

    def wanted(self, door: str) -> Wanted:
        return Wanted((door,), is_hub=door == self.hub, hub_host=self.hub_host.strip())


@router.get("/doors")
async def doors(request: Request, desk: ItDesk) -> Response:
    """Show the doors of a school and their codes."""
    return await _page(request, desk)


@router.get("/doors/live")
async def doors_live(request: Request, desk: ItDesk) -> Response:
    """Stream the same."""

    async def draw() -> str:
        now = await desk.again()
        seen = await doors_of(now.services, now.actor, now.school)
        return pages_of(request).block(now.visit, TEMPLATE, "doors", seen=seen)

    return stream(request, [(desk.school.id, EVERYTHING)], draw, Quiet.DRAW)


@router.post("/doors")
async def add_door(request: Request, desk: ItDesk, form: Annotated[GateForm, Depends()]) -> Response:
    """Add a door."""
    try:
        await add_gate(desk.services, desk.actor, desk.school.id, form.new)
    except Refused as refused:
        return await _page(request, desk, refused.message, form)
    return _back(desk)


@router.post("/codes")
async def print_codes(request: Request, desk: ItDesk, form: Annotated[CodesForm, Depends()]) -> Response:
    """Make a code for each door that was chosen, and show the sheet, this once."""
    chosen = list(dict.fromkeys(form.door))
    if not 0 < len(chosen) <= CODES_MAX:
        return await _page(request, desk, TOO_MANY if chosen else NONE_CHOSEN)
    seen = await doors_of(desk.services, desk.actor, desk.school)
    known = {door.key: door for door in seen.doors}
    try:
        made = [(await _invite(desk, form, key), known.get(key)) for key in chosen]
    except Refused as refused:
        return await _page(request, desk, refused.message)
    language = desk.visit.language
    codes = [(invited, door, _drawn(language, invited, door)) for invited, door in made if door is not None]
    steps = [(each, [translate(each, step) for step in (*STEPS, CARE)]) for each in Language]
    return pages_of(request).page(desk.visit, SHEET, section="devices", codes=codes, steps=steps, cable=CABLE)


@router.post("/codes/{invitation}/cancel")
async def cancel(request: Request, desk: ItDesk, invitation: str) -> Response:
    """Let a code be worth nothing."""
    try:
        await cancel_invitation(desk.services, desk.actor, desk.school.id, invitation)
    except Refused as refused:
        return await _page(request, desk, refused.message)
    return _back(desk)


@router.post("/{name}/retire")
async def take_away(desk: ItDesk, name: str) -> Response:
    """Take a device out of service: revoke it and leave its doors to nobody."""
    seen = await doors_of(desk.services, desk.actor, desk.school)
    if name not in {door.device for door in seen.doors if door.device}:
        raise NotFound
    await retire(desk.services, desk.actor, name)
    return _back(desk)


async def _invite(desk: Desk, form: CodesForm, door: str) -> Invited:
    return await invite(desk.services, desk.actor, desk.school.id, form.wanted(door))


def _drawn(language: Language, invited: Invited, door: Door) -> str:
    name = door.names[language.value]
    return code_svg(invited.code.text(), translate(language, CODE_OF).format(name=name))


def _back(desk: Desk) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/devices/doors", HTTPStatus.SEE_OTHER)


async def _page(request: Request, desk: Desk, refused: Message | None = None, form: GateForm | None = None) -> Response:
    seen = await doors_of(desk.services, desk.actor, desk.school)
    return pages_of(request).page(
        desk.visit, TEMPLATE, status=HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK, section="devices",
        seen=seen, refused=translate(desk.visit.language, refused) if refused else "", form=form or GateForm(),
    )  # fmt: skip
