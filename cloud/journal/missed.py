"""Lessons that a class missed in a quarter: by the journal, and where it says nothing by the day's register."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cloud.attendance.queries import SchoolToday
from cloud.core.services import Services
from cloud.journal.kinds import NOTHING, Here, Standing
from cloud.journal.quarters import Quarter, quarter_of_number
from cloud.journal.queries import Learner, cells_of, learners_of, lessons_of
from cloud.journal.schemes import quarters_of
from cloud.register.kinds import Said, Says
from cloud.register.queries import said_on
from cloud.studies.queries import Subject, courses_of


@dataclass(slots=True)
class Missed:
    """How often a student was not at lessons, of so many that it was to be at."""

    learner: Learner
    lessons: int = 0
    absent: int = 0
    excused: int = 0  # of these, ill or kept by the family, by the day's register
    away: int = 0
    late: int = 0
    by_subject: dict[int, int] = field(default_factory=dict)  # absent

    def count(self, here: Here, said: Said, subject_id: int) -> None:
        """Count a lesson: the journal's own word first, then the day's register."""
        if here is Here.UNSAID:
            here = {Says.ABSENT: Here.ABSENT, Says.AWAY: Here.AWAY}.get(said.says, Here.UNSAID)
        self.lessons += 1
        self.late += here is Here.LATE
        self.away += here is Here.AWAY
        if here is Here.ABSENT:
            self.absent += 1
            self.excused += said.is_excused
            self.by_subject[subject_id] = self.by_subject.get(subject_id, 0) + 1


@dataclass(frozen=True, slots=True)
class AttendanceSheet:
    """Lessons that a class missed in a quarter, up to today."""

    class_name: str
    quarters: Sequence[Quarter]
    quarter: Quarter
    subjects: Sequence[Subject]
    rows: Sequence[Missed]

    def missed_of(self, subject_id: int) -> int:
        """Return how many lessons of a subject all its students missed together."""
        return sum(row.by_subject.get(subject_id, 0) for row in self.rows)


async def attendance_of(
    services: Services, school: SchoolToday, class_id: int, year: int, number: int
) -> AttendanceSheet:
    """Return the lessons that a class missed in a quarter; rights were asked by `class_within`."""
    courses = {course.id: course for course in await courses_of(services, school.id, year, class_ids=[class_id])}
    quarters = await quarters_of(services, school.id, year)
    quarter = quarter_of_number(quarters, number, school.on)
    span = quarter.first_on, min(quarter.until, school.on)
    lessons = [each for each in await lessons_of(services, courses, *span) if not each.is_off]
    learners = await learners_of(services.database.pool, courses, *span)
    cells = await cells_of(services.database.pool, [lesson.id for lesson in lessons])
    missed = {each.id: Missed(each) for some in learners.values() for each in some}
    async with services.database.pool.acquire() as connection:
        said = await said_on(connection, services.vault, list(missed), *span)
    for lesson in lessons:
        for learner in learners[lesson.course_id]:
            if learner.is_in(lesson.on):
                stands: Standing = cells.get((lesson.id, learner.id), NOTHING)
                day = said.get((learner.id, lesson.on), Said())
                missed[learner.id].count(stands.cell.here, day, courses[lesson.course_id].subject.id)
    subjects = {course.subject.id: course.subject for course in courses.values()}
    name = next(iter(courses.values())).class_name if courses else ""
    rows = sorted(missed.values(), key=lambda each: each.learner.place)
    return AttendanceSheet(name, quarters, quarter, list(subjects.values()), rows)
