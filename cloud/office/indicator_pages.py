"""Pages of the four indicators: of a school with who does not count yet, and of an authority's schools."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.attendance.web import Desk, desk_of
from cloud.core.charts import share_of
from cloud.core.pages import DEFAULT_ZONE, pages_of
from cloud.core.rights import Right
from cloud.core.sheets import CSV_TYPE, XLSX_TYPE, Row, csv_of, xlsx_of
from cloud.office.indicator_view import LACKS, listed, rows_of_school, rows_of_schools, shown
from cloud.office.statistics_pages import day_of
from cloud.office.statistics_view import name_of, percent_of
from cloud.statistics.indicators import OfSchool, school_indicators
from cloud.statistics.indicators_above import SharesAbove, indicators_above

router = APIRouter(prefix="/schools/{code}", include_in_schema=False)
above_schools = APIRouter(prefix="/region", include_in_schema=False)
ReadersDesk = Annotated[Desk, Depends(desk_of(Right.INDICATORS_READ))]
PageNumber = Annotated[int, Query(ge=1, le=1_000)]
Short = Annotated[str, Query(max_length=24)]


@router.get("/indicators")
async def show(request: Request, desk: ReadersDesk, lacks: Short = "", page: PageNumber = 1) -> Response:
    """Show a school's indicators, what each counts, and who does not count yet."""
    found = await school_indicators(desk.services, desk.actor, desk.school.id)
    return pages_of(request).page(
        desk.visit, "office/indicators.html", section="indicators", found=found, shown=shown, lacks=LACKS,
        missing=None if found.missing is None else listed(found.missing, lacks, page),
        percent=percent_of(desk.visit.formats), name_of=name_of, share_of=share_of,
        may_tie=desk.actor.can(Right.STUDIES_KEEP, desk.school.id),
    )  # fmt: skip


@router.get("/indicators.csv")
async def as_csv(desk: ReadersDesk) -> Response:
    """Send the same as CSV, with everybody whom the reader may see."""
    found = await school_indicators(desk.services, desk.actor, desk.school.id)
    return _file(csv_of(_rows(desk, found)), CSV_TYPE, f"{desk.school.code}-indicators-{found.on}.csv")


@router.get("/indicators.xlsx")
async def as_xlsx(desk: ReadersDesk) -> Response:
    """Send the same as a workbook."""
    found = await school_indicators(desk.services, desk.actor, desk.school.id)
    rows = _rows(desk, found)
    return _file(xlsx_of(rows, str(found.on)), XLSX_TYPE, f"{desk.school.code}-indicators-{found.on}.xlsx")


@above_schools.get("/indicators")
async def show_above(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, node: Short = "", on: Short = ""
) -> Response:
    """Show the indicators over the schools that the actor reaches, below a node if one is named."""
    today = visit.formats.local_day(services.clock.now())
    above = await indicators_above(services, actor, node, day_of(on, today))
    return pages_of(request).page(
        visit, "office/region_indicators.html", section="region", above=above, shown=shown, today=today,
        percent=percent_of(visit.formats), share_of=share_of,
    )  # fmt: skip


@above_schools.get("/indicators.csv")
async def above_as_csv(
    visit: MemberVisit, actor: SignedIn, services: TheServices, node: Short = "", on: Short = ""
) -> Response:
    """Send the indicators school by school as CSV."""
    above = await _above(actor, services, node, on)
    return _file(csv_of(rows_of_schools(above, visit.language)), CSV_TYPE, f"indicators-{above.on}.csv")


@above_schools.get("/indicators.xlsx")
async def above_as_xlsx(
    visit: MemberVisit, actor: SignedIn, services: TheServices, node: Short = "", on: Short = ""
) -> Response:
    """Send the indicators school by school as a workbook."""
    above = await _above(actor, services, node, on)
    rows = rows_of_schools(above, visit.language)
    return _file(xlsx_of(rows, str(above.on)), XLSX_TYPE, f"indicators-{above.on}.xlsx")


async def _above(actor: SignedIn, services: TheServices, node: str, on: str) -> SharesAbove:
    return await indicators_above(services, actor, node, day_of(on, _today(services)))


def _today(services: TheServices) -> date:
    return services.clock.now().astimezone(DEFAULT_ZONE).date()


def _rows(desk: Desk, found: OfSchool) -> list[Row]:
    return rows_of_school(found.shares, found.missing or [], desk.visit.language)


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type=media_type, headers=headers)
