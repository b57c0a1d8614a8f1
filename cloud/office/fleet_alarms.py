"""Pages of alarms, live: of one school for its IT, of all schools for operators."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import OperatorDesk, everywhere
from cloud.attendance.web import Desk, desk_of
from cloud.core.live import Quiet, stream
from cloud.core.pages import Visit, pages_of
from cloud.core.rights import Right
from cloud.core.wakeups import EVERYTHING
from cloud.devices.alarm_kinds import Severity
from cloud.devices.alarm_list import AlarmFilters, AlarmList, State, acknowledge, alarms_of
from cloud.devices.alarms import OPERATORS

router = APIRouter(prefix="/schools/{code}/alarms", include_in_schema=False)
of_all = APIRouter(prefix="/alarms", include_in_schema=False)
EverywhereDesk = Annotated[OperatorDesk, Depends(everywhere(Right.ALARMS_READ))]
ItDesk = Annotated[Desk, Depends(desk_of(Right.ALARMS_READ))]
TEMPLATE = "office/alarms.html"


@dataclass(frozen=True, slots=True)
class AcknowledgeForm:
    """Which alarms, by their numbers with commas between, and the filters to come back to."""

    ids: Annotated[str, Form(max_length=1000)] = ""
    back: Annotated[str, Form(max_length=300)] = ""

    @property
    def chosen(self) -> list[int]:
        return [int(each) for each in self.ids.split(",") if each.isascii() and each.isdigit() and len(each) < 18]

    @property
    def query(self) -> str:
        """Return the filters, read anew, since an address is made of them."""
        return AlarmFilters.read(dict(pair.split("=", 1) for pair in self.back.split("&") if "=" in pair)).query


@router.get("")
async def alarms(request: Request, desk: ItDesk) -> Response:
    """Show the alarms of a school."""
    found = await alarms_of(desk.services, desk.actor, desk.school.id, AlarmFilters.read(request.query_params))
    return _page(request, desk.visit, found, f"/schools/{desk.school.code}/alarms")


@router.get("/live")
async def alarms_live(request: Request, desk: ItDesk) -> Response:
    """Stream the same, with the same filters."""
    filters, address = AlarmFilters.read(request.query_params), f"/schools/{desk.school.code}/alarms"

    async def draw() -> str:
        now = await desk.again()
        return _block(request, now.visit, await alarms_of(now.services, now.actor, now.school.id, filters), address)

    return stream(request, [(desk.school.id, EVERYTHING)], draw, Quiet.DRAW)


@router.post("/acknowledge")
async def looked_into(desk: ItDesk, form: Annotated[AcknowledgeForm, Depends()]) -> Response:
    """Note that somebody looked into alarms of a school."""
    await acknowledge(desk.services, desk.actor, desk.school.id, form.chosen)
    return RedirectResponse(f"/schools/{desk.school.code}/alarms?{form.query}", HTTPStatus.SEE_OTHER)


@of_all.get("")
async def all_alarms(request: Request, desk: EverywhereDesk) -> Response:
    """Show the alarms of all schools, and of none."""
    found = await alarms_of(desk.services, desk.actor, None, AlarmFilters.read(request.query_params))
    return _page(request, desk.visit, found, "/alarms")


@of_all.get("/live")
async def all_alarms_live(request: Request, desk: EverywhereDesk) -> Response:
    """Stream the same, with the same filters."""
    filters = AlarmFilters.read(request.query_params)

    async def draw() -> str:
        return _block(request, desk.visit, await alarms_of(desk.services, desk.actor, None, filters), "/alarms")

    return stream(request, [(OPERATORS, EVERYTHING)], draw, Quiet.DRAW)


@of_all.post("/acknowledge")
async def all_looked_into(desk: EverywhereDesk, form: Annotated[AcknowledgeForm, Depends()]) -> Response:
    """Note that an operator looked into alarms."""
    await acknowledge(desk.services, desk.actor, None, form.chosen)
    return RedirectResponse(f"/alarms?{form.query}", HTTPStatus.SEE_OTHER)


def _page(request: Request, visit: Visit, found: AlarmList, address: str) -> Response:
    section = "alarms" if visit.school else "all_alarms"
    return pages_of(request).page(visit, TEMPLATE, section=section, **_values(found, address))


def _block(request: Request, visit: Visit, found: AlarmList, address: str) -> str:
    return pages_of(request).block(visit, TEMPLATE, "alarms", **_values(found, address))


def _values(found: AlarmList, address: str) -> dict[str, Any]:
    return {"found": found, "address": address, "states": State, "severities": list(Severity)[::-1]}
