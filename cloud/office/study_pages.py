"""Pages of subjects and of who teaches what: by class or by teacher, and whose account a teacher's is."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk
from cloud.core.errors import Refused
from cloud.core.rights import Right
from cloud.office.studies import (
    KeepingDesk,
    Number,
    Page,
    StudiesDesk,
    Text,
    back_to,
    half_hours_typed,
    refused_by,
    whole_typed,
    year_asked,
    years_of,
)
from cloud.schools.queries import classes_of
from cloud.studies.actions import add_state_subjects, put_course, put_subject, tie_account
from cloud.studies.kinds import AREAS, SUBJECTS
from cloud.studies.queries import Course, accounts_at_work, courses_of, own_person, staff_of_school, subjects_of
from cloud.studies.rules import CourseGiven, SubjectGiven

router = APIRouter(prefix="/schools/{code}", include_in_schema=False)
SUBJECTS_PAGE = Page("office/subjects.html", "subjects")
COURSES_PAGE = Page("office/courses.html", "courses")
ACCOUNTS_PAGE = Page("office/teachers.html", "courses")


@router.get("/subjects")
async def subjects(request: Request, desk: StudiesDesk, edit: int = 0) -> Response:
    """Show the subjects of the school."""
    return await _subjects(request, desk, edit)


@router.post("/subjects")
async def keep_subject(
    request: Request, desk: KeepingDesk, subject: Number = 0, key: Text = "", area: Text = "", kk: Text = "",
    ru: Text = "", en: Text = "", difficulty: Text = "0", is_active: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Add a subject, or change one."""
    given = SubjectGiven(key, area, {"kk": kk, "ru": ru, "en": en}, whole_typed(difficulty), is_active or not subject)
    refused = await refused_by(put_subject(desk.services, desk.actor, desk.school.id, given, subject or None))
    typed = {"key": key, "area": area, "kk": kk, "ru": ru, "en": en, "difficulty": difficulty}
    return await _subjects(request, desk, subject, refused, typed) if refused else back_to(desk, "subjects")


@router.post("/subjects/state")
async def take_state_subjects(desk: KeepingDesk) -> Response:
    """Add the subjects of the state's list that the school lacks."""
    await add_state_subjects(desk.services, desk.actor, desk.school.id)
    return back_to(desk, "subjects")


@router.get("/courses")
async def courses(request: Request, desk: StudiesDesk) -> Response:
    """Show who teaches what to a class, or what a teacher teaches; to a teacher, first, the own courses."""
    return await _courses(request, desk, request.query_params)


@router.post("/courses")
async def add_course(
    request: Request, desk: KeepingDesk, year: Text = "", class_id: Number = 0, subject: Number = 0, group: Text = "",
    teacher: Number = 0, hours: Text = "", room: Text = "",
) -> Response:  # fmt: skip
    """Add a course."""
    chosen = {"year": year, "class_id": str(class_id)}

    async def change() -> None:
        given = CourseGiven(
            year_asked(desk, year), class_id, subject, half_hours_typed(hours), group, teacher or None, room
        )
        await put_course(desk.services, desk.actor, desk.school.id, given)

    refused = await refused_by(change())
    if refused is None:
        return back_to(desk, f"courses?year={year_asked(desk, year)}&class_id={class_id}")
    typed = {"subject": str(subject), "group": group, "teacher": str(teacher), "hours": hours, "room": room}
    return await _courses(request, desk, chosen, refused, typed)


@router.get("/courses/teachers")
async def teachers(request: Request, desk: KeepingDesk) -> Response:
    """Show whose account a teacher's is."""
    return await _teachers(request, desk)


@router.post("/courses/teachers")
async def tie(request: Request, desk: KeepingDesk, person: Number = 0, account: Number = 0) -> Response:
    """Say by which account a teacher signs in."""
    refused = await refused_by(tie_account(desk.services, desk.actor, desk.school.id, person, account or None))
    return await _teachers(request, desk, refused) if refused else back_to(desk, "courses/teachers")


async def _subjects(
    request: Request, desk: Desk, edit: int, refused: Refused | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    found = await subjects_of(desk.services, desk.school.id)
    codes = {each.code for each in found}
    return SUBJECTS_PAGE.shown(
        request, desk, refused, typed, subjects=found, areas=AREAS,
        edited=next((each for each in found if each.id == edit), None),
        lacks=sum(each.code not in codes for each in SUBJECTS),
    )  # fmt: skip


async def _courses(
    request: Request, desk: Desk, query: Mapping[str, str], refused: Refused | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    at, year = desk.school.id, year_asked(desk, query.get("year", ""))
    classes = await classes_of(desk.services, desk.actor, at)
    staff = await staff_of_school(desk.services, at)
    own = await own_person(desk.services, desk.actor, at)
    wanted_class, wanted_teacher = query.get("class_id", ""), query.get("teacher_id", "")
    teacher = next((each for each in staff if str(each.id) == wanted_teacher), None)
    if not wanted_class and not wanted_teacher:
        teacher = next((each for each in staff if each.id == own), None)
    chosen = None if teacher else next((each for each in classes if str(each.id) == wanted_class), None)
    if teacher is None and chosen is None:
        chosen = classes[0] if classes else None
    found: list[Course] = []
    if teacher is not None:
        found = await courses_of(desk.services, at, year, teacher_id=teacher.id)
    elif chosen is not None:
        found = await courses_of(desk.services, at, year, class_ids=[chosen.id])
    return COURSES_PAGE.shown(
        request, desk, refused, typed, year=year, years=years_of(desk), classes=classes, staff=staff, chosen=chosen,
        teacher=teacher, courses=found, subjects=await subjects_of(desk.services, at),
        here_ids={each.id for each in staff}, reads_plans=desk.actor.can(Right.PLANS_READ, at),
    )  # fmt: skip


async def _teachers(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    return ACCOUNTS_PAGE.shown(
        request, desk, refused, staff=await staff_of_school(desk.services, desk.school.id),
        accounts=await accounts_at_work(desk.services, desk.school.id),
    )  # fmt: skip
