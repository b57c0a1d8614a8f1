"""Marks of a course by spreadsheet: taken in with what is wrong by cell, and out like the sheets of other diaries."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, UploadFile
from fastapi.responses import Response

from cloud.attendance.web import Desk, own_desk
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.messages import Message, message
from cloud.core.rights import Right
from cloud.core.sheets import CSV_TYPE, XLSX_TYPE, csv_of, xlsx_of
from cloud.imports.lines import Deed
from cloud.imports.marks import MarksRead, import_marks
from cloud.journal.grid import grid_of
from cloud.journal.reach import course_within
from cloud.journal.rules import Hand
from cloud.office.journal_likes import NAMES, Like, rows_like
from cloud.office.sheet_import import Outcome, chosen, refused_with, shown, with_problems

router = APIRouter(prefix="/schools/{code}/journal", include_in_schema=False)
JournalDesk = Annotated[Desk, Depends(own_desk(Right.JOURNAL_READ, Right.JOURNAL_KEEP))]
Asked = Annotated[int, Query(ge=0, le=12)]


@router.get("/{course_id}/import")
async def show(request: Request, desk: JournalDesk, course_id: Counted) -> Response:
    """Show how marks come in from a spreadsheet, and go out."""
    return await _page(request, desk, course_id, Outcome())


@router.post("/{course_id}/import")
async def take(
    request: Request, desk: JournalDesk, course_id: Counted, file: UploadFile | None = None,
    deed: Annotated[Deed, Form()] = Deed.CHECK,
) -> Response:  # fmt: skip
    """Check the marks of a spreadsheet, or write them."""
    reach, course = await course_within(desk.services, desk.actor, desk.school, course_id)
    if reach.hand_at(course) is not Hand.TEACHER:
        raise NotAllowed(message("Who teaches the course takes its marks in. You can take them out."))
    try:
        read = await import_marks(desk.services, desk.actor, desk.school, course_id, await chosen(file), deed)
    except Refused as refused:
        return await _page(request, desk, course_id, refused_with(refused))
    outcome = with_problems(read.problems) if read.problems else Outcome(told=_told(read))
    return await _page(request, desk, course_id, outcome)


@router.get("/{course_id}/like/{like}.{form}")
async def send(desk: JournalDesk, course_id: Counted, like: str, form: str, quarter: Asked = 0) -> Response:
    """Send the journal of a quarter as a sheet like another diary's."""
    if like not in set(Like) or form not in {"csv", "xlsx"}:
        raise NotFound
    reach, course = await course_within(desk.services, desk.actor, desk.school, course_id)
    grid = await grid_of(desk.services, reach, course, desk.school, quarter, sees_presence=False)
    rows = rows_like(grid, Like(like), desk.visit.formats)
    body, kind = (csv_of(rows), CSV_TYPE) if form == "csv" else (xlsx_of(rows, course.class_name), XLSX_TYPE)
    name = f"like-{like}-{course.id}-{grid.counting.quarter.number}.{form}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, HTTPStatus.OK, headers, kind)


async def _page(request: Request, desk: Desk, course_id: int, outcome: Outcome) -> Response:
    reach, course = await course_within(desk.services, desk.actor, desk.school, course_id)
    here = f"/schools/{desk.school.code}/journal/{course_id}"
    return shown(
        request, desk, outcome, section="journal", what="marks", back=here, here=here, likes=NAMES,
        name=course.title(desk.visit.language.value), may_take=reach.hand_at(course) is Hand.TEACHER,
    )  # fmt: skip


def _told(read: MarksRead) -> Message:
    if not read.was_taken:
        return message(
            "The file can be taken in: {count} cells would be written, {same} stand there already.", count=read.count,
            same=read.same,
        )  # fmt: skip
    return message("Written: {count} cells; {same} stood there already.", count=read.count, same=read.same)
