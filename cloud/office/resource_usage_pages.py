"""How the catalogue of resources is used: on a page with its chart, and as a spreadsheet. Nobody's name is in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.charts import Chart, Column, chart_of, share_of
from cloud.core.formats import Formats
from cloud.core.i18n import N_, Language, translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.sheets import CSV_TYPE, XLSX_TYPE, Row, csv_of, xlsx_of
from cloud.office.statistics_pages import day_of
from cloud.office.statistics_view import Translate, column_label, name_of, short_of
from cloud.resources.kinds import KINDS, LANGUAGES, SUBJECTS, ResourceKind
from cloud.resources.usage import Openings, Usage, together, usage_of
from cloud.statistics.spans import By, Stretch, stretch_of

router = APIRouter(prefix="/schools/{code}/resources", include_in_schema=False)
UsageDesk = Annotated[Desk, Depends(desk_of(Right.RESOURCES_USAGE))]
Asked = Annotated[str, Query(max_length=10)]
SERIES = N_("Students"), N_("Teachers")
HEADS = (
    N_("Title"), N_("What it is"), N_("Subject"), N_("Language"), N_("Verified"), N_("Openings by students"),
    N_("Openings by teachers"),
)  # fmt: skip
YES, NO = N_("yes"), N_("no")


@dataclass(frozen=True, slots=True)
class Part:
    """A day or a month of the chart, with what was opened in it."""

    stretch: Stretch
    openings: Openings


@router.get("/usage")
async def show(request: Request, desk: UsageDesk, by: By = By.MONTH, on: Asked = "") -> Response:
    """Show how often what was opened in a stretch of days."""
    stretch = stretch_of(by, day_of(on, desk.school.on))
    usage = await _usage(desk, stretch)
    parts = parts_of(usage, stretch)
    formats, told = desk.visit.formats, partial(translate, desk.visit.language)
    return pages_of(request).page(
        desk.visit, "office/resource_usage.html", section="resources", usage=usage, stretch=stretch,
        today=desk.school.on, ways=list(By), name_of=name_of, short_of=short_of, share_of=share_of,
        chart=chart_of_openings(parts, formats, told), shown=[part for part in parts if part.openings.count],
        kinds=KINDS, subjects=SUBJECTS, langs=LANGUAGES, query=f"by={by.value}&on={stretch.first_on}",
        keeps=desk.actor.can(Right.RESOURCES_KEEP, desk.school.id),
        to=lambda way, day: f"/schools/{desk.school.code}/resources/usage?by={way.value}&on={day}",
    )  # fmt: skip


@router.get("/usage.csv")
async def as_csv(desk: UsageDesk, by: By = By.MONTH, on: Asked = "") -> Response:
    """Send the same as CSV."""
    stretch = stretch_of(by, day_of(on, desk.school.on))
    rows = rows_of(await _usage(desk, stretch), desk.visit.language)
    return _file(csv_of(rows), CSV_TYPE, f"{_stem(desk, stretch)}.csv")


@router.get("/usage.xlsx")
async def as_xlsx(desk: UsageDesk, by: By = By.MONTH, on: Asked = "") -> Response:
    """Send the same as a workbook."""
    stretch = stretch_of(by, day_of(on, desk.school.on))
    rows = rows_of(await _usage(desk, stretch), desk.visit.language)
    return _file(xlsx_of(rows, str(stretch.first_on)), XLSX_TYPE, f"{_stem(desk, stretch)}.xlsx")


def parts_of(usage: Usage, stretch: Stretch) -> list[Part]:
    """Return the days or months of a stretch's chart with what was opened in each."""
    return [
        Part(part, together(each for on, each in usage.by_day.items() if part.first_on <= on <= part.last_on))
        for part in stretch.parts
    ]


def chart_of_openings(parts: Sequence[Part], formats: Formats, told: Translate) -> Chart:
    """Return columns of openings by students and by teachers."""
    columns = []
    for part in parts:
        values = part.openings.by_students, part.openings.by_teachers
        named = ", ".join(f"{told(name)}: {formats.number(value)}" for name, value in zip(SERIES, values, strict=True))
        columns.append(Column(column_label(part.stretch), f"{short_of(part.stretch, formats)}: {named}", values))
    return chart_of(columns)


def rows_of(usage: Usage, language: Language) -> list[Row]:
    """Return the resources that were opened as the rows of a spreadsheet, the most opened first."""
    told = partial(translate, language)
    rows: list[Row] = [[told(head) for head in HEADS]]
    rows += [
        [
            each.title, told(KINDS[ResourceKind(each.kind)]), told(SUBJECTS[each.subject]),
            told(LANGUAGES[each.language]), told(YES if each.is_verified else NO), each.openings.by_students,
            each.openings.by_teachers,
        ]
        for each in usage.by_resource
    ]  # fmt: skip
    return rows


async def _usage(desk: Desk, stretch: Stretch) -> Usage:
    return await usage_of(
        desk.services, desk.actor, desk.school.id, stretch.first_on, stretch.last_on, stretch.drawn_from
    )  # fmt: skip


def _stem(desk: Desk, stretch: Stretch) -> str:
    return f"{desk.school.code}-resources-{stretch.first_on}-{stretch.last_on}"


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type=media_type, headers=headers)
