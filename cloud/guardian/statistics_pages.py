"""A guardian's page of what a child ate by week, month and term: sums, charts, dishes, allergens, and as files."""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.charts import share_of
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.sheets import CSV_TYPE, XLSX_TYPE, Cell, csv_of, xlsx_of
from cloud.guardian.eaten import Eaten, chart_of_money, eaten_of, part_name, rows_of
from cloud.guardian.lasting import lasting_of
from cloud.guardian.queries import Child, seen_of
from cloud.meals.spans import By
from cloud.menu.kinds import ALLERGENS, CATEGORIES
from cloud.people.kinds import FamilyRight

router = APIRouter(prefix="/children/{ref}", include_in_schema=False)
PAGE = "guardian/statistics.html"
Asked = Annotated[str, Query(max_length=10)]


@router.get("/statistics")
async def show(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    ref: str,
    by: By = By.WEEK,
    on: Asked = "",
) -> Response:
    """Show a child's meals."""
    child = await seen_of(services, actor, ref, FamilyRight.MEALS)
    eaten = await eaten_of(services, child, by, _day(on))
    here = replace(visit, zone=child.zone)
    return pages_of(request).page(
        here, PAGE, section="children", child=child, eaten=eaten, chart=chart_of_money(eaten, here.formats),
        ways=list(By), part_name=part_name, share_of=share_of, allergens=ALLERGENS, categories=CATEGORIES,
        lasting=await lasting_of(services, child) if FamilyRight.PAY in child.rights else None,
    )  # fmt: skip


@router.get("/statistics.csv")
async def as_csv(
    visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, by: By = By.WEEK, on: Asked = ""
) -> Response:
    """Give a child's meals as CSV."""
    child = await seen_of(services, actor, ref, FamilyRight.MEALS)
    eaten = await eaten_of(services, child, by, _day(on))
    return _file(csv_of(_rows(visit, child, eaten)), CSV_TYPE, eaten, "csv")


@router.get("/statistics.xlsx")
async def as_xlsx(
    visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, by: By = By.WEEK, on: Asked = ""
) -> Response:
    """Give the same as a workbook."""
    child = await seen_of(services, actor, ref, FamilyRight.MEALS)
    eaten = await eaten_of(services, child, by, _day(on))
    title = f"{eaten.span.first_on} {eaten.span.last_on}"
    return _file(xlsx_of(_rows(visit, child, eaten), title), XLSX_TYPE, eaten, "xlsx")


def _rows(visit: Visit, child: Child, eaten: Eaten) -> list[list[Cell]]:
    return rows_of(eaten, replace(visit, zone=child.zone).formats, partial(translate, visit.language))


def _file(content: bytes, kind: str, eaten: Eaten, ending: str) -> Response:
    name = f"meals-{eaten.span.first_on}-{eaten.span.last_on}.{ending}"
    return Response(content, media_type=kind, headers={
        "content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store",
    })  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
