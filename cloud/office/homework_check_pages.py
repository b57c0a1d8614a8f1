"""Checking homework by the keyboard, from one student to the next: what was handed in, a comment, a mark."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.core.api import Counted
from cloud.core.downloads import as_download
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.homework.checking import Markable, Points, check, markable_of, send_back
from cloud.homework.errors import HomeworkRefused
from cloud.homework.files import answer_file_of
from cloud.homework.kinds import Homework
from cloud.homework.queries import recipients_of
from cloud.homework.reach import homework_kept, homework_within, keeps
from cloud.homework.rules import COMMENT_MAX
from cloud.homework.sheet import Row, sheet_of
from cloud.journal.kinds import written
from cloud.office.homework import HomeworkDesk, Typed, here_of

router = APIRouter(prefix="/schools/{code}/homework/{homework_id}/students/{ref}", include_in_schema=False)
Seen = Annotated[int, Form(ge=0, le=2**62)]
Comment = Annotated[str, Form(max_length=4 * COMMENT_MAX)]


@router.get("")
async def show(request: Request, desk: HomeworkDesk, homework_id: Counted, ref: str) -> Response:
    """Show what a student handed in."""
    return await _page(request, desk, homework_id, ref, None)


@router.post("")
async def say_checked(
    request: Request, desk: HomeworkDesk, homework_id: Counted, ref: str, seen: Seen = 0, comment: Comment = "",
    points: Typed = "", lesson: Typed = "",
) -> Response:  # fmt: skip
    """Check it, and lead to the next student whose homework waits."""
    await homework_kept(desk.services, desk.actor, desk.school, homework_id)
    try:
        given = _points(points, lesson)
        await check(desk.services, desk.actor, desk.school, homework_id, ref, seen, comment, given)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _page(request, desk, homework_id, ref, refused, (points, lesson, comment))
    return await _onward(desk, homework_id, ref)


@router.post("/return")
async def say_again(
    request: Request, desk: HomeworkDesk, homework_id: Counted, ref: str, seen: Seen = 0, comment: Comment = "",
    points: Typed = "", lesson: Typed = "",
) -> Response:  # fmt: skip
    """Return it for rework, and lead to the next one."""
    try:
        await send_back(desk.services, desk.actor, desk.school, homework_id, ref, seen, comment)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _page(request, desk, homework_id, ref, refused, (points, lesson, comment))
    return await _onward(desk, homework_id, ref)


@router.get("/files/{file_id}")
async def send_file(desk: HomeworkDesk, homework_id: Counted, ref: str, file_id: Counted) -> Response:
    """Hand out a file of what a student handed in; a page shows pictures of it, which were drawn anew."""
    await homework_within(desk.services, desk.actor, desk.school, homework_id)
    pupil = next(
        (each for each in await recipients_of(desk.services.database.pool, homework_id) if each.ref == ref), None
    )
    if pupil is None:
        raise NotFound
    file = await answer_file_of(desk.services, homework_id, pupil.id, file_id)
    return as_download(file)


async def _page(
    request: Request, desk: HomeworkDesk, homework_id: int, ref: str, refused: Refused | None,
    typed: tuple[str, str, str] | None = None,
) -> Response:  # fmt: skip
    """Show a student's homework; `typed` is what could not be kept: points, lesson, comment."""
    reach, course, homework = await homework_within(desk.services, desk.actor, desk.school, homework_id)
    rows = await sheet_of(desk.services, homework)
    row = next((each for each in rows if each.pupil.ref == ref), None)
    if row is None:
        raise NotFound
    is_kept = keeps(desk.actor, reach, course, homework)
    lessons = (await markable_of(desk.services, reach, course, desk.school, [row.pupil.id]))[row.pupil.id]
    return pages_of(request).page(
        desk.visit, "office/homework_check.html", status=refused.status if refused else HTTPStatus.OK,
        section="homework", course=course, homework=homework, row=row, following=next_of(rows, ref), keeps=is_kept,
        lessons=[each for each in lessons if each.is_there], chosen=offered_of(homework, row, lessons),
        waiting=sum(each.waits for each in rows), written=written, typed=typed, comment_max=COMMENT_MAX,
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip


def next_of(rows: Sequence[Row], ref: str) -> str:
    """Return the student after this one whose homework waits, from the beginning again after the last; none is empty.

    Pure.
    """
    place = next((number for number, each in enumerate(rows) if each.pupil.ref == ref), 0)
    return next((each.pupil.ref for each in [*rows[place + 1 :], *rows[:place]] if each.waits), "")


def offered_of(homework: Homework, row: Row, lessons: Sequence[Markable]) -> int:
    """Return at which lesson a mark is put if nothing else is said: where it was put, the one it is due by, the last.

    0 where there is none. Pure.
    """
    there = [each.lesson for each in lessons if each.is_there]
    put = row.last.lesson_id if row.last else None
    wanted = [each.id for each in there if each.id == put]
    wanted += [each.id for each in there if (each.on, each.number) == (homework.due_on, homework.due_number)]
    wanted += [each.id for each in there if each.on == homework.due_on]
    return [*wanted, *(each.id for each in there), 0][0]


def _points(typed: str, lesson: str) -> Points | None:
    """Return the mark of a form, whose lesson is told with the number of what was seen there, as 12.5."""
    if not typed.strip():
        return None
    lesson_id, _, seen = lesson.partition(".")
    if not all(each.isascii() and each.isdigit() and len(each) < 19 for each in (lesson_id, seen)):
        raise HomeworkRefused(message("Choose the lesson for the mark."))
    return Points(int(lesson_id), int(seen), typed.strip())


async def _onward(desk: HomeworkDesk, homework_id: int, ref: str) -> Response:
    _, _, homework = await homework_within(desk.services, desk.actor, desk.school, homework_id)
    following = next_of(await sheet_of(desk.services, homework), ref)
    here = f"{here_of(desk)}/{homework_id}"
    return RedirectResponse(f"{here}/students/{following}" if following else here, HTTPStatus.SEE_OTHER)
