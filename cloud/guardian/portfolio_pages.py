"""A child's portfolio for the family and the student: what it holds, adding to it, goals, certificates."""

from collections.abc import Awaitable
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.advice.queries import shared_with_family
from cloud.advice.showing import kept_shown
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.portfolio.adding import add, mend, take_back
from cloud.portfolio.awards import awards_of
from cloud.portfolio.entries import entries_of
from cloud.portfolio.files import PICTURE_MAX, file_of
from cloud.portfolio.goals import goals_of
from cloud.portfolio.kinds import BY_KIN, KINDS, LEVELS, OF_STUDENTS, PLACES, State
from cloud.portfolio.profiles import profile_within
from cloud.portfolio.reach import kin_of, today_at
from cloud.portfolio.web import EntryForm, Words, as_file, file_in
from cloud.progress.queries import progress_of
from cloud.schools.queries import school_of_id

router = APIRouter(prefix="/children/{ref}/portfolio", include_in_schema=False)
OFFERED = {"kinds": {each.value: KINDS[each] for each in BY_KIN}, "levels": LEVELS, "places": PLACES}


@router.get("")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show a portfolio."""
    return await _page(request, visit, actor, services, ref)


@router.post("")
async def put(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    ref: str,
    form: Annotated[EntryForm, Depends()],
    file: UploadFile | None = None,
) -> Response:
    """Add an entry, which waits for the school."""
    whose, _ = await kin_of(services, actor, ref)

    async def deed() -> None:
        await add(services, actor, whose, form.given(), BY_KIN, state=State.WAITING, file=await file_in(file))

    return await _done(request, visit, actor, services, ref, deed(), form)


@router.post("/{entry_id}/reply")
async def say_more(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    ref: str,
    entry_id: Counted,
    words: Words = "",
    file: UploadFile | None = None,
) -> Response:
    """Say more of an entry that waits or was sent back."""
    whose, _ = await kin_of(services, actor, ref)

    async def deed() -> None:
        await mend(services, actor, whose, entry_id, words, await file_in(file))

    return await _done(request, visit, actor, services, ref, deed())


@router.post("/{entry_id}/back")
async def take(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, entry_id: Counted
) -> Response:
    """Take an entry back."""
    whose, _ = await kin_of(services, actor, ref)
    return await _done(request, visit, actor, services, ref, take_back(services, actor, whose, entry_id))


@router.get("/{entry_id}/files/{file_id}")
async def file(actor: SignedIn, services: TheServices, ref: str, entry_id: Counted, file_id: Counted) -> Response:
    """Hand out a file of an entry."""
    whose, _ = await kin_of(services, actor, ref)
    return as_file(await file_of(services, whose.id, entry_id, file_id), file_id)


async def _done(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, deed: Awaitable[None],
    typed: EntryForm | None = None,
) -> Response:  # fmt: skip
    try:
        await deed
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, ref, refused, typed)
    return RedirectResponse(f"/children/{ref}/portfolio", HTTPStatus.SEE_OTHER)


async def _page(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, refused: Refused | None = None,
    typed: EntryForm | None = None,
) -> Response:  # fmt: skip
    whose, decides = await kin_of(services, actor, ref)
    school = await school_of_id(services, whose.school_id)
    today = await today_at(services.database.pool, whose.school_id, services.clock.now())
    return pages_of(request).page(
        replace(visit, zone=school.zone), "guardian/portfolio.html",
        status=refused.status if refused else HTTPStatus.OK, section="children", whose=whose,
        profile=await profile_within(services, whose) if decides else None,
        entries=await entries_of(services, actor, whose, OF_STUDENTS), goals=await goals_of(services, whose),
        progress=await progress_of(services, whose.school_id, whose.id, today),
        language=visit.language.value, advice=kept_shown(await shared_with_family(services, whose), visit.language),
        awards=await awards_of(services, whose), today=today, offered=OFFERED, file_max=PICTURE_MAX, typed=typed,
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip
