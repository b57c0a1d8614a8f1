"""Profiles of who works at the school: the list, whose attestation ends soon, and one of them, kept and confirmed."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.portfolio.adding import add, confirm, send_back
from cloud.portfolio.entries import SOON, ending_at, entries_of, staff_of, waiting_of_staff
from cloud.portfolio.files import PICTURE_MAX, file_of
from cloud.portfolio.judges import is_close
from cloud.portfolio.kinds import CATEGORIES, KINDS, OF_STAFF, State, Subject
from cloud.portfolio.reach import staff_at
from cloud.portfolio.web import EntryForm, Seen, Title, as_file, file_in

router = APIRouter(include_in_schema=False)
LIST = "/schools/{code}/staff"
ONE = "/schools/{code}/staff/{worker}/profile"
ReaderDesk = Annotated[Desk, Depends(desk_of(Right.STAFF_PROFILES_READ))]
KeeperDesk = Annotated[Desk, Depends(desk_of(Right.STAFF_PROFILES_KEEP))]
OFFERED = {"kinds": {each.value: KINDS[each] for each in OF_STAFF}, "levels": CATEGORIES, "places": {}}


@router.get(LIST)
async def show_all(request: Request, desk: ReaderDesk) -> Response:
    """Show who works here, what waits, and whose attestation ends soon."""
    actor, school, services = desk.actor, desk.school, desk.services
    return pages_of(request).page(
        desk.visit, "office/staff_profiles.html", section="portfolio",
        staff=await staff_of(services, actor, school.id, school.on), today=school.on, soon=school.on + SOON,
        ending=await ending_at(services, actor, school.id, school.on),
        waiting=await waiting_of_staff(services, actor, school.id),
    )  # fmt: skip


@router.get(ONE)
async def show(request: Request, desk: ReaderDesk, worker: str) -> Response:
    """Show a profile."""
    return await _page(request, desk, await _whose(desk, worker, Right.STAFF_PROFILES_READ))


@router.post(ONE + "/entries")
async def put(
    request: Request,
    desk: KeeperDesk,
    worker: str,
    form: Annotated[EntryForm, Depends()],
    file: UploadFile | None = None,
) -> Response:
    """Add an entry, which counts at once."""
    whose = await _whose(desk, worker, Right.STAFF_PROFILES_KEEP)

    async def deed() -> None:
        given, scan = form.given(), await file_in(file)
        await add(desk.services, desk.actor, whose, given, OF_STAFF, state=State.CONFIRMED, file=scan)

    return await _done(request, desk, whose, deed(), form)


@router.post(ONE + "/entries/{entry_id}/confirm")
async def say_yes(request: Request, desk: KeeperDesk, worker: str, entry_id: Counted, seen: Seen = "") -> Response:
    """Confirm an entry."""
    whose = await _whose(desk, worker, Right.STAFF_PROFILES_KEEP)
    return await _done(request, desk, whose, confirm(desk.services, desk.actor, whose, entry_id, seen))


@router.post(ONE + "/entries/{entry_id}/return")
async def say_no(request: Request, desk: KeeperDesk, worker: str, entry_id: Counted, reason: Title = "") -> Response:
    """Send an entry back with a reason."""
    whose = await _whose(desk, worker, Right.STAFF_PROFILES_KEEP)
    return await _done(request, desk, whose, send_back(desk.services, desk.actor, whose, entry_id, reason))


@router.get(ONE + "/entries/{entry_id}/files/{file_id}")
async def file(desk: ReaderDesk, worker: str, entry_id: Counted, file_id: Counted) -> Response:
    """Hand out a file of an entry."""
    whose = await _whose(desk, worker, Right.STAFF_PROFILES_READ)
    return as_file(await file_of(desk.services, whose.id, entry_id, file_id), file_id)


async def _whose(desk: Desk, worker: str, right: Right) -> Subject:
    return await staff_at(desk.services, desk.actor, desk.school.id, worker, right)


async def _done(
    request: Request, desk: Desk, whose: Subject, deed: Awaitable[None], typed: EntryForm | None = None
) -> Response:
    try:
        await deed
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, desk, whose, refused, typed)
    return RedirectResponse(f"/schools/{desk.school.code}/staff/{whose.ref}/profile", HTTPStatus.SEE_OTHER)


async def _page(
    request: Request, desk: Desk, whose: Subject, refused: Refused | None = None, typed: EntryForm | None = None
) -> Response:
    actor, services = desk.actor, desk.services
    may_keep = actor.can(Right.STAFF_PROFILES_KEEP, desk.school.id)
    if may_keep:
        may_keep = not await is_close(services, services.database.pool, actor, whose)
    return pages_of(request).page(
        desk.visit, "office/staff_profile.html", status=refused.status if refused else HTTPStatus.OK,
        section="portfolio", whose=whose, entries=await entries_of(services, actor, whose, OF_STAFF),
        may_keep=may_keep, today=desk.school.on, typed=typed,
        offered=OFFERED, file_max=PICTURE_MAX,
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip
