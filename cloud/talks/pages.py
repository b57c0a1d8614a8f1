"""Pages of talks for who takes part in them: the own chats and the forum, one talk live, writing, search, files."""

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.consents.scans import FORM_BYTES_MAX
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.downloads import as_download
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.live import stream
from cloud.core.pages import Visit, pages_of
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.portfolio.files import PICTURE_MAX
from cloud.talks.files import FILES_MAX, checked_files, posted_file
from cloud.talks.forum import begin_topic, check_may_begin, may_begin, section_of, sections_of
from cloud.talks.kinds import AUTHORS, KINDS, SECTION, Seat
from cloud.talks.muting import mute_of
from cloud.talks.posting import check_before_files, key_of, write
from cloud.talks.reach import desks_of, seat_of, seats_of, students_in, topics_of
from cloud.talks.reading import mark_read, may_export, moderators_of, note_look, page_of, post_of
from cloud.talks.rules import Given, clock_of, why_not
from cloud.talks.searching import QUERY_MAX, search
from cloud.talks.waiting import counts_of

router = APIRouter(prefix="/talks", include_in_schema=False)
LIST, TALK, TOPICS = "talks/list.html", "talks/talk.html", "talks/section.html"
Words = Annotated[str, Form(max_length=9_000)]
Line = Annotated[str, Form(max_length=400)]
Numbered = Annotated[int, Form(ge=0, le=2**63 - 1)]
Uploads = Annotated[list[UploadFile], File(max_length=FILES_MAX + 1)]
Asked = Annotated[int, Query(ge=0, le=2**63 - 1)]


@router.get("")
async def show(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices,
    q: Annotated[str, Query(max_length=QUERY_MAX * 2)] = "",
) -> Response:  # fmt: skip
    """Show the chats and sections of the forum that are the actor's, or what is found in them."""
    require_joining(actor)
    seats, sections = await seats_of(services, actor), await sections_of(services, actor)
    zone = (seats[0].zone if seats else sections[0].zone) if seats or sections else visit.zone
    return pages_of(request).page(
        replace(visit, zone=zone), LIST, section=SECTION, seats=seats, sections=sections, q=q, kinds=KINDS,
        found=await search(services, actor, q) if q.strip() else None, desks=await desks_of(services, actor),
        many=len({each.school_code for each in seats} | {each.school_code for each in sections}) > 1,
    )  # fmt: skip


@router.get("/sections/{section_id}")
async def show_section(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, section_id: Counted
) -> Response:
    """Show the topics of a section, and the form of a new one."""
    return await _section(request, visit, actor, services, section_id)


@router.post("/sections/{section_id}")
async def do_begin(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, section_id: Counted,
    title: Line = "", words: Words = "", files: Uploads = [],  # noqa: B006 (FastAPI copies it)
) -> Response:  # fmt: skip
    """Begin a topic; what cannot be taken stands in the form again."""
    section = await section_of(services, actor, section_id)
    try:
        await check_may_begin(services, actor, section)
        talk_id = await begin_topic(services, actor, section_id, title, words, await checked_files(await read(files)))
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _section(request, visit, actor, services, section_id, refused, (title, words))
    return RedirectResponse(f"/talks/{talk_id}", HTTPStatus.SEE_OTHER)


@router.get("/{talk_id}")
async def show_talk(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, talk_id: Counted,
    before: Asked = 0, reply: Asked = 0,
) -> Response:  # fmt: skip
    """Show a talk, and note what was read of it."""
    return await talk_page(request, visit, actor, services, talk_id, before=before, reply=reply)


@router.get("/{talk_id}/live")
async def live(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, talk_id: Counted
) -> Response:
    """Stream the newest posts of a talk."""
    found = await seat_of(services, actor, talk_id)
    await note_look(services, actor, found)

    async def draw() -> str:
        seat = await seat_of(services, actor, talk_id)
        page = await page_of(services, actor, seat)
        await mark_read(services, actor, seat, page)
        now = replace(visit, now=services.clock.now(), zone=seat.zone)
        shut = await _shut(services, actor, seat, now)
        return pages_of(request).block(now, TALK, "posts", seat=seat, page=page, authors=AUTHORS, shut=shut)

    return stream(request, [key_of(found)], draw)


@router.post("/{talk_id}")
async def do_write(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, talk_id: Counted,
    words: Words = "", reply_to: Numbered = 0, files: Uploads = [],  # noqa: B006 (FastAPI copies it)
) -> Response:  # fmt: skip
    """Keep a post; what cannot be taken stands in the form again."""
    seat = await seat_of(services, actor, talk_id)
    try:
        await check_before_files(services, actor, seat)
        given = Given(words, reply_to or None)
        post_id = await write(services, actor, talk_id, given, await checked_files(await read(files)))
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await talk_page(request, visit, actor, services, talk_id, reply=reply_to, refused=refused, words=words)
    return RedirectResponse(f"/talks/{talk_id}#post-{post_id}", HTTPStatus.SEE_OTHER)


@router.get("/{talk_id}/files/{file_id}")
async def send_file(actor: SignedIn, services: TheServices, talk_id: Counted, file_id: Counted) -> Response:
    """Hand out a file of a post."""
    seat = await seat_of(services, actor, talk_id)
    file = await posted_file(services, talk_id, file_id, moderates=seat.moderates)
    await note_look(services, actor, seat)
    return as_download(file)


async def talk_page(
    request: Request, visit: Visit, actor: Actor, services: Services, talk_id: int, *, before: int = 0,
    reply: int = 0, refused: Refused | None = None, words: str = "",
) -> Response:  # fmt: skip
    """Return the page of a talk. Raises NotFound."""
    seat = await seat_of(services, actor, talk_id)
    page = await page_of(services, actor, seat, before or None)
    await mark_read(services, actor, seat, page)
    await note_look(services, actor, seat)
    here = replace(visit, zone=seat.zone, counts={**visit.counts, **await counts_of(services, actor)})
    return pages_of(request).page(
        here, TALK, status=refused.status if refused else HTTPStatus.OK, section=SECTION, seat=seat, page=page,
        before=before, words=words, kinds=KINDS, authors=AUTHORS, files_max=FILES_MAX, bytes_max=FORM_BYTES_MAX,
        clock_of=clock_of,
        quoted=await post_of(services, actor, seat, reply) if reply else None,
        shut=await _shut(services, actor, seat, here), moderators=await moderators_of(services, seat),
        exports=may_export(actor, seat.school_id),
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip


async def read(files: Sequence[UploadFile]) -> list[tuple[str, bytes]]:
    """Return names and contents of what was sent with a form, no more of each than can be kept."""
    return [(each.filename or "", await each.read(PICTURE_MAX + 1)) for each in files if each.filename]


def require_joining(actor: Actor) -> None:
    """Raise NotFound for who takes part in no talks."""
    if not actor.kinships(Right.TALKS_JOIN) and not actor.schools_with(Right.TALKS_JOIN):
        raise NotFound


async def _shut(services: Services, actor: Actor, seat: Seat, visit: Visit) -> str:
    """Return why the actor cannot write in a talk now; empty where it can."""
    pool = services.database.pool
    mute = await mute_of(services, pool, actor, seat.school_id, seat.talk_id)
    students = await students_in(services, pool, seat)
    why = why_not(seat, students, mute, services.clock.now(), visit.formats.moment)
    return translate(visit.language, why) if why else ""


async def _section(
    request: Request, visit: Visit, actor: Actor, services: Services, section_id: int,
    refused: Refused | None = None, typed: tuple[str, str] = ("", ""),
) -> Response:  # fmt: skip
    section = await section_of(services, actor, section_id)
    return pages_of(request).page(
        replace(visit, zone=section.zone), TOPICS, status=refused.status if refused else HTTPStatus.OK,
        section=SECTION, of=section, topics=await topics_of(services, actor, section_id), typed=typed,
        begins=may_begin(section, actor), files_max=FILES_MAX, bytes_max=FORM_BYTES_MAX,
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip
