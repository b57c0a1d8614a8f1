"""Pages of one post and of a talk's switch: edit, delete, tell of it, hide, let stand, mute; read only, quiet hours."""

from collections.abc import Awaitable
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.talks.kinds import AUTHORS, KINDS, SECTION
from cloud.talks.leading import close_chat, open_again, set_chat
from cloud.talks.moderating import hide, let_stand, report, told_of
from cloud.talks.muting import mute
from cloud.talks.pages import Line, Words, talk_page
from cloud.talks.posting import delete, edit
from cloud.talks.reach import seat_of
from cloud.talks.reading import note_look, post_of
from cloud.talks.rules import DAYS_MAX, EDITED_WITHIN, checked_hours, may_edit

router = APIRouter(prefix="/talks/{talk_id}", include_in_schema=False)
PAGE = "talks/post.html"


@router.get("/posts/{post_id}")
async def show(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, talk_id: Counted, post_id: Counted
) -> Response:
    """Show a post with what can be done about it."""
    return await _one(request, visit, actor, services, talk_id, post_id)


@router.post("/posts/{post_id}/edit")
async def do_edit(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, talk_id: Counted, post_id: Counted,
    words: Words = "",
) -> Response:  # fmt: skip
    """Let one's own post say something else."""
    deed = edit(services, actor, talk_id, post_id, words)
    return await _done(request, visit, actor, services, talk_id, post_id, deed)


@router.post("/posts/{post_id}/delete")
async def do_delete(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, talk_id: Counted, post_id: Counted
) -> Response:
    """Delete one's own post; that it was there is seen."""
    return await _done(request, visit, actor, services, talk_id, post_id, delete(services, actor, talk_id, post_id))


@router.post("/posts/{post_id}/report")
async def do_report(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, talk_id: Counted, post_id: Counted,
    reason: Line = "",
) -> Response:  # fmt: skip
    """Tell moderators of a post."""
    deed = report(services, actor, talk_id, post_id, reason)
    return await _done(request, visit, actor, services, talk_id, post_id, deed)


@router.post("/posts/{post_id}/hide")
async def do_hide(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, talk_id: Counted, post_id: Counted,
    reason: Line = "",
) -> Response:  # fmt: skip
    """Hide a post from everybody but moderators."""
    deed = hide(services, actor, talk_id, post_id, reason)
    return await _done(request, visit, actor, services, talk_id, post_id, deed)


@router.post("/posts/{post_id}/stand")
async def do_let_stand(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, talk_id: Counted, post_id: Counted
) -> Response:
    """Decide that a post that was told of stays."""
    return await _done(request, visit, actor, services, talk_id, post_id, let_stand(services, actor, talk_id, post_id))


@router.post("/posts/{post_id}/mute")
async def do_mute(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, talk_id: Counted, post_id: Counted,
    days: Annotated[int, Form(ge=0, le=1_000)] = 0, reason: Line = "",
) -> Response:  # fmt: skip
    """Let the author of a post not write for some days."""
    deed = mute(services, actor, talk_id, post_id, days, reason)
    return await _done(request, visit, actor, services, talk_id, post_id, deed)


@router.post("/set")
async def do_set(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, talk_id: Counted,
    read_only: Annotated[bool, Form()] = False, quiet_from: Annotated[str, Form(max_length=8)] = "",
    quiet_to: Annotated[str, Form(max_length=8)] = "",
) -> Response:  # fmt: skip
    """Turn the switch of a talk, and set its quiet hours."""

    async def deed() -> None:
        quiet = checked_hours(quiet_from, quiet_to)
        await set_chat(services, actor, talk_id, is_read_only=read_only, quiet=quiet)

    return await _turned(request, visit, actor, services, talk_id, deed())


@router.post("/close")
async def do_close(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, talk_id: Counted
) -> Response:
    """Let nobody write in a talk any more."""
    return await _turned(request, visit, actor, services, talk_id, close_chat(services, actor, talk_id))


@router.post("/open-again")
async def do_open_again(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, talk_id: Counted
) -> Response:
    """Let people write in a talk again."""
    return await _turned(request, visit, actor, services, talk_id, open_again(services, actor, talk_id))


async def _turned(
    request: Request, visit: Visit, actor: Actor, services: Services, talk_id: int, done: Awaitable[None]
) -> Response:
    try:
        await done
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await talk_page(request, visit, actor, services, talk_id, refused=refused)
    return RedirectResponse(f"/talks/{talk_id}", HTTPStatus.SEE_OTHER)


async def _done(
    request: Request, visit: Visit, actor: Actor, services: Services, talk_id: int, post_id: int,
    done: Awaitable[None],
) -> Response:  # fmt: skip
    try:
        await done
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _one(request, visit, actor, services, talk_id, post_id, refused)
    return RedirectResponse(f"/talks/{talk_id}/posts/{post_id}", HTTPStatus.SEE_OTHER)


async def _one(
    request: Request, visit: Visit, actor: Actor, services: Services, talk_id: int, post_id: int,
    refused: Refused | None = None,
) -> Response:  # fmt: skip
    seat = await seat_of(services, actor, talk_id)
    post, now = await post_of(services, actor, seat, post_id), services.clock.now()
    await note_look(services, actor, seat)
    return pages_of(request).page(
        replace(visit, zone=seat.zone), PAGE, status=refused.status if refused else HTTPStatus.OK, section=SECTION,
        seat=seat, post=post, edits=may_edit(post, now), told=await told_of(services, seat, post), kinds=KINDS,
        authors=AUTHORS, days_max=DAYS_MAX, minutes=int(EDITED_WITHIN.total_seconds()) // 60,
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip
