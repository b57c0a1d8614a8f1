"""A lesson of the journal: its plan, who was there, marks and remarks of the whole class, without a script too."""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, own_desk
from cloud.calls.queries import came_to, held_by_video
from cloud.consents.scans import SCAN_MAX
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.downloads import as_download
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.sealed_files import file_of, files_of_one
from cloud.homework.queries import homework_of_courses
from cloud.journal.files import FILES, FILES_MAX, add_file, drop_lesson_file
from cloud.journal.kinds import NOTHING, Kind, written
from cloud.journal.lessons import Planned, plan_lesson
from cloud.journal.marking import Change, Place, mark, place_of, remark, take
from cloud.journal.offers import hours_on, offers_on
from cloud.journal.queries import cells_of, history_of, learners_of, lesson_of, remarks_of
from cloud.journal.reach import course_within, sees_presence
from cloud.journal.rules import Hand, check_lesson
from cloud.office.journal_view import letters_of
from cloud.office.person import Text
from cloud.studies.queries import Course

router = APIRouter(prefix="/schools/{code}/journal/{course_id}/lessons/{lesson_id}", include_in_schema=False)
JournalDesk = Annotated[Desk, Depends(own_desk(Right.JOURNAL_READ, Right.JOURNAL_KEEP))]
Long = Annotated[str, Form(max_length=10_000)]
Number = Annotated[int, Form(ge=0, le=2**62)]
Many = Annotated[list[str], Form(max_length=100)]
Seen = Annotated[list[int], Form(max_length=100)]


@router.get("")
async def show(request: Request, desk: JournalDesk, course_id: Counted, lesson_id: Counted) -> Response:
    """Show a lesson."""
    return await _page(request, desk, course_id, lesson_id, None)


@router.post("")
async def plan(
    request: Request, desk: JournalDesk, course_id: Counted, lesson_id: Counted, theme: Text = "", notes: Long = "",
    links: Long = "", kind: Text = "lesson", points_max: Number = 0,
) -> Response:  # fmt: skip
    """Keep the plan of a lesson."""
    place = await place_of(desk.services, desk.actor, desk.school, course_id, lesson_id)
    planned = Planned(theme, notes, links, Kind(kind) if kind in set(Kind) else place.lesson.kind, points_max)
    try:
        await plan_lesson(desk.services, desk.actor, desk.school, place, planned)
    except NotAllowed:
        raise
    except Refused as refused:
        return await _page(request, desk, course_id, lesson_id, refused)
    return _back(desk, course_id, lesson_id)


@router.post("/take")
async def take_all(request: Request, desk: JournalDesk, course_id: Counted, lesson_id: Counted) -> Response:
    """Write of everybody else what gates, register and families say."""
    place = await place_of(desk.services, desk.actor, desk.school, course_id, lesson_id)
    try:
        await take(desk.services, desk.actor, desk.school, place)
    except NotAllowed:
        raise
    except Refused as refused:
        return await _page(request, desk, course_id, lesson_id, refused)
    return _back(desk, course_id, lesson_id)


@router.post("/files")
async def put_file(
    request: Request, desk: JournalDesk, course_id: Counted, lesson_id: Counted,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Keep a file of a lesson."""
    place = await place_of(desk.services, desk.actor, desk.school, course_id, lesson_id)
    name, content = (file.filename or "", await file.read(SCAN_MAX + 1)) if file is not None else ("", b"")
    try:
        await add_file(desk.services, desk.actor, desk.school, place, name, content)
    except NotAllowed:
        raise
    except Refused as refused:
        return await _page(request, desk, course_id, lesson_id, refused)
    return _back(desk, course_id, lesson_id)


@router.get("/files/{file_id}")
async def send_file(desk: JournalDesk, course_id: Counted, lesson_id: Counted, file_id: Counted) -> Response:
    """Hand out a file of a lesson."""
    await course_within(desk.services, desk.actor, desk.school, course_id)
    lesson = await lesson_of(desk.services, desk.school.id, course_id, lesson_id)
    file = await file_of(desk.services, FILES, lesson.id, file_id)
    return as_download(file)


@router.post("/files/{file_id}/drop")
async def take_file_away(desk: JournalDesk, course_id: Counted, lesson_id: Counted, file_id: Counted) -> Response:
    """Take a file of a lesson away."""
    place = await place_of(desk.services, desk.actor, desk.school, course_id, lesson_id)
    await drop_lesson_file(desk.services, desk.actor, desk.school, place, file_id)
    return _back(desk, course_id, lesson_id)


@router.post("/marks")
async def write_marks(
    request: Request, desk: JournalDesk, course_id: Counted, lesson_id: Counted,
    ref: Many = [], was: Many = [], value: Many = [], seen: Seen = [], told: Many = [], remarked: Many = [],  # noqa: B006
    reason: Text = "",
) -> Response:  # fmt: skip
    """Write what was changed of a class at a lesson: marks and who was there, all or none, then remarks."""
    place = await place_of(desk.services, desk.actor, desk.school, course_id, lesson_id)
    if not len(ref) == len(was) == len(value) == len(seen) == len(told) == len(remarked):
        raise NotFound
    rows = list(zip(ref, was, value, seen, strict=True))
    changes = [Change(each, typed, number) for each, before, typed, number in rows if typed.strip() != before]
    words = {
        each: now for each, before, now in zip(ref, told, remarked, strict=True) if digest_of(now.strip()) != before
    }  # fmt: skip
    try:
        if changes:
            await mark(desk.services, desk.actor, desk.school, place, changes, reason)
        if words:
            await remark(desk.services, desk.actor, desk.school, place, words)
    except NotAllowed:
        raise
    except Refused as refused:
        typed = {each: (cell, now) for each, cell, now in zip(ref, value, remarked, strict=True)}
        return await _page(request, desk, course_id, lesson_id, refused, typed)
    return _back(desk, course_id, lesson_id)


async def _page(
    request: Request, desk: Desk, course_id: int, lesson_id: int, refused: Refused | None,
    typed: Mapping[str, tuple[str, str]] | None = None,
) -> Response:  # fmt: skip
    """Show a lesson; `typed` is what was typed into it and could not be kept."""
    services, language = desk.services, desk.visit.language
    reach, course = await course_within(services, desk.actor, desk.school, course_id)
    lesson = await lesson_of(services, desk.school.id, course_id, lesson_id)
    hand = reach.hand_at(course, lesson)
    place = None if hand is None else await place_of(services, desk.actor, desk.school, course_id, lesson_id)
    closed = _closed(desk, place)
    learners = (await learners_of(services.database.pool, [course_id], lesson.on, lesson.on))[course_id]
    ids = [each.id for each in learners]
    async with services.database.pool.acquire() as connection:
        cells = await cells_of(connection, [lesson_id], ids)
        is_told = sees_offers(desk.actor, course, hand, is_closed=bool(closed))
        offers = await offers_on(connection, services.vault, desk.school.id, ids, lesson.on) if is_told else {}
    hours = (await hours_on(services, desk.school.id, course.class_id, lesson.on)).get(lesson.number)
    history = await history_of(services, ids, [lesson_id])
    return pages_of(request).page(
        desk.visit, "office/journal_lesson.html", status=refused.status if refused else HTTPStatus.OK,
        section="journal", course=course, lesson=lesson, learners=learners, offers=offers, hours=hours, history=history,
        cells={each.id: cells.get((lesson_id, each.id), NOTHING) for each in learners},
        remarks={key[1]: words for key, words in (await remarks_of(services, [lesson_id], ids)).items()},
        written=written, letters=letters_of(language.value), kinds=list(Kind), closed=closed, hand=hand,
        plans=hand is Hand.TEACHER and not lesson.is_off, corrects=hand is Hand.CORRECTOR,
        typed=typed or {}, on=desk.school.on,
        refused=translate(language, refused.message) if refused else "",
        names={each.id: each.name for each in learners}, digest=digest_of, files_max=FILES_MAX,
        file_max=SCAN_MAX, homework=await homework_of_courses(services, [course_id], lesson.on, lesson.on),
        sets_homework=hand is Hand.TEACHER and desk.actor.teaches(Right.HOMEWORK_SET, desk.school.id),
        files=await files_of_one(services, FILES, lesson_id),
        is_by_video=lesson_id in await held_by_video(services, [lesson_id]), came=await came_to(services, lesson_id),
    )  # fmt: skip


def digest_of(text: str) -> str:
    """Return what stands in a form for a text that was shown, so that each text is sent once."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def sees_offers(actor: Actor, course: Course, hand: Hand | None, *, is_closed: bool) -> bool:
    """Tell whether an actor is shown what gates and families say: to write by it, or as it may know anyway."""
    return (hand is Hand.TEACHER and not is_closed) or sees_presence(actor, course)


def _closed(desk: Desk, place: Place | None) -> str:
    """Return why nothing can be written at a lesson here, or nothing."""
    if place is None:
        told = message("Who teaches the course, or gives this lesson, writes. You can look.")
        return translate(desk.visit.language, told)
    try:
        check_lesson(place.hand, place.lesson, place.quarter, desk.school.on, "-")
    except Refused as refused:
        return translate(desk.visit.language, refused.message)
    return ""


def _back(desk: Desk, course_id: int, lesson_id: int) -> Response:
    address = f"/schools/{desk.school.code}/journal/{course_id}/lessons/{lesson_id}"
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)
