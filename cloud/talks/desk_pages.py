"""Pages of who leads, moderates and keeps: own chats to open, all of a school, the queue, sections, archives."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of, own_desk, reach_desk
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.handed_files import as_attachment
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.talks.archive import kept_of, zipped
from cloud.talks.desk import chats_at
from cloud.talks.forum import put_section, sections_at
from cloud.talks.kinds import AUTHORS, KINDS, SECTION, WHO, As, Kind
from cloud.talks.leading import open_chat, places_of
from cloud.talks.moderating import queue_of
from cloud.talks.muting import lift, mutes_at
from cloud.talks.reading import may_export
from cloud.talks.rules import SectionGiven

router = APIRouter(prefix="/schools/{code}/talks", include_in_schema=False)
LeadingDesk = Annotated[Desk, Depends(own_desk(Right.TALKS_MODERATE, Right.TALKS_TEACH))]
ModeratorsDesk = Annotated[Desk, Depends(reach_desk(Right.TALKS_MODERATE))]
ForumDesk = Annotated[Desk, Depends(desk_of(Right.FORUM_KEEP))]
ExportDesk = Annotated[Desk, Depends(desk_of(Right.TALKS_EXPORT))]
LEAD, QUEUE, SECTIONS, ARCHIVE = "talks/lead.html", "talks/queue.html", "talks/sections.html", "talks/archive.html"
Line = Annotated[str, Form(max_length=400)]
Chosen = Annotated[tuple[str, ...], Form(max_length=8)]


@router.get("")
async def show(request: Request, desk: LeadingDesk) -> Response:
    """Show the chats that one leads or could open, and to who moderates all of them."""
    return await _lead(request, desk)


@router.post("/open")
async def do_open(
    request: Request, desk: LeadingDesk, what: Annotated[str, Form(max_length=10)] = "",
    of: Annotated[int, Form(ge=0, le=2**63 - 1)] = 0,
) -> Response:  # fmt: skip
    """Open the chat of a course or class of one's own."""
    try:
        kind = Kind(what) if what in set(Kind) else Kind.TOPIC
        talk_id = await open_chat(desk.services, desk.actor, desk.school, kind, of)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _lead(request, desk, refused)
    return RedirectResponse(f"/talks/{talk_id}", HTTPStatus.SEE_OTHER)


@router.get("/reports")
async def show_queue(request: Request, desk: ModeratorsDesk) -> Response:
    """Show what was told of posts, and who is muted."""
    services, actor, school_id = desk.services, desk.actor, desk.school.id
    return pages_of(request).page(
        desk.visit, QUEUE, section=SECTION, reports=await queue_of(services, actor, school_id),
        mutes=await mutes_at(services, actor, school_id), kinds=KINDS, authors=AUTHORS,
    )  # fmt: skip


@router.post("/mutes/{mute_id}/lift")
async def do_lift(desk: ModeratorsDesk, mute_id: Counted) -> Response:
    """Let somebody write again."""
    await lift(desk.services, desk.actor, desk.school.id, mute_id)
    return RedirectResponse(f"/schools/{desk.school.code}/talks/reports", HTTPStatus.SEE_OTHER)


@router.get("/sections")
async def show_sections(request: Request, desk: ForumDesk) -> Response:
    """Show the sections of the forum, each with its form."""
    return await _sections(request, desk)


@router.post("/sections")
async def do_add_section(
    request: Request, desk: ForumDesk, name_kk: Line = "", name_ru: Line = "", name_en: Line = "",
    audience: Chosen = (), staff_begins: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Add a section."""
    names = {"kk": name_kk, "ru": name_ru, "en": name_en}
    return await _put(request, desk, SectionGiven(names, _audience(audience), staff_begins))


@router.post("/sections/{section_id}")
async def do_change_section(
    request: Request, desk: ForumDesk, section_id: Counted, name_kk: Line = "", name_ru: Line = "", name_en: Line = "",
    audience: Chosen = (), staff_begins: Annotated[bool, Form()] = False, is_active: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Change a section, or take it out of use."""
    names = {"kk": name_kk, "ru": name_ru, "en": name_en}
    return await _put(request, desk, SectionGiven(names, _audience(audience), staff_begins, is_active), section_id)


@router.get("/{talk_id}/archive.zip")
async def take_out(request: Request, desk: ExportDesk, talk_id: Counted) -> Response:
    """Hand out all of a talk."""
    kept = await kept_of(desk.services, desk.actor, desk.school.id, talk_id)
    page = pages_of(request).page(desk.visit, ARCHIVE, kept=kept, kinds=KINDS, authors=AUTHORS)
    content = await zipped(desk.services, kept, bytes(page.body).decode())
    name = f"talk-{talk_id}-{desk.school.on.isoformat()}.zip"
    return Response(content, media_type="application/zip", headers=dict(as_attachment(name)))


async def _lead(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    services, actor, school = desk.services, desk.actor, desk.school
    places, chats = await places_of(services, actor, school), await chats_at(services, actor, school.id)
    moderates = actor.can(Right.TALKS_MODERATE, school.id) or bool(actor.classes(Right.TALKS_MODERATE, school.id))
    if not places and not moderates:
        raise NotAllowed(message("No courses are yours. Ask the office to tie your account to you as a teacher."))
    return pages_of(request).page(
        desk.visit, LEAD, status=refused.status if refused else HTTPStatus.OK, section=SECTION, places=places,
        chats=chats, moderates=moderates, kinds=KINDS, exports=may_export(actor, school.id),
        refused=_words(desk, refused),
    )  # fmt: skip


async def _put(request: Request, desk: Desk, given: SectionGiven, section_id: int | None = None) -> Response:
    try:
        await put_section(desk.services, desk.actor, desk.school.id, given, section_id)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _sections(request, desk, refused, given if section_id is None else None)
    return RedirectResponse(f"/schools/{desk.school.code}/talks/sections", HTTPStatus.SEE_OTHER)


async def _sections(
    request: Request, desk: Desk, refused: Refused | None = None, typed: SectionGiven | None = None
) -> Response:
    sections = await sections_at(desk.services, desk.actor, desk.school.id)
    return pages_of(request).page(
        desk.visit, SECTIONS, status=refused.status if refused else HTTPStatus.OK, section=SECTION, sections=sections,
        typed=typed or SectionGiven({"kk": "", "ru": "", "en": ""}, frozenset(As)), who=WHO,
        refused=_words(desk, refused),
    )  # fmt: skip


def _audience(chosen: tuple[str, ...]) -> frozenset[As]:
    return frozenset(As(each) for each in chosen if each in set(As))


def _words(desk: Desk, refused: Refused | None) -> str:
    return translate(desk.visit.language, refused.message) if refused else ""
