"""Pages of the office: today, with exports, live; and the way from the menu to a school's own pages."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import SignedIn, TheServices
from cloud.alerts.queries import open_alerts
from cloud.attendance.queries import roll, school_codes
from cloud.attendance.silence import silent_gates
from cloud.attendance.web import Desk, desk_of
from cloud.core.delimited import csv_of
from cloud.core.errors import NotFound
from cloud.core.i18n import translate
from cloud.core.live import Quiet, stream
from cloud.core.navigation import address_of, roles_of
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.sheets import XLSX_TYPE, xlsx_of
from cloud.core.wakeups import EVERYTHING
from cloud.office.exports import rows_of
from cloud.office.view import STATES, Filters, fitting, today_of

ways = APIRouter(include_in_schema=False)
router = APIRouter(prefix="/schools/{code}", include_in_schema=False)
OfficeDesk = Annotated[Desk, Depends(desk_of(Right.PRESENCE_READ))]


@ways.get("/go/{key}")
async def go(actor: SignedIn, services: TheServices, key: str) -> Response:
    """Lead to a section of the menu at the first school the actor has it at."""
    codes = await school_codes(services, actor, roles_of(key))
    if not codes:
        raise NotFound
    return RedirectResponse(address_of(key, codes[0]), HTTPStatus.SEE_OTHER)


@router.get("/office")
async def today(request: Request, desk: OfficeDesk) -> Response:
    """Show who is inside, late and absent."""
    values = await _today(desk, request.query_params)
    return pages_of(request).page(desk.visit, "office/today.html", section="today", **values)


@router.get("/office/live")
async def today_live(request: Request, desk: OfficeDesk) -> Response:
    """Stream the same, with the same filters."""

    async def draw() -> str:
        now = await desk.again()
        values = await _today(now, request.query_params)
        return pages_of(request).block(now.visit, "office/today.html", "roll", **values)

    return stream(request, [(desk.school.id, EVERYTHING)], draw, Quiet.DRAW)


@router.get("/office.csv")
async def today_csv(request: Request, desk: OfficeDesk) -> Response:
    """Send everybody who fits the filters as CSV."""
    return _file(csv_of(await _rows(desk, request.query_params)), "text/csv; charset=utf-8", f"{_stem(desk)}.csv")


@router.get("/office.xlsx")
async def today_xlsx(request: Request, desk: OfficeDesk) -> Response:
    """Send the same as a workbook."""
    rows = await _rows(desk, request.query_params)
    return _file(xlsx_of(rows, desk.school.on.isoformat()), XLSX_TYPE, f"{_stem(desk)}.xlsx")


async def _today(desk: Desk, query: Mapping[str, str]) -> dict[str, Any]:
    today = await roll(desk.services, desk.actor, desk.school)
    silent = await silent_gates(desk.services, [desk.school.id])
    return {
        "today": today_of(today.people, Filters.read(query)), "states": STATES, "on": desk.school.on,
        "is_school_day": today.is_school_day, "silent": silent.get(desk.school.id, ()),
        "held": await open_alerts(desk.services, desk.actor, desk.school.id, desk.school.on),
        "decides": desk.actor.can(Right.ALERTS_DECIDE, desk.school.id),
        "sets_days": desk.actor.can(Right.SCHOOL_KEEP, desk.school.id),
        "opens_people": desk.actor.can(Right.PEOPLE_KEEP, desk.school.id),
    }  # fmt: skip


async def _rows(desk: Desk, query: Mapping[str, str]) -> list[list[str]]:
    today = await roll(desk.services, desk.actor, desk.school)
    people = fitting(today.people, Filters.read(query))
    return rows_of(people, desk.visit.formats, partial(translate, desk.visit.language))


def _stem(desk: Desk) -> str:
    return f"{desk.school.code}-{desk.school.on.isoformat()}"


def _file(body: bytes, media_type: str, name: str) -> Response:
    disposition = f'attachment; filename="{name}"'
    return Response(
        body, media_type=media_type, headers={"content-disposition": disposition, "cache-control": "no-store"}
    )
