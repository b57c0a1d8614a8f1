"""The teaching load: on the page, on paper and as a spreadsheet; and the hours of a full load."""

from collections.abc import Mapping
from decimal import Decimal

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk
from cloud.core.errors import Refused
from cloud.core.formats import Formats
from cloud.core.i18n import N_, Language, translate
from cloud.core.sheets import CSV_TYPE, XLSX_TYPE, Row, csv_of, xlsx_of
from cloud.curriculum.actions import set_norm
from cloud.curriculum.load import Load, load_of
from cloud.curriculum.rules import NORM_BY_LAW
from cloud.office.days import day_or
from cloud.office.studies import (
    KeepingDesk,
    Page,
    StudiesDesk,
    Text,
    back_to,
    refused_by,
    whole_typed,
    year_asked,
    years_of,
)

router = APIRouter(prefix="/schools/{code}/load", include_in_schema=False)
PAGE = Page("office/load.html", "load")
HEADS = (
    N_("Teacher"), N_("Position"), N_("Subjects and classes"), N_("Hours a week"), N_("Norm"), N_("Above the norm"),
    N_("Share of a full load"), N_("Lessons given"), N_("As a substitute"),
)  # fmt: skip
VACANT = N_("Nobody teaches it")


@router.get("")
async def show(request: Request, desk: StudiesDesk) -> Response:
    """Show the load."""
    return await _page(request, desk)


@router.get(".csv")
async def as_csv(request: Request, desk: StudiesDesk) -> Response:
    """Send the load as CSV."""
    load = await _load(desk, request.query_params)
    return _file(csv_of(rows_of(load, desk.visit.language)), CSV_TYPE, f"{_stem(desk, load)}.csv")


@router.get(".xlsx")
async def as_xlsx(request: Request, desk: StudiesDesk) -> Response:
    """Send the load as a workbook."""
    load = await _load(desk, request.query_params)
    rows = rows_of(load, desk.visit.language)
    return _file(xlsx_of(rows, str(load.year)), XLSX_TYPE, f"{_stem(desk, load)}.xlsx")


@router.post("/norm")
async def keep_norm(request: Request, desk: KeepingDesk, hours: Text = "") -> Response:
    """Set the hours of a full load; left empty, they are those of the law."""
    number = whole_typed(hours) if hours.strip() else None
    refused = await refused_by(set_norm(desk.services, desk.actor, desk.school.id, number))
    return await _page(request, desk, refused, {"hours": hours}) if refused else back_to(desk, "load")


def rows_of(load: Load, language: Language) -> list[Row]:
    """Return the load as the rows of a spreadsheet, vacancies last."""
    rows: list[Row] = [[translate(language, head) for head in HEADS]]
    rows += [
        [
            each.name, each.position, "; ".join(course.title(language.value) for course in each.courses),
            _halves(each.half_hours), each.norm, _halves(each.over), Decimal(each.rate_hundredths) / 100, each.given,
            each.substituted,
        ]
        for each in load.teachers
    ]  # fmt: skip
    rows += [
        [translate(language, VACANT), "", course.title(language.value), _halves(course.half_hours), load.norm, "",
         "", 0, 0]
        for course in load.vacancies
    ]  # fmt: skip
    return rows


def _halves(count: int) -> Decimal:
    return Decimal(count) / 2


async def _load(desk: Desk, query: Mapping[str, str]) -> Load:
    on, year = desk.school.on, year_asked(desk, query.get("year", ""))
    first_on, last_on = day_or(query.get("since", ""), on.replace(day=1)), day_or(query.get("until", ""), on)
    return await load_of(
        desk.services, desk.actor, desk.school.id, year, on, min(first_on, last_on), max(first_on, last_on)
    )


async def _page(
    request: Request, desk: Desk, refused: Refused | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    load = await _load(desk, request.query_params)
    return PAGE.shown(
        request, desk, refused, typed, load=load, years=years_of(desk), by_law=NORM_BY_LAW,
        query=_query(load, desk.visit.formats),
    )  # fmt: skip


def _query(load: Load, formats: Formats) -> str:
    """Return the query string of the files that tell the same."""
    return f"year={load.year}&since={formats.typed(load.first_on)}&until={formats.typed(load.last_on)}"


def _stem(desk: Desk, load: Load) -> str:
    return f"{desk.school.code}-load-{load.year}-{load.first_on}-{load.last_on}"


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type=media_type, headers=headers)
