"""A quarter of each student of a class on one page: marks, what they come to, lessons missed, what teachers wrote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from cloud.attendance.queries import SchoolToday
from cloud.core.services import Services
from cloud.journal.kinds import NOTHING, Cell, Lesson, Standing
from cloud.journal.missed import Missed, attendance_of
from cloud.journal.queries import Learner, cells_of, learners_of, lessons_of, remarks_of
from cloud.journal.sheets import Sheet, sheet_of
from cloud.studies.queries import Subject, courses_of

WEEK = timedelta(days=7)
REMARKS_SHOWN = 8  # of a student, the newest


@dataclass(frozen=True, slots=True)
class Remark:
    """What a teacher wrote about a student at a lesson."""

    subject: Subject
    lesson: Lesson
    words: str


@dataclass(frozen=True, slots=True)
class OfWeek:
    """A lesson of a student's week, as the diary has it."""

    subject: Subject
    lesson: Lesson
    cell: Cell


@dataclass(frozen=True, slots=True)
class Reports:
    """The pages of a class, by students' ids: points by subject in the order of days, lessons missed, remarks."""

    sheet: Sheet
    points: Mapping[tuple[int, int], Sequence[int]]  # formative ones, by student and subject
    missed: Mapping[int, Missed]
    remarks: Mapping[int, Sequence[Remark]]
    week: Mapping[int, Sequence[OfWeek]]  # the last seven days up to today, or to the quarter's end


async def reports_of(services: Services, school: SchoolToday, class_id: int, year: int, number: int) -> Reports:
    """Return the pages of a class for a quarter; rights were asked by `class_within`."""
    sheet = await sheet_of(services, school, class_id, year, number)
    attendance = await attendance_of(services, school, class_id, year, number)
    courses = await courses_of(services, school.id, year, class_ids=[class_id])
    subjects = {course.id: course.subject for course in courses}
    quarter, pool = sheet.quarter, services.database.pool
    lessons = await lessons_of(services, subjects, quarter.first_on, min(quarter.until, school.on))
    by_id = {lesson.id: lesson for lesson in lessons if not lesson.is_off}
    ids = [row.learner.id for row in sheet.rows]
    cells = await cells_of(pool, list(by_id), ids)
    points: dict[tuple[int, int], list[int]] = {}
    for lesson in by_id.values():
        for person_id in ids:
            stands = cells.get((lesson.id, person_id))
            if stands is not None and stands.cell.points is not None and not lesson.is_summative:
                points.setdefault((person_id, subjects[lesson.course_id].id), []).append(stands.cell.points)
    remarks: dict[int, list[Remark]] = {}
    for (lesson_id, person_id), words in (await remarks_of(services, list(by_id), ids)).items():
        lesson = by_id[lesson_id]
        remarks.setdefault(person_id, []).append(Remark(subjects[lesson.course_id], lesson, words))
    newest = {
        person_id: sorted(each, key=lambda remark: remark.lesson.on, reverse=True)[:REMARKS_SHOWN]
        for person_id, each in remarks.items()
    }
    learners = await learners_of(pool, subjects, quarter.first_on, quarter.until)
    week = _week_of(list(by_id.values()), subjects, learners, cells)
    return Reports(sheet, points, {each.learner.id: each for each in attendance.rows}, newest, week)


def _week_of(
    lessons: Sequence[Lesson], subjects: Mapping[int, Subject], learners: Mapping[int, Sequence[Learner]],
    cells: Mapping[tuple[int, int], Standing],
) -> dict[int, list[OfWeek]]:  # fmt: skip
    """Return each student's lessons of the last seven days on which there are any."""
    last_on = max((lesson.on for lesson in lessons), default=None)
    week: dict[int, list[OfWeek]] = {}
    for lesson in lessons:
        if last_on is not None and lesson.on > last_on - WEEK:
            for learner in (each for each in learners[lesson.course_id] if each.is_in(lesson.on)):
                stands = cells.get((lesson.id, learner.id), NOTHING)
                week.setdefault(learner.id, []).append(OfWeek(subjects[lesson.course_id], lesson, stands.cell))
    return {
        person_id: sorted(some, key=lambda each: (each.lesson.on, each.lesson.number))
        for person_id, some in week.items()
    }
