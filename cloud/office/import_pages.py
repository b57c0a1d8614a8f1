"""The office's page of an import: an empty spreadsheet, a check that changes nothing, and the import itself."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import Refused
from cloud.core.i18n import translate
from cloud.core.messages import Message, message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.sheets import XLSX_TYPE
from cloud.imports.actions import check_import, import_school
from cloud.imports.nobd import NAME, nobd_file
from cloud.imports.report import ImportReport
from cloud.imports.template import template
from cloud.imports.zips import FILE_MAX

router = APIRouter(prefix="/schools/{code}/import", include_in_schema=False)
OfficeDesk = Annotated[Desk, Depends(desk_of(Right.PEOPLE_IMPORT))]
IinDesk = Annotated[Desk, Depends(desk_of(Right.IIN_READ))]
NO_FILE = message("Choose a file first.")
IMPORT = "import"


@router.get("")
async def show(request: Request, desk: OfficeDesk) -> Response:
    """Show the form."""
    return _page(request, desk)


@router.get("/template.xlsx")
async def empty(desk: OfficeDesk) -> Response:
    """Send an empty spreadsheet with headings in the reader's language."""
    headers = {"content-disposition": f'attachment; filename="{desk.school.code}.xlsx"'}
    return Response(template(desk.visit.language.value), media_type=XLSX_TYPE, headers=headers)


@router.get("/nobd.zip")
async def nobd(desk: IinDesk) -> Response:
    """Send tables shaped for the national education database."""
    content = await nobd_file(desk.services, desk.actor, desk.school.id, desk.visit.language.value)
    name = f"{NAME}-{desk.school.code}-{desk.school.on}.zip"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type="application/zip", headers=headers)


@router.post("")
async def take(
    request: Request,
    desk: OfficeDesk,
    file: UploadFile | None = None,
    intent: Annotated[str, Form()] = "",
    org: Annotated[str, Form(max_length=255)] = "",
) -> Response:
    """Check a file, or import it; say of every row that cannot be taken what is wrong."""
    content = await file.read(FILE_MAX + 1) if file is not None else b""
    if not content:
        return _page(request, desk, refused=NO_FILE)
    verb = import_school if intent == IMPORT else check_import
    try:
        report = await verb(desk.services, desk.actor, desk.school.id, content, org.strip())
    except Refused as refused:
        return _page(request, desk, refused=refused.message, org=org)
    return _page(request, desk, report=report, org=org)


def _page(
    request: Request, desk: Desk, report: ImportReport | None = None, refused: Message | None = None, org: str = ""
) -> Response:
    is_wrong = refused is not None or (report is not None and report.problem_count > 0)
    return pages_of(request).page(
        desk.visit, "office/import.html", status=HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK,
        section="import", report=report, file_max=FILE_MAX, org=org,
        refused=translate(desk.visit.language, refused) if refused else "",
    )  # fmt: skip
