"""A guardian's pages of messages: the list, one with its files, and the answer that only its writer reads."""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.downloads import as_download
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.messages.answers import answer_school
from cloud.messages.inbox import SECTION, open_message, received_file, received_of, unread_of
from cloud.messages.kinds import LANGUAGES

router = APIRouter(prefix="/messages", include_in_schema=False)
LIST, ONE = "messages/inbox.html", "messages/opened.html"
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


@router.get("")
async def show(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, before: Before = None
) -> Response:
    """Show the messages, the newest first."""
    _require_guardian(actor)
    received, older = await received_of(services, actor, visit.language.value, before)
    here = replace(visit, zone=received[0].zone) if received else visit
    return pages_of(request).page(here, LIST, section=SECTION, received=received, older=older, before=before)


@router.get("/{number}")
async def show_one(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, number: Counted
) -> Response:
    """Show a message; it is read then."""
    _require_guardian(actor)
    return await _one(request, visit, actor, services, number)


@router.get("/{number}/files/{file_id}")
async def send_file(actor: SignedIn, services: TheServices, number: Counted, file_id: Counted) -> Response:
    """Hand out a file of a message."""
    _require_guardian(actor)
    file = await received_file(services, actor, number, file_id)
    return as_download(file)


@router.post("/{number}/answer")
async def answer(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, number: Counted,
    words: Annotated[str, Form(max_length=9_000)] = "",
) -> Response:  # fmt: skip
    """Answer who wrote."""
    _require_guardian(actor)
    try:
        await answer_school(services, actor, number, words)
    except NotFound:
        raise
    except Refused as refused:
        return await _one(request, visit, actor, services, number, refused, words)
    return RedirectResponse(f"/messages/{number}#answers", HTTPStatus.SEE_OTHER)


async def _one(
    request: Request, visit: Visit, actor: Actor, services: Services, number: int, refused: Refused | None = None,
    words: str = "",
) -> Response:  # fmt: skip
    opened = await open_message(services, actor, number, visit.language.value)
    counts = {**visit.counts, SECTION: await unread_of(services, actor)}
    here = replace(visit, zone=opened.message.zone, counts=counts)
    return pages_of(request).page(
        here, ONE, status=refused.status if refused else HTTPStatus.OK, section=SECTION, each=opened.message,
        files=opened.files, answers=opened.answers, langs=LANGUAGES, words=words,
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip


def _require_guardian(actor: Actor) -> None:
    if not actor.kinships(Right.MESSAGES_READ):
        raise NotFound
