"""A child's timetable for the family and the student: today and the week, with substitutions and summative works."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.calls.queries import held_by_video
from cloud.core.pages import pages_of
from cloud.core.services import Services
from cloud.guardian.queries import Child, seen_of
from cloud.people.kinds import FamilyRight
from cloud.studies.queries import members_of
from cloud.studies.rules import year_of
from cloud.timetable.lessons import Lesson, lessons_between, on_days, week_of
from cloud.timetable.rules import weeks_of

router = APIRouter(prefix="/children/{ref}", include_in_schema=False)
A_WEEK = timedelta(days=7)
YEAR = 366


@router.get("/timetable")
async def show(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str,
    week: Annotated[str, Query(max_length=10)] = "",
) -> Response:  # fmt: skip
    """Show a child's week."""
    child = await seen_of(services, actor, ref, FamilyRight.SEE)
    day = _day(week, child.on)
    monday, sunday = week_of(day)
    lessons = await own_lessons(services, child, monday, sunday)
    return pages_of(request).page(
        replace(visit, zone=child.zone), "guardian/timetable.html", section="children", child=child,
        days=on_days(lessons), monday=monday, sunday=sunday, weeks=weeks_of(year_of(day), day),
        earlier=monday - A_WEEK, later=monday + A_WEEK,
        by_video=await held_by_video(services, [each.id for each in lessons]),
    )  # fmt: skip


async def own_lessons(services: Services, child: Child, first_on: date, last_on: date) -> list[Lesson]:
    """Return the lessons of a child's class without those of groups that it is not in."""
    if child.class_id is None:
        return []
    lessons = await lessons_between(services, child.school_id, first_on, last_on, class_ids=[child.class_id])
    groups = {each.course.id for each in lessons if each.course.group}
    members = await members_of(services.database.pool, groups, child.on)
    own = {course_id for course_id, inside in members.items() if any(member.id == child.id for member in inside)}
    return [each for each in lessons if not each.course.group or each.course.id in own]


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if abs((day - today).days) <= YEAR else today
