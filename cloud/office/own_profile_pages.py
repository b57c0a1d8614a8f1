"""The own profile of who works at a school: education, titles, attestation, training; the office confirms."""

from collections.abc import Awaitable
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.office.staff_profile_pages import OFFERED
from cloud.portfolio.adding import add, mend, take_back
from cloud.portfolio.entries import entries_of
from cloud.portfolio.files import PICTURE_MAX, file_of
from cloud.portfolio.kinds import OF_STAFF, State
from cloud.portfolio.reach import own_place, own_places, today_at
from cloud.portfolio.web import EntryForm, Words, as_file, file_in
from cloud.schools.queries import school_of_id

router = APIRouter(prefix="/profile", include_in_schema=False)


@router.get("")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, at: str = "") -> Response:
    """Show the own profile, at the first school where one works or at the one that is named."""
    return await _page(request, visit, actor, services, at)


@router.post("/{worker}/entries")
async def put(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    worker: str,
    form: Annotated[EntryForm, Depends()],
    file: UploadFile | None = None,
) -> Response:
    """Add an entry, which waits for the office."""
    whose = await own_place(services, actor, worker)

    async def deed() -> None:
        await add(services, actor, whose, form.given(), OF_STAFF, state=State.WAITING, file=await file_in(file))

    return await _done(request, visit, actor, services, worker, deed(), form)


@router.post("/{worker}/entries/{entry_id}/reply")
async def say_more(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    worker: str,
    entry_id: Counted,
    words: Words = "",
    file: UploadFile | None = None,
) -> Response:
    """Say more of an entry that waits or was sent back."""
    whose = await own_place(services, actor, worker)

    async def deed() -> None:
        await mend(services, actor, whose, entry_id, words, await file_in(file))

    return await _done(request, visit, actor, services, worker, deed())


@router.post("/{worker}/entries/{entry_id}/back")
async def take(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, worker: str, entry_id: Counted
) -> Response:
    """Take an entry back."""
    whose = await own_place(services, actor, worker)
    return await _done(request, visit, actor, services, worker, take_back(services, actor, whose, entry_id))


@router.get("/{worker}/entries/{entry_id}/files/{file_id}")
async def file(actor: SignedIn, services: TheServices, worker: str, entry_id: Counted, file_id: Counted) -> Response:
    """Hand out a file of an entry."""
    whose = await own_place(services, actor, worker)
    return as_file(await file_of(services, whose.id, entry_id, file_id), file_id)


async def _done(
    request: Request, visit: Visit, actor: Actor, services: Services, worker: str, deed: Awaitable[None],
    typed: EntryForm | None = None,
) -> Response:  # fmt: skip
    try:
        await deed
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, worker, refused, typed)
    return RedirectResponse(f"/profile?at={worker}", HTTPStatus.SEE_OTHER)


async def _page(
    request: Request, visit: Visit, actor: Actor, services: Services, at: str, refused: Refused | None = None,
    typed: EntryForm | None = None,
) -> Response:  # fmt: skip
    places = await own_places(services, actor)
    whose = next((each for each in places if each.ref == at), places[0] if places else None)
    if whose is None:
        return pages_of(request).page(visit, "office/own_profile.html", section="own_profile", whose=None)
    schools = [(each.ref, await school_of_id(services, each.school_id)) for each in places]
    zone = next(school.zone for ref, school in schools if ref == whose.ref)
    return pages_of(request).page(
        replace(visit, zone=zone), "office/own_profile.html", status=refused.status if refused else HTTPStatus.OK,
        section="own_profile", whose=whose, places=schools, offered=OFFERED, file_max=PICTURE_MAX, typed=typed,
        entries=await entries_of(services, actor, whose, OF_STAFF),
        today=await today_at(services.database.pool, whose.school_id, services.clock.now()),
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip
