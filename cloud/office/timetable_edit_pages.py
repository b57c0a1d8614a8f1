"""Making a timetable: versions, lessons put by hand with what they clash with, the solver beside, publishing."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.live import stream
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.imports.cells import CellWrong, date_of_text
from cloud.office.person import Text
from cloud.office.timetable_view import STEPS, TimetableWords
from cloud.studies.rules import days_of, year_of
from cloud.timetable.errors import TimetableRefused
from cloud.timetable.framing import Book, book_of
from cloud.timetable.jobs import LIVE, SECONDS, order, solves_of, take_over
from cloud.timetable.kinds import WEEKDAYS, WEEKS, Weeks
from cloud.timetable.rules import Conflict, Slot, conflicts, quality, unplaced
from cloud.timetable.versions import (
    NAME_MAX,
    Version,
    add_draft,
    drop_draft,
    publish,
    put_slot,
    slots_of_version,
    take_slot,
    version_of,
    versions_of,
)

router = APIRouter(prefix="/schools/{code}/timetable/versions", include_in_schema=False)
KeepersDesk = Annotated[Desk, Depends(desk_of(Right.TIMETABLE_KEEP))]
Number = Annotated[int, Form(ge=0, le=2**62)]
Small = Annotated[int, Form(ge=0, le=12)]
InWeeks = Annotated[Weeks, Form()]
USUAL_S = 120
LIST, ONE, SOLVE = "office/timetable_versions.html", "office/timetable_version.html", "office/timetable_solve.html"


@router.get("")
async def show_all(request: Request, desk: KeepersDesk) -> Response:
    """Show the versions of this school year, and of the next one where it begins soon."""
    return await _list(request, desk)


@router.post("")
async def begin(request: Request, desk: KeepersDesk, name: Text = "", of: Number = 0, year: Number = 0) -> Response:
    """Begin a draft, empty or as another version."""
    try:
        on = days_of(year)[0] if year in _years(desk) else desk.school.on
        draft_id = await add_draft(desk.services, desk.actor, desk.school.id, name, on, of or None)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _list(request, desk, refused)
    return _to(desk, f"/{draft_id}")


@router.get("/{timetable_id}")
async def show(request: Request, desk: KeepersDesk, timetable_id: Counted, class_id: int = 0) -> Response:
    """Show a version, one class at a time, with what is wrong in it."""
    return await _one(request, desk, timetable_id, class_id)


@router.post("/{timetable_id}/put")
async def put(
    request: Request, desk: KeepersDesk, timetable_id: Counted, course_id: Number = 0, weekday: Small = 0,
    number: Small = 0, weeks: InWeeks = Weeks.EACH, room: Text = "",
) -> Response:  # fmt: skip
    """Put a lesson into a cell."""
    slot = Slot(weekday, number, course_id, weeks, room[:20].strip())
    book = await book_of(desk.services, desk.school.id, year_of(desk.school.on), desk.school.on)
    class_id = book.courses[course_id].class_id if course_id in book.courses else 0
    try:
        found = await put_slot(desk.services, desk.actor, desk.school.id, timetable_id, slot, desk.school.on)
    except (NotAllowed, NotFound):
        raise
    except TimetableRefused as refused:
        return await _one(request, desk, timetable_id, class_id, refused, refused.conflicts)
    if found:
        return await _one(request, desk, timetable_id, class_id, beside=found)
    return _to(desk, f"/{timetable_id}?class_id={class_id}")


@router.post("/{timetable_id}/take")
async def take(
    desk: KeepersDesk, timetable_id: Counted, course_id: Number = 0, weekday: Small = 0, number: Small = 0,
    weeks: InWeeks = Weeks.EACH, class_id: Number = 0,
) -> Response:  # fmt: skip
    """Take a lesson out of a cell."""
    slot = Slot(weekday, number, course_id, weeks)
    await take_slot(desk.services, desk.actor, desk.school.id, timetable_id, slot)
    return _to(desk, f"/{timetable_id}?class_id={class_id}")


@router.post("/{timetable_id}/publish")
async def put_in_force(
    request: Request, desk: KeepersDesk, timetable_id: Counted, first: Text = "", last: Text = ""
) -> Response:
    """Publish a draft from a day on."""
    try:
        days = date_of_text(first), date_of_text(last) if last.strip() else None
        await publish(desk.services, desk.actor, desk.school.id, timetable_id, days, desk.school.on)
    except CellWrong as wrong:
        return await _one(request, desk, timetable_id, 0, TimetableRefused(wrong.message))
    except (NotAllowed, NotFound):
        raise
    except TimetableRefused as refused:
        return await _one(request, desk, timetable_id, 0, refused, refused.conflicts)
    return _to(desk, f"/{timetable_id}")


@router.post("/{timetable_id}/drop")
async def drop(desk: KeepersDesk, timetable_id: Counted) -> Response:
    """Delete a draft."""
    await drop_draft(desk.services, desk.actor, desk.school.id, timetable_id)
    return _to(desk, "")


@router.get("/{timetable_id}/solve")
async def show_solves(request: Request, desk: KeepersDesk, timetable_id: Counted) -> Response:
    """Show what the solver was asked, how far it is, and what it found."""
    return await _solves(request, desk, timetable_id)


@router.get("/{timetable_id}/solve/live")
async def live(request: Request, desk: KeepersDesk, timetable_id: Counted) -> Response:
    """Stream how far it is."""

    async def draw() -> str:
        now = await desk.again()
        return pages_of(request).block(now.visit, SOLVE, "solves", **await _solves_told(now, timetable_id))

    await version_of(desk.services, desk.school.id, timetable_id)
    return stream(request, [(desk.school.id, LIVE)], draw)


@router.post("/{timetable_id}/solve")
async def ask(request: Request, desk: KeepersDesk, timetable_id: Counted, seconds: Number = USUAL_S) -> Response:
    """Let the solver work on a draft."""
    try:
        await order(desk.services, desk.actor, desk.school.id, timetable_id, min(seconds, 10_000))
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _solves(request, desk, timetable_id, refused)
    return _to(desk, f"/{timetable_id}/solve")


@router.post("/{timetable_id}/solve/{solve_id}/take")
async def take_found(desk: KeepersDesk, timetable_id: Counted, solve_id: Counted) -> Response:
    """Put what the solver found into the draft."""
    await take_over(desk.services, desk.actor, desk.school.id, timetable_id, solve_id)
    return _to(desk, f"/{timetable_id}")


async def _list(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    versions = {year: await versions_of(desk.services, desk.school.id, year) for year in _years(desk)}
    return pages_of(request).page(
        desk.visit, LIST, status=refused.status if refused else HTTPStatus.OK, section="timetable", versions=versions,
        on=desk.school.on, refused=_told(desk, refused), name_max=NAME_MAX,
    )  # fmt: skip


async def _one(
    request: Request, desk: Desk, timetable_id: int, class_id: int, refused: Refused | None = None,
    why: Sequence[Conflict] = (), beside: Sequence[Conflict] = (),
) -> Response:  # fmt: skip
    version, book = await _version(desk, timetable_id)
    held = await slots_of_version(desk.services.database.pool, version.id)
    chosen = class_id if class_id in book.classes else next(iter(book.classes), 0)
    lacks = unplaced(book.frame, held.slots)
    courses = [each for each in book.courses.values() if each.class_id == chosen]
    words = TimetableWords(desk.visit.language, book)
    return pages_of(request).page(
        desk.visit, ONE, status=refused.status if refused else HTTPStatus.OK, section="timetable", version=version,
        book=book, chosen=chosen, days=_days(book, chosen), cells=_cells(book, chosen, held.slots), fixed=held.fixed,
        lacks=lacks, courses=sorted(courses, key=lambda each: (each.id not in lacks, each.id)),
        found=words.conflicts(conflicts(book.frame, held.slots)),
        quality=quality(book.frame, held.slots), words=words,
        refused=_told(desk, refused), why=words.conflicts(why), beside=words.conflicts(beside), weekdays=WEEKDAYS,
        all_weeks=WEEKS, on=max(desk.school.on, days_of(version.year)[0]), last_on=days_of(version.year)[1],
    )  # fmt: skip


async def _solves(request: Request, desk: Desk, timetable_id: int, refused: Refused | None = None) -> Response:
    return pages_of(request).page(
        desk.visit, SOLVE, status=refused.status if refused else HTTPStatus.OK, section="timetable",
        refused=_told(desk, refused), usual_s=USUAL_S, seconds=SECONDS, **await _solves_told(desk, timetable_id),
    )  # fmt: skip


async def _solves_told(desk: Desk, timetable_id: int) -> dict[str, Any]:
    version, book = await _version(desk, timetable_id)
    words = TimetableWords(desk.visit.language, book)
    solves = await solves_of(desk.services, desk.school.id, timetable_id)
    return {"version": version, "solves": solves, "words": words, "steps": STEPS, "book": book}


async def _version(desk: Desk, timetable_id: int) -> tuple[Version, Book]:
    version = await version_of(desk.services, desk.school.id, timetable_id)
    first_on, last_on = days_of(version.year)
    on: date = min(max(desk.school.on, first_on), last_on)
    return version, await book_of(desk.services, desk.school.id, version.year, on)


def _days(book: Book, class_id: int) -> dict[int, Sequence[Any]]:
    return {day: bells for week in book.frame.classes if week.id == class_id for day, bells in week.days.items()}


def _cells(book: Book, class_id: int, slots: Sequence[Slot]) -> dict[tuple[int, int], list[Slot]]:
    cells: dict[tuple[int, int], list[Slot]] = defaultdict(list)
    for slot in slots:
        course = book.courses.get(slot.course_id)
        if course is not None and course.class_id == class_id:
            cells[slot.weekday, slot.number].append(slot)
    return cells


def _years(desk: Desk) -> list[int]:
    year = year_of(desk.school.on)
    return [year, year + 1] if desk.school.on.month in range(5, 8) else [year]


def _told(desk: Desk, refused: Refused | None) -> str:
    return translate(desk.visit.language, refused.message) if refused else ""


def _to(desk: Desk, path: str) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/timetable/versions{path}", HTTPStatus.SEE_OTHER)
