"""A student's diary for the family and for the student: the lessons of a week, and how each subject stands."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.calls.queries import held_by_video
from cloud.core.api import Counted
from cloud.core.charts import Chart, Column, chart_of
from cloud.core.downloads import as_download
from cloud.core.errors import NotFound
from cloud.core.formats import Formats
from cloud.core.pages import pages_of
from cloud.core.sealed_files import file_of, files_of
from cloud.guardian.queries import seen_of
from cloud.homework.sheet import Task, tasks_of
from cloud.journal.diary import (
    DiaryLesson,
    Progress,
    Week,
    courses_of_student,
    diary_of,
    is_at,
    monday_of,
    progress_of,
)
from cloud.journal.files import FILES
from cloud.journal.kinds import written
from cloud.people.kinds import FamilyRight
from cloud.register.queries import said_of
from cloud.studies.rules import year_of

router = APIRouter(prefix="/children/{ref}/diary", include_in_schema=False)
WEEK, A_DAY = timedelta(days=7), timedelta(days=1)
YEARS = range(2020, 2100)
Asked = Annotated[str, Query(max_length=10)]


@router.get("")
async def show_week(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, week: Asked = ""
) -> Response:
    """Show a week of a student's lessons; this one, if none is named."""
    child = await seen_of(services, actor, ref, FamilyRight.SEE)
    monday = _monday(week, child.on)
    sunday = monday + WEEK - A_DAY
    lessons = await diary_of(services, child.id, monday, sunday)
    courses = await courses_of_student(services, child.school_id, child.id, year_of(monday))
    said = (await said_of(services, [child.id], monday, sunday)).get(child.ref, {})
    return pages_of(request).page(
        replace(visit, zone=child.zone), "guardian/diary.html", section="children", child=child, monday=monday,
        sunday=sunday, earlier=monday - WEEK, later=monday + WEEK, days=_days(lessons), said=said, written=written,
        courses={course.id: course for course in courses},
        files=await files_of(services, FILES, [each.lesson.id for each in lessons]),
        homework=homework_at(lessons, await tasks_of(services, child.id, monday, sunday)),
        by_video=await held_by_video(services, [each.lesson.id for each in lessons]),
    )  # fmt: skip


@router.get("/marks")
async def show_marks(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str,
    quarter: Annotated[int, Query(ge=0, le=12)] = 0, subject: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:  # fmt: skip
    """Show how each subject stands in a quarter, with how its mark comes about, and the weeks as a chart."""
    child = await seen_of(services, actor, ref, FamilyRight.SEE)
    progress = await progress_of(services, child.school_id, child.id, child.on, quarter, subject or None)
    here = replace(visit, zone=child.zone)
    return pages_of(request).page(
        here, "guardian/marks.html", section="children", child=child, told=progress, subject=subject,
        chart=chart_of_weeks(progress.weeks, here.formats), chosen=_chosen(progress, subject, visit.language.value),
    )  # fmt: skip


@router.get("/lessons/{lesson_id}/files/{file_id}")
async def send_file(
    actor: SignedIn, services: TheServices, ref: str, lesson_id: Counted, file_id: Counted
) -> Response:  # fmt: skip
    """Hand out a file of a lesson that the student was to be at."""
    child = await seen_of(services, actor, ref, FamilyRight.SEE)
    if not await is_at(services, child.id, lesson_id):
        raise NotFound
    file = await file_of(services, FILES, lesson_id, file_id)
    return as_download(file)


def chart_of_weeks(weeks: Sequence[Week], formats: Formats) -> Chart:
    """Return the columns of weeks: the mean of each week's marks in percent."""
    return chart_of([
        Column(f"{week.first_on:%d.%m}", f"{formats.day_short(week.first_on)}: {week.percent or 0} %",
               [week.percent or 0])
        for week in weeks
    ])  # fmt: skip


def homework_at(lessons: Sequence[DiaryLesson], tasks: Sequence[Task]) -> dict[int, list[Task]]:
    """Return homework by the lesson that it is due by; what is due by the day, by the course's first one then. Pure."""
    at: dict[int, list[Task]] = {}
    for each in tasks:
        homework = each.homework
        of_day = [one.lesson for one in lessons if (one.lesson.course_id, one.lesson.on) == (homework.course_id,
                  homework.due_on)]  # fmt: skip
        exact = [one for one in of_day if one.number == homework.due_number]
        for lesson in (exact or of_day)[:1]:
            at.setdefault(lesson.id, []).append(each)
    return at


def _days(lessons: list[DiaryLesson]) -> dict[date, list[DiaryLesson]]:
    days: dict[date, list[DiaryLesson]] = {}
    for each in lessons:
        days.setdefault(each.lesson.on, []).append(each)
    return days


def _chosen(progress: Progress, subject_id: int, language: str) -> str:
    names = {each.course.subject.id: each.course.subject.name(language) for each in progress.subjects}
    return names.get(subject_id, "")


def _monday(text: str, today: date) -> date:
    """Return the first day of the week that a page asks for; of this week for what is no day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return monday_of(today)
    return monday_of(day if day.year in YEARS else today)
