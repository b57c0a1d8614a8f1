"""Video lessons at the school: a lesson's page for who gives it, and the server on which they are held, for IT."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of, own_desk
from cloud.calls.errors import CallRefused
from cloud.calls.holding import (
    drop_call,
    drop_recording,
    end_call,
    fetch_recordings,
    lead,
    lesson_within,
    make_call,
    paste_recording,
)
from cloud.calls.joining import policy_towards
from cloud.calls.kinds import KINDS, NAMES, Algorithm, Kind, Names, ServerGiven
from cloud.calls.queries import call_of, came_to, recordings_of
from cloud.calls.servers import check_server, drop_server, server_of, server_set, set_server
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.journal.queries import learners_of

router = APIRouter(prefix="/schools/{code}/calls", include_in_schema=False)
of_lesson = APIRouter(
    prefix="/schools/{code}/journal/{course_id}/lessons/{lesson_id}/video", include_in_schema=False
)  # fmt: skip
SettingDesk = Annotated[Desk, Depends(desk_of(Right.CALLS_SET))]
LessonDesk = Annotated[Desk, Depends(own_desk(Right.JOURNAL_READ, Right.CALLS_HOLD))]
Text = Annotated[str, Form(max_length=600)]
Key = Annotated[str, Form(max_length=8_000)]


@router.get("")
async def show(request: Request, desk: SettingDesk, checked: bool = False) -> Response:
    """Show on which server video lessons are held."""
    return await _settings(request, desk, checked=checked)


@router.post("")
async def put(
    request: Request, desk: SettingDesk, kind: Text = "", address: Text = "", secret: Key = "", app_id: Text = "",
    key_id: Text = "", algorithm: Text = "HS256", names: Text = "full",
) -> Response:  # fmt: skip
    """Set the server."""
    try:
        if kind not in set(Kind) or algorithm not in set(Algorithm) or names not in set(Names):
            raise CallRefused(message("Choose one of what is offered."))
        given = ServerGiven(Kind(kind), address, secret, app_id, key_id, Algorithm(algorithm), Names(names))
        await set_server(desk.services, desk.actor, desk.school.id, given)
    except NotAllowed:
        raise
    except Refused as refused:
        return await _settings(request, desk, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/calls", HTTPStatus.SEE_OTHER)


@router.post("/check")
async def check(request: Request, desk: SettingDesk) -> Response:
    """Ask the server whether it answers."""
    try:
        await check_server(desk.services, desk.actor, desk.school.id)
    except NotFound:
        raise
    except Refused as refused:
        return await _settings(request, desk, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/calls?checked=true", HTTPStatus.SEE_OTHER)


@router.post("/drop")
async def drop(desk: SettingDesk) -> Response:
    """Hold no video lessons any more."""
    await drop_server(desk.services, desk.actor, desk.school.id)
    return RedirectResponse(f"/schools/{desk.school.code}/calls", HTTPStatus.SEE_OTHER)


@of_lesson.get("")
async def show_lesson(request: Request, desk: LessonDesk, course_id: Counted, lesson_id: Counted) -> Response:
    """Show a lesson that is, or may be, held by video."""
    return await _lesson(request, desk, course_id, lesson_id)


@of_lesson.post("")
async def do_make(request: Request, desk: LessonDesk, course_id: Counted, lesson_id: Counted) -> Response:
    """Hold the lesson by video."""
    held = await lesson_within(desk.services, desk.actor, desk.school, course_id, lesson_id)
    deed = make_call(desk.services, desk.actor, desk.school, held)
    return await _done(request, desk, course_id, lesson_id, deed)


@of_lesson.post("/drop")
async def do_drop(request: Request, desk: LessonDesk, course_id: Counted, lesson_id: Counted) -> Response:
    """Hold the lesson in the classroom again."""
    held = await lesson_within(desk.services, desk.actor, desk.school, course_id, lesson_id)
    deed = drop_call(desk.services, desk.actor, desk.school, held)
    return await _done(request, desk, course_id, lesson_id, deed)


@of_lesson.post("/join")
async def do_join(request: Request, desk: LessonDesk, course_id: Counted, lesson_id: Counted) -> Response:
    """Go to the server and lead the lesson there."""
    held = await lesson_within(desk.services, desk.actor, desk.school, course_id, lesson_id)
    back_to = f"{desk.services.settings.public_url}{_here(desk, course_id, lesson_id)}"
    try:
        address = await lead(desk.services, desk.actor, desk.school, held, desk.visit.language, back_to)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _lesson(request, desk, course_id, lesson_id, refused)
    return RedirectResponse(address, HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})


@of_lesson.post("/end")
async def do_end(request: Request, desk: LessonDesk, course_id: Counted, lesson_id: Counted) -> Response:
    """Send everybody out."""
    held = await lesson_within(desk.services, desk.actor, desk.school, course_id, lesson_id)
    return await _done(request, desk, course_id, lesson_id, end_call(desk.services, desk.actor, desk.school, held))


@of_lesson.post("/recordings")
async def do_paste(
    request: Request, desk: LessonDesk, course_id: Counted, lesson_id: Counted, link: Text = ""
) -> Response:  # fmt: skip
    """Keep a link to a recording."""
    held = await lesson_within(desk.services, desk.actor, desk.school, course_id, lesson_id)
    deed = paste_recording(desk.services, desk.actor, desk.school, held, link)
    return await _done(request, desk, course_id, lesson_id, deed)


@of_lesson.post("/recordings/fetch")
async def do_fetch(request: Request, desk: LessonDesk, course_id: Counted, lesson_id: Counted) -> Response:
    """Keep the links to what the server recorded."""
    held = await lesson_within(desk.services, desk.actor, desk.school, course_id, lesson_id)
    deed = fetch_recordings(desk.services, desk.actor, desk.school, held)
    return await _done(request, desk, course_id, lesson_id, deed)


@of_lesson.post("/recordings/{recording_id}/drop")
async def do_drop_recording(
    request: Request, desk: LessonDesk, course_id: Counted, lesson_id: Counted, recording_id: Counted
) -> Response:
    """Take a link away."""
    held = await lesson_within(desk.services, desk.actor, desk.school, course_id, lesson_id)
    deed = drop_recording(desk.services, desk.actor, desk.school, held, recording_id)
    return await _done(request, desk, course_id, lesson_id, deed)


async def _done(
    request: Request, desk: Desk, course_id: int, lesson_id: int, deed: Awaitable[object]
) -> Response:  # fmt: skip
    try:
        await deed
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _lesson(request, desk, course_id, lesson_id, refused)
    return RedirectResponse(_here(desk, course_id, lesson_id), HTTPStatus.SEE_OTHER)


async def _settings(
    request: Request, desk: Desk, refused: Refused | None = None, *, checked: bool = False
) -> Response:  # fmt: skip
    return pages_of(request).page(
        desk.visit, "office/calls.html", status=refused.status if refused else HTTPStatus.OK, section="calls",
        found=await server_set(desk.services, desk.actor, desk.school.id), kinds=KINDS, names=NAMES,
        algorithms=list(Algorithm), checked=checked,
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip


async def _lesson(
    request: Request, desk: Desk, course_id: int, lesson_id: int, refused: Refused | None = None
) -> Response:  # fmt: skip
    services, school_id = desk.services, desk.school.id
    held = await lesson_within(services, desk.actor, desk.school, course_id, lesson_id)
    call, server = await call_of(services, school_id, lesson_id), await server_of(services, school_id)
    on, came = held.lesson.on, await came_to(services, lesson_id)
    learners = (await learners_of(services.database.pool, [course_id], on, on))[course_id]
    page = pages_of(request).page(
        desk.visit, "office/video_lesson.html", status=refused.status if refused else HTTPStatus.OK, section="journal",
        held=held, call=call, kind=server.kind if server else None, recordings=await recordings_of(services, lesson_id),
        came=[(each, came[each.id]) for each in learners if each.id in came], on=desk.school.on,
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip
    page.headers["content-security-policy"] = policy_towards(server)
    return page


def _here(desk: Desk, course_id: int, lesson_id: int) -> str:
    return f"/schools/{desk.school.code}/journal/{course_id}/lessons/{lesson_id}/video"
