"""Practice at school: which themes of the banks are open for it, and what the students of a class practised."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from cloud.assessments.banks import banks_within
from cloud.assessments.reach import Reach, reach_of
from cloud.attendance.web import Desk
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.office.assessments import MakeDesk, Number, Page, ReadDesk, Text, back_to, refused_by
from cloud.practice.formats import TITLES
from cloud.practice.kinds import WAYS
from cloud.practice.mistakes import by_theme, met_by
from cloud.practice.opening import Theme, themes_in, turn_theme
from cloud.practice.papers import attempts_of, practised_by
from cloud.practice.shown import names_of, percents
from cloud.studies.queries import Course, Member, courses_of, students_of, subjects_of
from cloud.studies.rules import year_of

router = APIRouter(prefix="/schools/{code}/tests/practice", include_in_schema=False)
THEMES = Page("office/practice.html")
CLASS, STUDENT = Page("office/practice_class.html"), Page("office/practice_student.html")
Asked = Annotated[int, Query(ge=0, le=2**53)]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A class whose practice somebody sees: of all subjects, where `subjects` is None."""

    class_id: int
    name: str
    subjects: frozenset[int] | None


@router.get("")
async def show(request: Request, desk: ReadDesk, subject: Asked = 0) -> Response:
    """Show the themes of a bank with which are open, and the classes whose practice one sees."""
    return await _page(request, desk, subject)


@router.post("")
async def turn(
    request: Request, desk: MakeDesk, subject: Number = 0, grade: Number = 0, theme: Text = "", opened: Text = ""
) -> Response:  # fmt: skip
    """Open a theme for practice, or close it."""
    refused = await refused_by(
        turn_theme(desk.services, desk.actor, desk.school, subject, grade, theme, is_open=bool(opened))
    )
    return await _page(request, desk, subject, refused) if refused else back_to(desk, f"/practice?subject={subject}")


@router.get("/classes/{class_id}")
async def show_class(request: Request, desk: ReadDesk, class_id: Counted) -> Response:
    """Show what the students of a class practised."""
    seen = await _class(desk, class_id)
    members = await students_of(desk.services.database.pool, class_id, desk.school.on)
    practised = await practised_by(desk.services, [each.id for each in members])
    return CLASS.shown(request, desk, seen=seen, members=members, practised=practised)


@router.get("/classes/{class_id}/students/{ref}")
async def show_student(request: Request, desk: ReadDesk, class_id: Counted, ref: str) -> Response:
    """Show what a student knows by theme, and what came of the attempts."""
    seen = await _class(desk, class_id)
    student = await _student(desk, class_id, ref)
    themes = by_theme(await met_by(desk.services, student.id))
    attempts = await attempts_of(desk.services, student.id)
    if seen.subjects is not None:
        themes = [each for each in themes if each.subject_id in seen.subjects]
        attempts = [each for each in attempts if each.subject_id in seen.subjects]
    names = names_of(await subjects_of(desk.services, desk.school.id), desk.visit.language.value)
    return STUDENT.shown(
        request, desk, seen=seen, student=student, themes=themes, attempts=attempts, names=names, ways=WAYS,
        titles=TITLES, chart=percents(attempts, desk.visit.now, desk.visit.formats),
    )  # fmt: skip


async def _page(request: Request, desk: Desk, asked: int, refused: Refused | None = None) -> Response:
    reach = await reach_of(desk.services, desk.actor, desk.school)
    banks = await banks_within(desk.services, reach, desk.school.id)
    chosen = next((each for each in banks if each.id == asked), banks[0] if banks else None)
    themes: list[Theme] = []
    if chosen is not None:
        themes = await themes_in(desk.services, desk.actor, desk.school, chosen.id)
    return THEMES.shown(
        request, desk, refused, banks=banks, chosen=chosen, themes=themes, classes=await _classes(desk, reach)
    )


async def _classes(desk: Desk, reach: Reach) -> dict[int, str]:
    courses = await _readable(desk, reach)
    return {each.class_id: each.class_name for each in courses}


async def _readable(desk: Desk, reach: Reach) -> list[Course]:
    """Return the courses of this year of which the actor sees what students reached, by grade and class."""
    year = year_of(desk.school.on)
    classes = None if reach.reads_all else sorted(reach.classes)
    found = {} if classes == [] else {
        each.id: each for each in await courses_of(desk.services, desk.school.id, year, class_ids=classes)
    }  # fmt: skip
    found |= dict(reach.courses)
    return sorted(found.values(), key=lambda each: (each.grade, each.class_name, each.id))


async def _class(desk: Desk, class_id: int) -> _Seen:
    """Return a class whose practice the actor sees: all of it, or of the subjects that it teaches there.

    Raises NotAllowed or NotFound.
    """
    reach = await reach_of(desk.services, desk.actor, desk.school)
    courses = [each for each in await _readable(desk, reach) if each.class_id == class_id]
    if not courses:
        raise NotFound
    is_whole = reach.reads_all or class_id in reach.classes
    return _Seen(class_id, courses[0].class_name, None if is_whole else frozenset(each.subject.id for each in courses))


async def _student(desk: Desk, class_id: int, ref: str) -> Member:
    for each in await students_of(desk.services.database.pool, class_id, desk.school.on):
        if each.ref == ref:
            return each
    raise NotFound
