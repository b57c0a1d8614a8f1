"""Banks of questions exchanged with other programs: packages of QTI 3 taken in and out."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, UploadFile
from fastapi.responses import Response

from cloud.assessments.banks import banks_within, themes_of
from cloud.assessments.errors import TestRefused
from cloud.assessments.qti_banks import Chosen, PutIn, package_of, take_package
from cloud.assessments.qti_packages import PACKAGE_MAX
from cloud.assessments.reach import makes_any
from cloud.attendance.web import Desk
from cloud.core.errors import Refused
from cloud.core.handed_files import as_attachment, safe_name
from cloud.core.messages import message
from cloud.office.assessments import MakeDesk, Number, Page, Text, back_to, refused_by, whole_of
from cloud.schools.rules import GRADES

router = APIRouter(prefix="/schools/{code}/tests/packages", include_in_schema=False)
PAGE = Page("office/packages.html")
ZIP = "application/zip"
Asked = Annotated[int, Query(ge=0, le=2**53)]
Word = Annotated[str, Query(max_length=200)]
Grade = Annotated[str, Query(max_length=2)]


@router.get("")
async def show(request: Request, desk: MakeDesk, subject: Asked = 0) -> Response:
    """Show how packages are taken in and out."""
    return await _page(request, desk, subject)


@router.get("/download")
async def take_out(
    request: Request, desk: MakeDesk, subject: Asked = 0, grade: Grade = "", theme: Word = "*"
) -> Response:  # fmt: skip
    """Send a part of a bank as a package."""
    reach = await makes_any(desk.services, desk.actor, desk.school)
    banks = await banks_within(desk.services, reach, desk.school.id)
    bank = next((each for each in banks if each.id == subject), None)
    if bank is None:
        return back_to(desk, "/packages")
    name = bank.name(desk.visit.language.value)
    chosen = Chosen(subject, whole_of(grade) if whole_of(grade) in GRADES else None, None if theme == "*" else theme)
    try:
        content = await package_of(desk.services, desk.actor, desk.school, chosen, name)
    except TestRefused as refused:
        return await _page(request, desk, subject, refused)
    headers = {**as_attachment(safe_name(name, ".zip")), "cache-control": "no-store"}
    return Response(content, media_type=ZIP, headers=headers)


@router.post("")
async def take_in(
    request: Request, desk: MakeDesk, subject: Number = 0, grade: Number = 0, theme: Text = "",
    file: UploadFile | None = None,
) -> Response:  # fmt: skip
    """Put the questions of a package into a bank, and tell what became of each that could not be taken as it is."""
    await makes_any(desk.services, desk.actor, desk.school)  # before what was sent is read
    content = await file.read(PACKAGE_MAX + 1) if file is not None else b""
    done: list[PutIn] = []

    async def change() -> None:
        if not content:
            raise TestRefused(message("Choose a file first."))
        chosen = Chosen(subject, grade, theme)
        done.append(await take_package(desk.services, desk.actor, desk.school, chosen, content))

    refused = await refused_by(change())
    return await _page(request, desk, subject, refused, done[0] if done else None)


async def _page(
    request: Request, desk: Desk, asked: int, refused: Refused | None = None, put: PutIn | None = None
) -> Response:  # fmt: skip
    reach = await makes_any(desk.services, desk.actor, desk.school)
    banks = await banks_within(desk.services, reach, desk.school.id)
    chosen = next((each for each in banks if each.id == asked), banks[0] if banks else None)
    themes = await themes_of(desk.services.database.pool, desk.school.id, chosen.id) if chosen else {}
    return PAGE.shown(
        request, desk, refused, banks=banks, chosen=chosen, grades=GRADES, themes=themes, put=put, file_max=PACKAGE_MAX,
        grade=reach.first_grade,
    )  # fmt: skip
