"""What the school does with a student's portfolio: adds, confirms, sends back, hands out files, gives certificates."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.rights import Right
from cloud.office.profile import PREFIX, Judged, JudgeDesk, Outcome, ReaderDesk, back_to, profile_page
from cloud.portfolio.adding import add, confirm, send_back
from cloud.portfolio.awards import award, revoke
from cloud.portfolio.files import file_of
from cloud.portfolio.kinds import OF_STUDENTS, State
from cloud.portfolio.reach import student_at
from cloud.portfolio.web import EntryForm, Seen, Title, Words, as_file, file_in

router = APIRouter(prefix=PREFIX, include_in_schema=False)
FROM_LIST = "list"


@router.post("/entries")
async def put(
    request: Request,
    desk: JudgeDesk,
    whose: Judged,
    form: Annotated[EntryForm, Depends()],
    file: UploadFile | None = None,
) -> Response:
    """Add an entry, which counts at once."""
    try:
        given, scan = form.given(), await file_in(file)
        await add(desk.services, desk.actor, whose, given, OF_STUDENTS, state=State.CONFIRMED, file=scan)
    except NotFound:
        raise
    except Refused as refused:
        return await profile_page(request, desk, whose.ref, Outcome(refused, entry=form))
    return back_to(desk, whose.ref, "portfolio")


@router.post("/entries/{entry_id}/confirm")
async def say_yes(
    request: Request,
    desk: JudgeDesk,
    whose: Judged,
    entry_id: Counted,
    seen: Seen = "",
    back: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Confirm an entry."""
    return await _done(request, desk, whose.ref, confirm(desk.services, desk.actor, whose, entry_id, seen), back)


@router.post("/entries/{entry_id}/return")
async def say_no(
    request: Request,
    desk: JudgeDesk,
    whose: Judged,
    entry_id: Counted,
    reason: Title = "",
    back: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Send an entry back with a reason."""
    return await _done(request, desk, whose.ref, send_back(desk.services, desk.actor, whose, entry_id, reason), back)


@router.get("/entries/{entry_id}/files/{file_id}")
async def file(desk: ReaderDesk, ref: str, entry_id: Counted, file_id: Counted) -> Response:
    """Hand out a file of an entry."""
    whose = await student_at(desk.services, desk.actor, desk.school.id, ref, Right.PROFILES_READ)
    return as_file(await file_of(desk.services, whose.id, entry_id, file_id), file_id)


@router.post("/awards")
async def give(request: Request, desk: JudgeDesk, whose: Judged, title: Title = "", words: Words = "") -> Response:
    """Give a certificate."""
    return await _done(request, desk, whose.ref, award(desk.services, desk.actor, whose, title, words), part="awards")


@router.post("/awards/{award_id}/revoke")
async def take(request: Request, desk: JudgeDesk, whose: Judged, award_id: Counted) -> Response:
    """Take a certificate back."""
    return await _done(request, desk, whose.ref, revoke(desk.services, desk.actor, whose, award_id), part="awards")


async def _done(
    request: Request, desk: Desk, ref: str, deed: Awaitable[object], back: str = "", part: str = "portfolio"
) -> Response:
    try:
        await deed
    except NotFound:
        raise
    except Refused as refused:
        return await profile_page(request, desk, ref, Outcome(refused))
    if back == FROM_LIST:
        return RedirectResponse(f"/schools/{desk.school.code}/portfolio", HTTPStatus.SEE_OTHER)
    return back_to(desk, ref, part)
