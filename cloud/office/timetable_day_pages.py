"""A day's lessons: who is away, who gives them instead, what is called off; and the schedule of summative works."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.imports.cells import CellWrong, date_of_text
from cloud.office.person import Text
from cloud.office.timetable_pages import day_of
from cloud.office.timetable_view import TimetableWords
from cloud.schools.queries import terms_of
from cloud.studies.queries import staff_of_school
from cloud.studies.rules import year_of
from cloud.timetable import substituting
from cloud.timetable.errors import TimetableRefused
from cloud.timetable.framing import Book, book_of
from cloud.timetable.kinds import LESSON, SUMMATIVE
from cloud.timetable.laying import planned_at
from cloud.timetable.lessons import lesson_of, lessons_between, on_days
from cloud.timetable.summative import Wrong, set_kind, works_between

router = APIRouter(prefix="/schools/{code}/timetable", include_in_schema=False)
ReadersDesk = Annotated[Desk, Depends(desk_of(Right.TIMETABLE_READ))]
KeepersDesk = Annotated[Desk, Depends(desk_of(Right.TIMETABLE_KEEP))]
Number = Annotated[int, Form(ge=0, le=2**62)]
Small = Annotated[int, Form(ge=0, le=12)]
Asked = Annotated[str, Query(max_length=10)]
DAY, LESSON_PAGE, WORKS = "office/timetable_day.html", "office/timetable_lesson.html", "office/timetable_works.html"
A_DAY, LOOKED, TERM = timedelta(days=1), timedelta(days=13), timedelta(days=62)
WRONGS = {
    Wrong.NO_LESSON: "work_no_lesson", Wrong.OFF: "work_off", Wrong.TOO_MANY: "work_too_many",
    Wrong.LAST_DAY: "work_last_day",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AddForm:
    """A lesson that is added on a day."""

    course_id: Number = 0
    on: Text = ""
    number: Small = 0
    room: Text = ""
    note: Text = ""


@router.get("/day")
async def show(request: Request, desk: ReadersDesk, on: Asked = "") -> Response:
    """Show a day: what is otherwise than the timetable has it, and, to who keeps it, what is to be covered."""
    return await _day(request, desk, day_of(on, desk.school.on))


@router.get("/lessons/{lesson_id}")
async def show_lesson(request: Request, desk: KeepersDesk, lesson_id: Counted) -> Response:
    """Show a lesson of a day, and who could give it."""
    return await _lesson(request, desk, lesson_id)


@router.post("/lessons/{lesson_id}")
async def change(
    request: Request, desk: KeepersDesk, lesson_id: Counted, teacher_id: Number = 0, room: Text = "", note: Text = ""
) -> Response:
    """Let somebody else give it, or elsewhere."""
    try:
        await substituting.substitute(
            desk.services, desk.actor, desk.school.id, lesson_id, teacher_id or None, room, note, desk.school.on
        )  # fmt: skip
    except (NotAllowed, NotFound):
        raise
    except TimetableRefused as refused:
        return await _lesson(request, desk, lesson_id, refused)
    return await _back(desk, lesson_id)


@router.post("/lessons/{lesson_id}/off")
async def call_off(request: Request, desk: KeepersDesk, lesson_id: Counted, note: Text = "") -> Response:
    """Call it off."""
    try:
        await substituting.call_off(desk.services, desk.actor, desk.school.id, lesson_id, note, desk.school.on)
    except (NotAllowed, NotFound):
        raise
    except TimetableRefused as refused:
        return await _lesson(request, desk, lesson_id, refused)
    return await _back(desk, lesson_id)


@router.post("/lessons/{lesson_id}/back")
async def put_back(request: Request, desk: KeepersDesk, lesson_id: Counted) -> Response:
    """Let it be as the timetable has it."""
    try:
        await substituting.put_back(desk.services, desk.actor, desk.school.id, lesson_id, desk.school.on)
    except (NotAllowed, NotFound):
        raise
    except TimetableRefused as refused:
        return await _lesson(request, desk, lesson_id, refused)
    return await _back(desk, lesson_id)


@router.post("/lessons/{lesson_id}/kind")
async def make_summative(
    request: Request, desk: KeepersDesk, lesson_id: Counted, kind: Annotated[str, Form(max_length=10)] = LESSON
) -> Response:
    """Make it a summative work, or a plain lesson again."""
    try:
        await set_kind(desk.services, desk.actor, desk.school.id, lesson_id, kind, desk.school.on)
    except (NotAllowed, NotFound):
        raise
    except TimetableRefused as refused:
        return await _lesson(request, desk, lesson_id, refused)
    return await _back(desk, lesson_id)


@router.post("/lessons")
async def add(request: Request, desk: KeepersDesk, form: Annotated[AddForm, Depends()]) -> Response:
    """Add a lesson on a day."""
    try:
        on = date_of_text(form.on)
    except CellWrong as wrong:
        return await _day(request, desk, desk.school.on, TimetableRefused(wrong.message))
    try:
        await substituting.add_lesson(
            desk.services, desk.actor, desk.school.id, form.course_id, on, form.number, form.room, form.note,
            desk.school.on,
        )  # fmt: skip
    except (NotAllowed, NotFound):
        raise
    except TimetableRefused as refused:
        return await _day(request, desk, day_of(on.isoformat(), desk.school.on), refused)
    return _to(desk, f"day?on={on}")


@router.post("/away")
async def note_away(
    request: Request, desk: KeepersDesk, person_id: Number = 0, first: Text = "", last: Text = ""
) -> Response:
    """Note that somebody is away."""
    try:
        first_on = date_of_text(first)
        days = first_on, date_of_text(last) if last.strip() else first_on
    except CellWrong as wrong:
        return await _day(request, desk, desk.school.on, TimetableRefused(wrong.message))
    try:
        await substituting.add_away(desk.services, desk.actor, desk.school.id, person_id, days, desk.school.on)
    except (NotAllowed, NotFound):
        raise
    except TimetableRefused as refused:
        return await _day(request, desk, desk.school.on, refused)
    return _to(desk, f"day?on={max(first_on, desk.school.on)}")


@router.post("/away/{away_id}/drop")
async def forget_away(desk: KeepersDesk, away_id: Counted) -> Response:
    """Take it back."""
    await substituting.drop_away(desk.services, desk.actor, desk.school.id, away_id)
    return _to(desk, "day")


@router.get("/works")
async def show_works(request: Request, desk: ReadersDesk, on: Asked = "") -> Response:
    """Show the summative works of a term: by day, and how many each class has."""
    first_on, last_on = await _term(desk, day_of(on, desk.school.on))
    works = await works_between(desk.services, desk.school.id, first_on, last_on)
    days: dict[date, list[object]] = defaultdict(list)
    classes: dict[str, dict[str, int]] = {}
    for work in sorted(works, key=lambda each: (each.lesson.on, each.lesson.course.grade, each.lesson.number)):
        days[work.lesson.on].append(work)
        own = classes.setdefault(work.lesson.course.class_name, dict.fromkeys(SUMMATIVE, 0))
        own[work.lesson.kind] += 1
    return pages_of(request).page(
        desk.visit, WORKS, section="timetable", days=days, classes=classes, first_on=first_on, last_on=last_on,
        earlier=first_on - A_DAY, later=last_on + A_DAY, kinds=SUMMATIVE, wrongs=WRONGS,
        keeps=desk.actor.can(Right.TIMETABLE_KEEP, desk.school.id),
    )  # fmt: skip


async def _day(request: Request, desk: Desk, on: date, refused: TimetableRefused | None = None) -> Response:
    services, school_id = desk.services, desk.school.id
    keeps = desk.actor.can(Right.TIMETABLE_KEEP, school_id)
    lessons = on_days(await lessons_between(services, school_id, on, on)).get(on, [])
    book = await book_of(services, school_id, year_of(on), on)
    by_class: dict[str, list[object]] = defaultdict(list)
    for lesson in sorted(lessons, key=lambda each: (each.course.grade, each.course.class_name, each.number)):
        by_class[lesson.course.class_name].append(lesson)
    last_on = max(on, desk.school.on) + LOOKED
    return pages_of(request).page(
        desk.visit, DAY, status=refused.status if refused else HTTPStatus.OK, section="timetable", on=on, keeps=keeps,
        today=desk.school.on, earlier=on - A_DAY, later=on + A_DAY, by_class=by_class, book=book,
        changed=[each for each in lessons if each.is_off or each.is_substituted or each.note],
        cover=await substituting.to_cover(services, school_id, max(on, desk.school.on), last_on) if keeps else [],
        away=await substituting.away_between(services, school_id, desk.school.on, last_on) if keeps else [],
        staff=await staff_of_school(services, school_id) if keeps else [], **_told(desk, book, refused),
    )  # fmt: skip


async def _lesson(
    request: Request, desk: Desk, lesson_id: int, refused: TimetableRefused | None = None
) -> Response:  # fmt: skip
    lesson = await lesson_of(desk.services, desk.school.id, lesson_id)
    book = await book_of(desk.services, desk.school.id, lesson.course.year, lesson.on)
    goes_back = (lesson.is_off or lesson.is_by_hand) and await planned_at(
        desk.services, desk.school.id, lesson.course.id, lesson.on, lesson.number
    ) is not None
    return pages_of(request).page(
        desk.visit, LESSON_PAGE, status=refused.status if refused else HTTPStatus.OK, section="timetable",
        lesson=lesson, free=await substituting.free_for(desk.services, desk.school.id, lesson), today=desk.school.on,
        rooms=book.rooms, goes_back=goes_back, kinds=SUMMATIVE, note_max=substituting.NOTE_MAX,
        **_told(desk, book, refused),
    )  # fmt: skip


def _told(desk: Desk, book: Book, refused: TimetableRefused | None) -> dict[str, object]:
    why: Sequence[object] = []
    if refused is not None:
        why = TimetableWords(desk.visit.language, book).conflicts(refused.conflicts)
    return {"refused": translate(desk.visit.language, refused.message) if refused else "", "why": why}


async def _term(desk: Desk, on: date) -> tuple[date, date]:
    """Return the term of a day; of a school without terms, two months."""
    terms = await terms_of(desk.services, desk.school.id)
    own = next((each for each in terms if each[0] <= on <= each[1]), None)
    return own or next((each for each in terms if on < each[0]), (on, on + TERM))


async def _back(desk: Desk, lesson_id: int) -> Response:
    lesson = await lesson_of(desk.services, desk.school.id, lesson_id)
    return _to(desk, f"day?on={lesson.on}")


def _to(desk: Desk, path: str) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/timetable/{path}", HTTPStatus.SEE_OTHER)
