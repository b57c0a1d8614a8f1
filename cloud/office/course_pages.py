"""The page of one course: teacher, hours and room, its end, and who is in its group."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk
from cloud.core.errors import Refused
from cloud.core.rights import Right
from cloud.office.person import day_typed
from cloud.office.studies import (
    KeepingDesk,
    Key,
    Number,
    Page,
    StudiesDesk,
    Text,
    back_to,
    half_hours_typed,
    refused_by,
)
from cloud.studies.actions import drop_course, end_course, put_course, set_members
from cloud.studies.queries import Course, course_of, courses_of, members_of, staff_of_school, students_of
from cloud.studies.rules import CourseGiven, days_of

router = APIRouter(prefix="/schools/{code}/courses/{course_id}", include_in_schema=False)
PAGE = Page("office/course.html", "courses")
MEMBERS_MAX = 200


@router.get("")
async def show(request: Request, desk: StudiesDesk, course_id: Key) -> Response:
    """Show a course."""
    return await _page(request, desk, course_id)


@router.post("")
async def keep(
    request: Request, desk: KeepingDesk, course_id: Key, group: Text = "", teacher: Number = 0, hours: Text = "",
    room: Text = "",
) -> Response:  # fmt: skip
    """Change a course."""

    async def change() -> None:
        at = await course_of(desk.services, desk.school.id, course_id)
        given = CourseGiven(
            at.year, at.class_id, at.subject.id, half_hours_typed(hours), group, teacher or None, room
        )  # fmt: skip
        await put_course(desk.services, desk.actor, desk.school.id, given, course_id)

    refused = await refused_by(change())
    typed = {"group": group, "teacher": str(teacher), "hours": hours, "room": room}
    return await _page(request, desk, course_id, refused, typed) if refused else _back(desk, course_id)


@router.post("/end")
async def end(request: Request, desk: KeepingDesk, course_id: Key, on: Text = "") -> Response:
    """Say when a course is taught for the last time, or (an empty day) that it goes on."""

    async def change() -> None:
        day = day_typed(on) if on.strip() else None
        await end_course(desk.services, desk.actor, desk.school.id, course_id, day)

    refused = await refused_by(change())
    return await _page(request, desk, course_id, refused, {"end": on}) if refused else _back(desk, course_id)


@router.post("/drop")
async def drop(request: Request, desk: KeepingDesk, course_id: Key) -> Response:
    """Delete a course in which nothing was done."""
    course = await course_of(desk.services, desk.school.id, course_id)
    refused = await refused_by(drop_course(desk.services, desk.actor, desk.school.id, course_id))
    if refused:
        return await _page(request, desk, course_id, refused)
    return back_to(desk, f"courses?year={course.year}&class_id={course.class_id}")


@router.post("/members")
async def keep_members(
    request: Request, desk: KeepingDesk, course_id: Key, on: Text = "",
    member: Annotated[list[int], Form(max_length=MEMBERS_MAX)] = [],  # noqa: B006 (FastAPI copies it)
) -> Response:  # fmt: skip
    """Say who is in a group from a day on."""

    async def change() -> None:
        await set_members(desk.services, desk.actor, desk.school.id, course_id, member, day_typed(on))

    refused = await refused_by(change())
    return await _page(request, desk, course_id, refused, {"on": on}) if refused else _back(desk, course_id)


async def _page(
    request: Request, desk: Desk, course_id: int, refused: Refused | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    course = await course_of(desk.services, desk.school.id, course_id)
    beside = [each for each in await _of_subject(desk, course) if each.id != course.id and each.group]
    first_on, last_on = days_of(course.year)
    on = min(max(desk.school.on, first_on), last_on)
    pool = desk.services.database.pool
    members = await members_of(pool, [course.id, *(each.id for each in beside)], on)
    elsewhere = {member.id: each.group for each in beside for member in members[each.id]}
    students = await students_of(pool, course.class_id, on) if course.group else members[course.id]
    return PAGE.shown(
        request, desk, refused, typed, course=course, day=on, students=students, elsewhere=elsewhere,
        members={each.id for each in members[course.id]}, staff=await staff_of_school(desk.services, desk.school.id),
        reads_plans=desk.actor.can(Right.PLANS_READ, desk.school.id),
    )  # fmt: skip


async def _of_subject(desk: Desk, course: Course) -> list[Course]:
    found = await courses_of(desk.services, desk.school.id, course.year, class_ids=[course.class_id])
    return [each for each in found if each.subject.id == course.subject.id]


def _back(desk: Desk, course_id: int) -> Response:
    return back_to(desk, f"courses/{course_id}")
