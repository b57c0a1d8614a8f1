"""The board's pages for its readers: what stands on it, one announcement with its files, confirming it."""

from dataclasses import replace
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.announcements.board import board_of, confirm, may_read, open_posting, received_file
from cloud.announcements.kinds import SECTION
from cloud.announcements.waiting import counts_of
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.downloads import as_download
from cloud.core.errors import NotFound
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.messages.kinds import LANGUAGES

router = APIRouter(prefix="/announcements", include_in_schema=False)
LIST, ONE = "announcements/board.html", "announcements/opened.html"
_CODES = "SELECT code FROM school WHERE id = ANY($1::bigint[]) ORDER BY code LIMIT 20"


@router.get("")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices) -> Response:
    """Show what stands on the board for the actor."""
    _require_reader(actor)
    board = await board_of(services, actor, visit.language.value)
    here = replace(visit, zone=board[0].zone) if board else visit
    return pages_of(request).page(
        here, LIST, section=SECTION, board=board, desks=await _desks(services, actor),
        many=len({each.school_id for each in board}) > 1,
    )  # fmt: skip


@router.get("/{number}")
async def show_one(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, number: Counted
) -> Response:
    """Show an announcement; it is seen then."""
    _require_reader(actor)
    posting, files = await open_posting(services, actor, number, visit.language.value)
    here = replace(visit, zone=posting.zone, counts={**visit.counts, **await counts_of(services, actor)})
    return pages_of(request).page(here, ONE, section=SECTION, each=posting, files=files, langs=LANGUAGES)


@router.get("/{number}/files/{file_id}")
async def send_file(actor: SignedIn, services: TheServices, number: Counted, file_id: Counted) -> Response:
    """Hand out a file of an announcement."""
    _require_reader(actor)
    file = await received_file(services, actor, number, file_id)
    return as_download(file)


@router.post("/{number}/confirm")
async def do_confirm(actor: SignedIn, services: TheServices, number: Counted) -> Response:
    """Confirm to have read an announcement."""
    _require_reader(actor)
    await confirm(services, actor, number)
    return RedirectResponse(f"/announcements/{number}", HTTPStatus.SEE_OTHER)


def _require_reader(actor: Actor) -> None:
    if not may_read(actor):
        raise NotFound


async def _desks(services: Services, actor: Actor) -> list[str]:
    """Return the codes of the schools on whose board the actor posts."""
    posts = [
        each for each in {reach.school_id for reach in actor.reaches if reach.school_id is not None}
        if actor.can(Right.BOARD_POST, each) or actor.classes(Right.BOARD_POST, each)
    ]  # fmt: skip
    return [row["code"] for row in await services.database.pool.fetch(_CODES, posts)] if posts else []
