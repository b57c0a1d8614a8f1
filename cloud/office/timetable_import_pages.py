"""A draft of the timetable by spreadsheet: taken in with what is wrong by cell, and taken out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import Refused
from cloud.core.messages import Message, message
from cloud.core.rights import Right
from cloud.core.sheets import CSV_TYPE, XLSX_TYPE, Row, csv_of, xlsx_of
from cloud.imports.lines import Deed
from cloud.imports.timetables import TimetableRead, import_timetable, rows_of_version
from cloud.office.sheet_import import Outcome, chosen, refused_with, shown, with_problems
from cloud.timetable.versions import version_of

router = APIRouter(prefix="/schools/{code}/timetable/versions", include_in_schema=False)
KeepersDesk = Annotated[Desk, Depends(desk_of(Right.TIMETABLE_KEEP))]


@router.get("/{timetable_id}/import")
async def show(request: Request, desk: KeepersDesk, timetable_id: Counted) -> Response:
    """Show how a timetable comes in from a spreadsheet."""
    return await _page(request, desk, timetable_id, Outcome())


@router.post("/{timetable_id}/import")
async def take(
    request: Request, desk: KeepersDesk, timetable_id: Counted, file: UploadFile | None = None,
    deed: Annotated[Deed, Form()] = Deed.CHECK,
) -> Response:  # fmt: skip
    """Check the lessons of a spreadsheet, or put them in the place of the draft's."""
    try:
        read = await import_timetable(
            desk.services, desk.actor, desk.school.id, timetable_id, await chosen(file), desk.school.on, deed
        )
    except Refused as refused:
        return await _page(request, desk, timetable_id, refused_with(refused))
    outcome = with_problems(read.problems) if read.problems else Outcome(told=_told(read))
    return await _page(request, desk, timetable_id, outcome)


@router.get("/{timetable_id}/lessons.csv")
async def as_csv(desk: KeepersDesk, timetable_id: Counted) -> Response:
    """Send a version as CSV."""
    return _file(csv_of(await _rows(desk, timetable_id)), CSV_TYPE, f"timetable-{timetable_id}.csv")


@router.get("/{timetable_id}/lessons.xlsx")
async def as_xlsx(desk: KeepersDesk, timetable_id: Counted) -> Response:
    """Send a version as a workbook."""
    rows = await _rows(desk, timetable_id)
    return _file(xlsx_of(rows, str(timetable_id)), XLSX_TYPE, f"timetable-{timetable_id}.xlsx")


async def _page(request: Request, desk: Desk, timetable_id: int, outcome: Outcome) -> Response:
    version = await version_of(desk.services, desk.school.id, timetable_id)
    here = f"/schools/{desk.school.code}/timetable/versions/{timetable_id}"
    return shown(
        request, desk, outcome, section="timetable", what="timetable", back=here, here=here, name=version.name,
        may_take=version.is_draft, likes={},
    )  # fmt: skip


async def _rows(desk: Desk, timetable_id: int) -> list[Row]:
    asked = (desk.services, desk.actor, desk.school.id, timetable_id, desk.school.on, desk.visit.language)
    return await rows_of_version(*asked)


def _told(read: TimetableRead) -> Message:
    if not read.was_taken:
        return message(
            "The file can be taken in: {count} lessons would stand in the place of the {before} that are there.",
            count=read.count, before=read.before,
        )  # fmt: skip
    return message("Taken in: {count} lessons, in the place of {before}.", count=read.count, before=read.before)


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type=media_type, headers=headers)
