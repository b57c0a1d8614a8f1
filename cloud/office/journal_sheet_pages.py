"""Sheets of a class: the quarter's marks, lessons missed, reports on paper for families; and what is open."""

from collections.abc import Callable
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
from cloud.journal.missed import AttendanceSheet, attendance_of
from cloud.journal.reach import class_within, courses_within, reach_of
from cloud.journal.reports import reports_of
from cloud.journal.sheets import Sheet, sheet_of
from cloud.office.journal_view import figures_of, mark_of, missed_rows, sheet_rows

router = APIRouter(prefix="/schools/{code}/journal", include_in_schema=False)
JournalDesk = Annotated[Desk, Depends(own_desk(Right.JOURNAL_READ, Right.JOURNAL_KEEP))]
Asked = Annotated[int, Query(ge=0, le=12)]
FORMS: dict[str, tuple[str, Callable[[list[list[Cell]], str], bytes]]] = {
    "csv": (CSV_TYPE, lambda rows, _title: csv_of(rows)), "xlsx": (XLSX_TYPE, xlsx_of),
}  # fmt: skip


@router.get("/debts")
async def show_debts(
    request: Request, desk: JournalDesk, quarter: Asked = 0, class_id: Annotated[int, Query(ge=0, le=2**62)] = 0
) -> Response:
    """Show what is open in one's own courses, or in a class whose journals one may read."""
    reach = await reach_of(desk.services, desk.actor, desk.school.id)
    mine, others = await courses_within(desk.services, reach, desk.school)
    readable = [course for course in [*mine, *others] if reach.reads_class(course.class_id)]
    readable.sort(key=lambda each: (each.grade, each.class_name, each.id))
    classes = {each.class_id: each.class_name for each in readable}
    if class_id and class_id not in classes:
        raise NotFound
    chosen = class_id or (0 if mine or not classes else next(iter(classes)))
    courses = [each for each in readable if each.class_id == chosen] if chosen else mine
    debts = await debts_of(desk.services, desk.school, courses, quarter)
    return pages_of(request).page(
        desk.visit, "office/journal_debts.html", section="journal", told=debts, classes=classes, chosen=chosen,
        has_own=bool(mine), on=desk.school.on,
    )  # fmt: skip


@router.get("/classes/{class_id}/sheet")
async def show_sheet(request: Request, desk: JournalDesk, class_id: Counted, quarter: Asked = 0) -> Response:
    """Show the sheet of a class."""
    sheet = await _sheet(desk, class_id, quarter)
    return _page(request, desk, "office/journal_sheet.html", class_id, sheet=sheet, mark_of=mark_of)


@router.get("/classes/{class_id}/sheet.{form}")
async def sheet_file(desk: JournalDesk, class_id: Counted, form: str, quarter: Asked = 0) -> Response:
    """Send the same as CSV or as a workbook."""
    sheet = await _sheet(desk, class_id, quarter)
    rows = sheet_rows(sheet, desk.visit.language.value, partial(translate, desk.visit.language))
    return _file(rows, form, f"marks-{class_id}-{sheet.quarter.number}")


@router.get("/classes/{class_id}/attendance")
async def show_attendance(request: Request, desk: JournalDesk, class_id: Counted, quarter: Asked = 0) -> Response:
    """Show the lessons that a class missed."""
    sheet = await _missed(desk, class_id, quarter)
    return _page(request, desk, "office/journal_attendance.html", class_id, sheet=sheet)


@router.get("/classes/{class_id}/attendance.{form}")
async def attendance_file(desk: JournalDesk, class_id: Counted, form: str, quarter: Asked = 0) -> Response:
    """Send the same as CSV or as a workbook."""
    sheet = await _missed(desk, class_id, quarter)
    rows = missed_rows(sheet, desk.visit.language.value, partial(translate, desk.visit.language))
    return _file(rows, form, f"attendance-{class_id}-{sheet.quarter.number}")


@router.get("/classes/{class_id}/reports")
async def show_reports(request: Request, desk: JournalDesk, class_id: Counted, quarter: Asked = 0) -> Response:
    """Show a page for each student of a class, to be printed for families without the internet."""
    await class_within(desk.services, desk.actor, desk.school.id, class_id)
    reports = await reports_of(desk.services, desk.school, class_id, quarter)
    return _page(
        request, desk, "office/journal_reports.html", class_id, sheet=reports.sheet, reports=reports,
        figures_of=figures_of, mark_of=mark_of, written=written,
    )  # fmt: skip


async def _sheet(desk: Desk, class_id: int, quarter: int) -> Sheet:
    await class_within(desk.services, desk.actor, desk.school.id, class_id)
    return await sheet_of(desk.services, desk.school, class_id, quarter)


async def _missed(desk: Desk, class_id: int, quarter: int) -> AttendanceSheet:
    await class_within(desk.services, desk.actor, desk.school.id, class_id)
    return await attendance_of(desk.services, desk.school, class_id, quarter)


def _page(request: Request, desk: Desk, template: str, class_id: int, **values: Any) -> Response:
    language = desk.visit.language.value
    named: dict[str, Any] = {"class_id": class_id, "on": desk.school.on, "language": language}
    return pages_of(request).page(desk.visit, template, section="journal", **named, **values)


def _file(rows: list[list[Cell]], form: str, name: str) -> Response:
    if form not in FORMS:
        raise NotFound
    kind, made = FORMS[form]
    return Response(made(rows, name), media_type=kind, headers={
        "content-disposition": f'attachment; filename="{name}.{form}"', "cache-control": "no-store",
    })  # fmt: skip
