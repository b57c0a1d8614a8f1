"""The journal of lessons: one's courses, the grid of a course, its cells one by one, and how a mark came to be."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from cloud.attendance.web import Desk, own_desk
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.imports.cells import CellWrong, date_of_text
from cloud.journal.counting import result_now
from cloud.journal.errors import JournalChanged, JournalClosed, JournalRefused
from cloud.journal.grid import explain, grid_of
from cloud.journal.kinds import Here, Standing, written
from cloud.journal.lessons import add_lesson
from cloud.journal.marking import Change, mark, place_of
from cloud.journal.queries import Learner, learners_of, lessons_of
from cloud.journal.reach import Reach, course_within, courses_within, reach_of, sees_presence
from cloud.journal.rules import Hand
from cloud.office.journal_view import figures_of, letters_of, mark_of, rows_of_grid
from cloud.office.person import Text
from cloud.office.studies import AskedYear
from cloud.progress.fitness import PHYSICAL
from cloud.studies.queries import Course, years_taught
from cloud.studies.rules import days_of

router = APIRouter(prefix="/schools/{code}/journal", include_in_schema=False)
JournalDesk = Annotated[Desk, Depends(own_desk(Right.JOURNAL_READ, Right.JOURNAL_KEEP))]
Asked = Annotated[int, Query(ge=0, le=12)]
Number = Annotated[int, Form(ge=0, le=2**62)]
NOT_KEPT = {"cache-control": "no-store"}


@router.get("")
async def show(request: Request, desk: JournalDesk, year: AskedYear = 0) -> Response:
    """Show one's lessons of today, one's courses, and the classes whose journals one may read."""
    reach = await reach_of(desk.services, desk.actor, desk.school)
    year = year or reach.year
    mine, others = await courses_within(desk.services, reach, desk.school, year)
    today = await lessons_of(desk.services, [course.id for course in mine], desk.school.on, desk.school.on)
    classes: dict[int, list[Course]] = {}
    for course in sorted([*others, *mine], key=lambda each: (each.grade, each.class_name, each.id)):
        if reach.reads_class(course.class_id, year):
            classes.setdefault(course.class_id, []).append(course)
    return pages_of(request).page(
        desk.visit, "office/journals.html", section="journal", mine=mine, classes=classes, on=desk.school.on,
        courses={course.id: course for course in mine}, lessons=sorted(today, key=lambda each: each.number),
        sees_quality=reach.reads_all or bool(reach.classes),
        has_fitness=any(course.subject.code == PHYSICAL and course.teacher_id == reach.person_id for course in mine),
        sets_grading=desk.actor.can(Right.GRADING_KEEP, desk.school.id), person_id=reach.person_id,
        year=year, years=await years_taught(desk.services, desk.school.id, reach.year),
    )  # fmt: skip


@router.get("/{course_id}")
async def show_course(request: Request, desk: JournalDesk, course_id: Counted, quarter: Asked = 0) -> Response:
    """Show the journal of a course in a quarter, that of today if none is named."""
    reach, course = await course_within(desk.services, desk.actor, desk.school, course_id)
    return await _page(request, desk, reach, course, quarter)


@router.post("/{course_id}/cells")
async def write_cell(
    desk: JournalDesk, course_id: Counted, lesson: Number = 0, ref: Text = "", value: Text = "", seen: Number = 0,
    reason: Text = "",
) -> Response:  # fmt: skip
    """Write a cell, and tell as JSON what stands there then, and what came of it; 409 where it was changed since."""
    place = await place_of(desk.services, desk.actor, desk.school, course_id, lesson)
    try:
        cells = await mark(desk.services, desk.actor, desk.school, place, [Change(ref, value, seen)], reason)
    except JournalChanged as changed:
        told = {"code": changed.code, "message": translate(desk.visit.language, changed.message)}
        return JSONResponse(told | _told(desk, changed.standing), changed.status, NOT_KEPT)
    cell = cells[ref]
    result = await result_now(desk.services, place.course, place.counting, cell.person_id, desk.school.on)
    figures = {
        "figures": figures_of(result, desk.visit.formats), "is_final": result is not None and result.is_final
    }  # fmt: skip
    return JSONResponse(_told(desk, cell.standing) | figures, HTTPStatus.OK, NOT_KEPT)


@router.post("/{course_id}/lessons")
async def add(
    request: Request, desk: JournalDesk, course_id: Counted, on: Text = "", number: Text = "", theme: Text = ""
) -> Response:  # fmt: skip
    """Add a lesson by hand, and lead to it."""
    reach, course = await course_within(desk.services, desk.actor, desk.school, course_id)
    try:
        day = date_of_text(on)
        lesson = int(number) if number.isascii() and number.isdigit() and len(number) < 3 else 0
        lesson_id = await add_lesson(desk.services, desk.actor, desk.school, course_id, day, lesson, theme)
    except CellWrong as wrong:
        return await _page(request, desk, reach, course, 0, JournalRefused(wrong.message))
    except (JournalRefused, JournalClosed) as refused:
        return await _page(request, desk, reach, course, 0, refused)
    return RedirectResponse(f"{_here(desk)}/{course_id}/lessons/{lesson_id}", HTTPStatus.SEE_OTHER)


@router.get("/{course_id}/students/{ref}")
async def show_mark(request: Request, desk: JournalDesk, course_id: Counted, ref: str, quarter: Asked = 0) -> Response:
    """Show how a student's mark came to be: each part, the sum, and what was put right."""
    _, course = await course_within(desk.services, desk.actor, desk.school, course_id)
    learner = await _learner(desk, course, ref)
    explained = await explain(desk.services, course, desk.school, quarter, learner)
    return pages_of(request).page(
        desk.visit, "office/journal_mark.html", section="journal", told=explained, course=course, learner=learner,
        written=written, mark_of=mark_of, today=desk.school.on,
    )  # fmt: skip


async def _page(
    request: Request, desk: Desk, reach: Reach, course: Course, number: int, refused: Refused | None = None
) -> Response:
    sees = sees_presence(desk.actor, course)
    grid = await grid_of(desk.services, reach, course, desk.school, number, sees_presence=sees)
    language = desk.visit.language
    return pages_of(request).page(
        desk.visit, "office/journal.html", status=refused.status if refused else HTTPStatus.OK, section="journal",
        grid=grid, course=course, rows=rows_of_grid(grid, desk.visit.formats, desk.school.on), on=desk.school.on,
        letters=letters_of(language.value), absent=letters_of(language.value)[Here.ABSENT],
        teaches=grid.hand is Hand.TEACHER, corrects=grid.hand is Hand.CORRECTOR and bool(grid.writes),
        refused=translate(language, refused.message) if refused else "",
        reads_class=reach.reads_class(course.class_id, course.year),
    )  # fmt: skip


async def _learner(desk: Desk, course: Course, ref: str) -> Learner:
    """Return a student who is, or was, in a course. Raises NotFound."""
    first_on, last_on = days_of(course.year)
    learners = (await learners_of(desk.services.database.pool, [course.id], first_on, last_on))[course.id]
    found = next((each for each in learners if each.ref == ref), None)
    if found is None:
        raise NotFound
    return found


def _told(desk: Desk, stands: Standing) -> dict[str, object]:
    return {"shown": written(stands.cell, desk.visit.language.value), "number": stands.number}


def _here(desk: Desk) -> str:
    return f"/schools/{desk.school.code}/journal"
