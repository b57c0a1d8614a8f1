"""Sheets of a class: the quarter's marks, lessons missed, reports on paper for families; and what is open."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk, own_desk
from cloud.core.api import Counted
from cloud.core.errors import NotFound
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.sheets import CSV_TYPE, XLSX_TYPE, Cell, csv_of, xlsx_of
from cloud.journal.debts import debts_of
from cloud.journal.kinds import written
from cloud.journal.missed import attendance_of
from cloud.journal.reach import class_within, courses_within, reach_of
from cloud.journal.reports import reports_of
from cloud.journal.sheets import sheet_of
from cloud.office.journal_view import figures_of, letters_of, mark_of, missed_rows, sheet_rows
from cloud.office.studies import AskedYear
from cloud.studies.queries import years_taught
from cloud.studies.rules import year_of

router = APIRouter(prefix="/schools/{code}/journal", include_in_schema=False)
JournalDesk = Annotated[Desk, Depends(own_desk(Right.JOURNAL_READ, Right.JOURNAL_KEEP))]
Asked = Annotated[int, Query(ge=0, le=12)]
FORMS: dict[str, tuple[str, Callable[[list[list[Cell]], str], bytes]]] = {
    "csv": (CSV_TYPE, lambda rows, _title: csv_of(rows)), "xlsx": (XLSX_TYPE, xlsx_of),
}  # fmt: skip


@router.get("/debts")
async def show_debts(
    request: Request, desk: JournalDesk, quarter: Asked = 0, class_id: Annotated[int, Query(ge=0, le=2**62)] = 0,
    year: AskedYear = 0,
) -> Response:  # fmt: skip
    """Show what is open in one's own courses, or in a class whose journals one may read."""
    reach = await reach_of(desk.services, desk.actor, desk.school)
    year = year or reach.year
    mine, others = await courses_within(desk.services, reach, desk.school, year)
    readable = [course for course in [*mine, *others] if reach.reads_class(course.class_id, year)]
    readable.sort(key=lambda each: (each.grade, each.class_name, each.id))
    classes = {each.class_id: each.class_name for each in readable}
    if class_id and class_id not in classes:
        raise NotFound
    chosen = class_id or (0 if mine or not classes else next(iter(classes)))
    courses = [each for each in readable if each.class_id == chosen] if chosen else mine
    debts = await debts_of(desk.services, desk.school, courses, year, quarter)
    return pages_of(request).page(
        desk.visit, "office/journal_debts.html", section="journal", told=debts, classes=classes, chosen=chosen,
        has_own=bool(mine), on=desk.school.on, year=year,
        years=await years_taught(desk.services, desk.school.id, reach.year),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which class, school year and quarter a sheet is asked for; 0: the last quarter that began."""

    class_id: int
    year: int
    quarter: int


async def wanted_of(desk: JournalDesk, class_id: Counted, quarter: Asked = 0, year: AskedYear = 0) -> Wanted:
    """Return what is asked for. Raises NotAllowed, or NotFound where it is out of the actor's reach."""
    wanted = Wanted(class_id, year or year_of(desk.school.on), quarter)
    await class_within(desk.services, desk.actor, desk.school, class_id, wanted.year)
    return wanted


@router.get("/classes/{class_id}/sheet")
async def show_sheet(request: Request, desk: JournalDesk, wanted: Annotated[Wanted, Depends(wanted_of)]) -> Response:
    """Show the sheet of a class."""
    sheet = await sheet_of(desk.services, desk.school, wanted.class_id, wanted.year, wanted.quarter)
    return await _page(request, desk, "office/journal_sheet.html", wanted, sheet=sheet, mark_of=mark_of)


@router.get("/classes/{class_id}/sheet.{form}")
async def sheet_file(desk: JournalDesk, wanted: Annotated[Wanted, Depends(wanted_of)], form: str) -> Response:
    """Send the same as CSV or as a workbook."""
    sheet = await sheet_of(desk.services, desk.school, wanted.class_id, wanted.year, wanted.quarter)
    rows = sheet_rows(sheet, desk.visit.language.value, partial(translate, desk.visit.language))
    return _file(rows, form, f"marks-{wanted.class_id}-{wanted.year}-{sheet.quarter.number}")


@router.get("/classes/{class_id}/attendance")
async def show_attendance(
    request: Request, desk: JournalDesk, wanted: Annotated[Wanted, Depends(wanted_of)]
) -> Response:
    """Show the lessons that a class missed."""
    sheet = await attendance_of(desk.services, desk.school, wanted.class_id, wanted.year, wanted.quarter)
    return await _page(request, desk, "office/journal_attendance.html", wanted, sheet=sheet)


@router.get("/classes/{class_id}/attendance.{form}")
async def attendance_file(desk: JournalDesk, wanted: Annotated[Wanted, Depends(wanted_of)], form: str) -> Response:
    """Send the same as CSV or as a workbook."""
    sheet = await attendance_of(desk.services, desk.school, wanted.class_id, wanted.year, wanted.quarter)
    rows = missed_rows(sheet, desk.visit.language.value, partial(translate, desk.visit.language))
    return _file(rows, form, f"attendance-{wanted.class_id}-{wanted.year}-{sheet.quarter.number}")


@router.get("/classes/{class_id}/reports")
async def show_reports(request: Request, desk: JournalDesk, wanted: Annotated[Wanted, Depends(wanted_of)]) -> Response:
    """Show a page for each student of a class, to be printed for families without the internet."""
    reports = await reports_of(desk.services, desk.school, wanted.class_id, wanted.year, wanted.quarter)
    return await _page(
        request, desk, "office/journal_reports.html", wanted, sheet=reports.sheet, reports=reports,
        figures_of=figures_of, letters=letters_of(desk.visit.language.value), written=written,
    )  # fmt: skip


async def _page(request: Request, desk: Desk, template: str, wanted: Wanted, **values: Any) -> Response:
    named: dict[str, Any] = {
        "class_id": wanted.class_id, "year": wanted.year, "on": desk.school.on, "language": desk.visit.language.value,
        "years": await years_taught(desk.services, desk.school.id, year_of(desk.school.on)),
    }  # fmt: skip
    return pages_of(request).page(desk.visit, template, section="journal", **named, **values)


def _file(rows: list[list[Cell]], form: str, name: str) -> Response:
    if form not in FORMS:
        raise NotFound
    kind, made = FORMS[form]
    return Response(made(rows, name), media_type=kind, headers={
        "content-disposition": f'attachment; filename="{name}.{form}"', "cache-control": "no-store",
    })  # fmt: skip
