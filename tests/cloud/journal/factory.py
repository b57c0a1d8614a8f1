"""A school in its first quarter, with 5А's journals of mathematics and English, for tests."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from cloud.attendance.queries import SchoolToday, school_or_own_today
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.journal.grid import Explained, Grid, explain, grid_of
from cloud.journal.kinds import Kind, Standing
from cloud.journal.lessons import Planned, add_lesson, plan_lesson
from cloud.journal.marking import Change, Place, mark, place_of
from cloud.journal.queries import cells_of, learners_of
from cloud.journal.reach import course_within, sees_presence
from cloud.schools.actions import set_terms
from cloud.studies.queries import course_of
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.studies.factory import Studies, studies

TERMS = [
    (date(2026, 9, 1), date(2026, 10, 25)), (date(2026, 11, 4), date(2026, 12, 29)),
    (date(2027, 1, 11), date(2027, 3, 20)), (date(2027, 3, 30), date(2027, 5, 25)),
]  # fmt: skip
TODAY = date(2026, 9, 15)  # a Tuesday
_REFS = "SELECT ref FROM person WHERE id = ANY($1) ORDER BY id"
_CAME = """
INSERT INTO presence (shard, school_id, person_id, "on", first_in_at, last_out_at, is_inside, late_min, without_card,
  entries, updated_at)
VALUES (1, $1, $2, $3, $4, $5, $5::timestamptz IS NULL, 0, false, 1, $4)
"""


@dataclass(slots=True)
class Journal:
    """5А: four students; mathematics with the first teacher, English in two groups with the second one."""

    studies: Studies
    school: SchoolToday
    refs: list[str]

    @property
    def services(self) -> Services:
        return self.studies.services

    @property
    def teacher(self) -> Actor:
        return self.studies.teachers[0]

    @property
    def colleague(self) -> Actor:
        return self.studies.teachers[1]

    @property
    def deputy(self) -> Actor:
        return self.studies.deputy

    @property
    def class_teacher(self) -> Actor:
        role, school_id = Role.CLASS_TEACHER, self.school.id
        reaches = {Reach(role, school_id), Reach(role, school_id, self.studies.class_id)}
        return Actor("Әсел", 10**9, frozenset(reaches))

    async def lesson(
        self, on: date = TODAY, number: int = 1, kind: Kind = Kind.LESSON, most: int = 0, course: int | None = None,
        teacher: Actor | None = None,
    ) -> int:  # fmt: skip
        """Add a lesson, of mathematics by its teacher if nothing else is said, and return its id."""
        course_id, actor = course or self.studies.mathematics, teacher or self.teacher
        lesson_id = await add_lesson(self.services, actor, self.school, course_id, on, number)
        if kind is not Kind.LESSON:
            place = await self.place(lesson_id, actor, course_id)
            await plan_lesson(self.services, actor, self.school, place, Planned("", kind=kind, points_max=most))
        return lesson_id

    async def place(self, lesson_id: int, actor: Actor | None = None, course: int | None = None) -> Place:
        """Return where somebody writes."""
        course_id = course or self.studies.mathematics
        return await place_of(self.services, actor or self.teacher, self.school, course_id, lesson_id)

    async def type(
        self, lesson_id: int, student: int, typed: str, actor: Actor | None = None, seen: int | None = None,
        reason: str = "", course: int | None = None,
    ) -> Standing:  # fmt: skip
        """Let somebody, who has just looked unless it is said what was seen, type into a cell of 5А."""
        place = await self.place(lesson_id, actor, course)
        if seen is None:
            seen = (await self.stands(lesson_id, student)).number
        change = Change(self.refs[student], typed, seen)
        written = await mark(self.services, actor or self.teacher, self.school, place, [change], reason)
        return written[self.refs[student]].standing

    async def stands(self, lesson_id: int, student: int) -> Standing:
        person_id = self.studies.student_ids[student]
        cells = await cells_of(self.services.database.pool, [lesson_id], [person_id])
        return cells.get((lesson_id, person_id), Standing())

    async def grid(self, actor: Actor | None = None, quarter: int = 0, course: int | None = None) -> Grid:
        course_id = course or self.studies.mathematics
        who = actor or self.teacher
        reach, found = await course_within(self.services, who, self.school, course_id)
        sees = sees_presence(who, found)
        return await grid_of(self.services, reach, found, self.school, quarter, sees_presence=sees)

    async def explained(self, student: int, quarter: int = 0) -> Explained:
        """Return how a student's mark of mathematics came to be."""
        course = await course_of(self.services, self.school.id, self.studies.mathematics)
        learners = await learners_of(self.services.database.pool, [course.id], date(2026, 8, 1), date(2027, 7, 31))
        learner = next(each for each in learners[course.id] if each.id == self.studies.student_ids[student])
        return await explain(self.services, course, self.school, quarter, learner)

    async def came(self, student: int, on: date = TODAY, at: time = time(8), left: time | None = None) -> None:
        """Let a gate see a student come in, and go out if it left, by the school's clock."""
        came_at = datetime.combine(on, at, self.school.zone)
        left_at = None if left is None else datetime.combine(on, left, self.school.zone)
        person_id = self.studies.student_ids[student]
        await self.services.database.pool.execute(_CAME, self.school.id, person_id, on, came_at, left_at)

    async def at(self, on: date) -> None:
        """Let the school's day be another one, to come."""
        days = (on - self.studies.today).days
        self.services.clock.advance(timedelta(days=days).total_seconds())  # type: ignore[attr-defined]  # simulated
        self.school = await school_or_own_today(
            self.services, SYSTEM, self.school.code, Right.JOURNAL_READ, Right.JOURNAL_KEEP
        )


async def journal(services: Services, terms: list[tuple[date, date]] | None = None, on: date = TODAY) -> Journal:
    """Open the school, two weeks after its year began."""
    school = await studies(services)
    await set_terms(services, SYSTEM, school.school_id, TERMS if terms is None else terms)
    rows = await services.database.pool.fetch(_REFS, school.student_ids)
    today = await school_or_own_today(services, SYSTEM, "almaty5", Right.JOURNAL_READ, Right.JOURNAL_KEEP)
    opened = Journal(school, today, [row["ref"] for row in rows])
    await opened.at(on)
    return opened
