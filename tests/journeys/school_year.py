"""A school of two shifts that lives through a year: gates hear its children each day, teachers keep the journal.

Rule: everything goes by the seams that agents, pages and workers use, and by a seed: records come from a device with
its chain, the timetable from the solver, marks from teachers who write at the day and hour of the lesson.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Literal, Self

import msgspec

from cloud.attendance.projection import Attendance
from cloud.attendance.queries import SchoolToday, school_or_own_today
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.curriculum.actions import apply_plan, put_item, put_plan
from cloud.curriculum.rules import PlanGiven
from cloud.ingest.accepting import accept
from cloud.ingest.cursor import advance
from cloud.ingest.partitions import make_partitions
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from cloud.journal.grading import STATE
from cloud.journal.kinds import NOTHING, Here, Kind
from cloud.journal.lessons import Planned, plan_lesson
from cloud.journal.marking import Change, Place, mark, place_of, take
from cloud.journal.queries import cells_of, learners_of
from cloud.journal.schemes import put_scheme
from cloud.people.kinds import PersonRole
from cloud.schools.actions import add_class, set_terms
from cloud.studies.actions import add_state_subjects, put_course
from cloud.studies.queries import Course, courses_of, subjects_of
from cloud.studies.rules import CourseGiven
from cloud.timetable.beside import Listening, solve_beside
from cloud.timetable.jobs import order, solve_next, solves_of, take_over
from cloud.timetable.laying import lay_out_due
from cloud.timetable.lessons import Lesson, lessons_between
from cloud.timetable.problem import Outcome, Problem
from cloud.timetable.summative import set_kind
from cloud.timetable.versions import add_draft, publish
from schemas.structs import Decision
from simulators.clock import SimulatedClock
from tests.cloud.ingest.device import EPOCH, Device
from tests.cloud.ingest.rows import add_devices
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.cloud.studies.factory import a_person, a_teacher

YEAR = 2026
TERMS = [
    (date(2026, 9, 1), date(2026, 10, 25)), (date(2026, 11, 2), date(2026, 12, 27)),
    (date(2027, 1, 11), date(2027, 3, 21)), (date(2027, 3, 29), date(2027, 5, 23)),
]  # fmt: skip
CLASSES = {(5, "А"): 1, (5, "Ә"): 2, (6, "А"): 2, (11, "А"): 1}  # with their shifts
SURNAMES = ("Әліби", "Бек", "Жұмабай", "Ким")  # a class has one, its students have names of their own
NAMES = ("Айгерім", "Дана", "Ольга", "Санжар", "Темір")
HOURS = {"mathematics": 2, "history": 1, "physical_education": 1}  # a week; physical education has no SOCH
TEACHERS = {
    "mathematics": ("Сейіт", "Айгүл"), "history": ("Нұрлан", "Серік"), "physical_education": ("Ким", "Виктор")
}  # fmt: skip
SOR_MAX, SOCH_MAX = 10, 20
ABSENT, LATE, MARKED = 0.06, 0.05, 0.6  # how likely a student is so on a day, or gets a mark in a lesson
A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
SOLVE_S = 5
Passed = tuple[datetime, Literal["in", "out"], int]  # when, which way, who


@dataclass(slots=True)
class SchoolYear:
    """The school, who is in it, and the gate's device."""

    services: Services
    clock: SimulatedClock
    school: SchoolToday
    rng: Random
    class_ids: dict[str, int]
    teachers: dict[str, tuple[int, Actor]]  # by subject: the person, and its account
    refs: dict[int, str]  # of students, by id
    device: Device
    store: PgStore
    deputy: Actor
    marks: dict[tuple[int, int], int] = field(default_factory=dict)  # points that were written, by lesson and student
    seen: dict[date, int] = field(default_factory=dict)  # how many came, by day

    @classmethod
    async def opened(cls, services: Services, clock: SimulatedClock) -> Self:
        """Form the classes, enter students and teachers, and let a gate have a device."""
        school_id = await a_school(services)
        await set_terms(services, SYSTEM, school_id, TERMS)
        class_ids, refs = {}, {}
        for (grade, letter), shift in CLASSES.items():
            class_id = await add_class(services, SYSTEM, school_id, grade, letter, shift)
            class_ids[f"{grade}{letter}"] = class_id
            for place, name in enumerate(NAMES):
                whole = SURNAMES[len(class_ids) - 1], name
                await a_person(services, school_id, PersonRole.STUDENT, whole, f"{grade}{letter}-{place}", class_id)
        for row in await services.database.pool.fetch("SELECT id, ref FROM person WHERE role = 'student'"):
            refs[row["id"]] = row["ref"]
        await add_state_subjects(services, SYSTEM, school_id)
        teachers = {code: await a_teacher(services, school_id, name, code) for code, name in TEACHERS.items()}
        shard = await services.database.pool.fetchval("SELECT shard FROM school")
        device = Device("gate-1", school="almaty5", shard=shard)
        await add_devices(services.database.pool, services.vault, clock, device)
        await services.database.pool.execute(
            "INSERT INTO gate (school_id, key, name_kk, name_ru, name_en, has_sensor) "
            "VALUES ($1, 'main', 'Қақпа', 'Вход', 'Gate', false)",
            school_id,
        )
        store = PgStore(services.database.url, Senders(services.database.pool, services.vault, clock))
        deputy = Actor("Ерлан Нұр", reaches=frozenset({Reach(Role.DEPUTY, school_id)}))
        school = await _today(services)
        own = replace(STATE[-1], from_on=TERMS[0][0], formative_least=1)  # one lesson a week, and who is ill misses it
        await put_scheme(services, deputy, school_id, own, school.on)
        return cls(services, clock, school, Random(YEAR), class_ids, teachers, refs, device, store, deputy)

    async def planned(self, year: int = YEAR) -> int:
        """Let every class be taught by its grade's plan, and return how many courses there are."""
        here, by_code = self.school.id, await self.subjects()
        grades: dict[int, list[int]] = {}
        for row in await self.services.database.pool.fetch(
            "SELECT DISTINCT grade, school_class.id FROM school_class JOIN person ON school_class_id = school_class.id "
            "WHERE person.is_active ORDER BY 1, 2"
        ):
            grades.setdefault(row["grade"], []).append(row["id"])
        for grade, class_ids in grades.items():
            plan_id = await put_plan(
                self.services, self.deputy, here, PlanGiven(f"{grade} сынып", year, grade, "kk", 34)
            )
            for code, hours in HOURS.items():
                await put_item(self.services, self.deputy, here, plan_id, by_code[code], 2 * hours, 34 * hours)
            for class_id in class_ids:
                await apply_plan(self.services, self.deputy, here, plan_id, class_id)
        for course in await courses_of(self.services, here, year):
            given = CourseGiven(
                year,
                course.class_id,
                course.subject.id,
                course.half_hours,
                teacher_id=self.teachers[course.subject.code][0],
            )
            await put_course(self.services, self.deputy, here, given, course.id)
        return len(await courses_of(self.services, here, year))

    async def timetabled(self, first_on: date) -> Outcome:
        """Let the solver make a timetable, take it over, publish it from a day on, and lay its lessons out."""
        here, services = self.school.id, self.services
        draft = await add_draft(services, self.deputy, here, "Кесте", first_on)
        job = await order(services, self.deputy, here, draft, SOLVE_S)
        assert await solve_next(services, _patient)
        (solve,) = await solves_of(services, here, draft)
        assert solve.outcome is not None, solve.failed
        await take_over(services, self.deputy, here, draft, job)
        await publish(services, self.deputy, here, draft, (first_on, None), self.school.on)
        await lay_out_due(services)
        return solve.outcome

    async def summative(self, quarter: int) -> None:
        """Plan the summative works of a quarter: each course's last lesson but one is a SOR, its last one a SOCH."""
        first_on, last_on = TERMS[quarter - 1]
        by_course: dict[int, list[Lesson]] = {}
        for lesson in await lessons_between(
            self.services, self.school.id, max(first_on, self.school.on + A_DAY), last_on
        ):
            if not lesson.is_off:
                by_course.setdefault(lesson.course.id, []).append(lesson)
        for lessons in by_course.values():
            kinds = ["sor"] if lessons[0].course.subject.code == "physical_education" else ["sor", "soch"]
            for lesson, kind in zip(lessons[-len(kinds) :], kinds, strict=True):
                await set_kind(self.services, self.deputy, self.school.id, lesson.id, kind, self.school.on)

    async def lived(self, first_on: date, last_on: date) -> int:
        """Let the school live through its days, both included, and return how many lessons were given."""
        given = 0
        for on in _days(first_on, last_on):
            await self.at(on, time(7))
            if on == first_on or on.weekday() == 0:
                await lay_out_due(self.services)  # the worker does so each day
            lessons = [each for each in await lessons_between(self.services, self.school.id, on, on) if not each.is_off]
            if lessons:
                absent = await self.came(on)
                for lesson in sorted(lessons, key=lambda each: (each.starts_at, each.id)):
                    await self.teach(lesson, absent)
                given += len(lessons)
        return given

    async def came(self, on: date) -> set[int]:
        """Let the gate hear who comes and goes on a day by each class's shift, and return who did not come."""
        members, absent = await self.members(on), set()
        records: list[Passed] = []
        for person_id, shift in members.items():
            if self.rng.random() < ABSENT:
                absent.add(person_id)
                continue
            late = 15 if self.rng.random() < LATE else -10
            begins, ends = (time(8), time(13)) if shift == 1 else (time(14), time(19))
            records.append((self._instant(on, begins, late), "in", person_id))
            records.append((self._instant(on, ends, 5), "out", person_id))
        records.sort()
        self.seen[on] = len(members) - len(absent)
        await make_partitions(self.services.database.pool, on)
        await self._send(on, records)
        return absent

    async def teach(self, lesson: Lesson, absent: set[int]) -> None:
        """Let a lesson be given: presence is taken over as gates offer it, and some who are there get marks."""
        assert lesson.ends_at is not None
        self.clock.advance((lesson.ends_at - self.clock.now()).total_seconds())
        course_id, kind = lesson.course.id, Kind(lesson.kind)
        place = await self.place(course_id, lesson.id, lesson.teacher_id)
        teacher = self.account_of(lesson.teacher_id)
        if kind is not Kind.LESSON:
            most = SOR_MAX if kind is Kind.SOR else SOCH_MAX
            await plan_lesson(self.services, teacher, self.school, place, Planned("", kind=kind, points_max=most))
            place = await self.place(course_id, lesson.id, lesson.teacher_id)
        await take(self.services, teacher, self.school, place)
        learners = (await learners_of(self.services.database.pool, [course_id], lesson.on, lesson.on))[course_id]
        there = [each.id for each in learners if each.id not in absent]
        points = {person_id: self._points(kind) for person_id in there if self._is_marked(kind)}
        await self.write(course_id, lesson.id, lesson.teacher_id, points)

    async def write(
        self, course_id: int, lesson_id: int, teacher_id: int | None, points: Mapping[int, int]
    ) -> None:  # fmt: skip
        """Let whoever gives a lesson write points, over what stands."""
        cells = await cells_of(self.services.database.pool, [lesson_id], list(points))
        changes = [
            Change(self.refs[person_id], f"{given}", cells.get((lesson_id, person_id), NOTHING).number)
            for person_id, given in points.items()
        ]
        place = await self.place(course_id, lesson_id, teacher_id)
        await mark(self.services, self.account_of(teacher_id), self.school, place, changes)
        self.marks |= {(lesson_id, person_id): given for person_id, given in points.items()}

    async def place(self, course_id: int, lesson_id: int, teacher_id: int | None) -> Place:
        """Return where whoever gives a lesson writes."""
        return await place_of(self.services, self.account_of(teacher_id), self.school, course_id, lesson_id)

    async def at(self, on: date, hour: time = time(7)) -> None:
        """Let it be an hour of a day to come."""
        self.clock.advance(max(0.0, (self._instant(on, hour) - self.clock.now()).total_seconds()))
        self.school = await _today(self.services)

    async def members(self, on: date) -> dict[int, int]:
        """Return who is a student of the school on a day, with the shift of its class."""
        rows = await self.services.database.pool.fetch(
            "SELECT person_id, shift FROM stay JOIN school_class ON school_class.id = school_class_id "
            "WHERE first_on <= $1 AND (last_on IS NULL OR last_on >= $1) ORDER BY person_id",
            on,
        )
        return {row["person_id"]: row["shift"] for row in rows}

    async def absences(self) -> int:
        """Return of how many lessons the journal says that somebody was absent."""
        return int(await self.services.database.pool.fetchval(
            "SELECT count(*) FROM (SELECT DISTINCT ON (lesson_id, person_id) here FROM journal_mark "
            "ORDER BY lesson_id, person_id, number DESC) AS last WHERE here = $1",
            Here.ABSENT.value,
        ))  # fmt: skip

    async def courses(self, year: int = YEAR) -> Sequence[Course]:
        return await courses_of(self.services, self.school.id, year)

    async def subjects(self) -> dict[str, int]:
        return {each.code: each.id for each in await subjects_of(self.services, self.school.id)}

    def account_of(self, teacher_id: int | None) -> Actor:
        """Return the account of a teacher."""
        return next(account for person_id, account in self.teachers.values() if person_id == teacher_id)

    async def _send(self, on: date, records: Sequence[Passed]) -> None:
        first = len(self.device.lines.get(EPOCH, [])) + 1
        self.device.write(*[
            msgspec.json.encode(Decision(
                monotonic_ms=first + place, wall_ms=int(at.timestamp() * 1_000), clock="ntp", gate="main",
                direction=way, outcome="allowed", reason="ok", roster=1, person=self.refs[person_id],
            )) for place, (at, way, person_id) in enumerate(records)
        ])  # fmt: skip
        sent_ms = int(self._instant(on, time(20)).timestamp() * 1_000)
        message = self.device.batch(first, first + len(records) - 1)._replace(at_ms=sent_ms)
        await accept([message], self.store, sent_ms)
        projection, pool = Attendance(self.services), self.services.database.pool
        while await advance(pool, projection, range(64), 1_000):
            pass

    def _instant(self, on: date, hour: time, minutes: int = 0) -> datetime:
        return datetime.combine(on, hour, self.school.zone) + timedelta(minutes=minutes)

    def _points(self, kind: Kind) -> int:
        return self.rng.randint(*{Kind.LESSON: (4, 10), Kind.SOR: (4, SOR_MAX), Kind.SOCH: (8, SOCH_MAX)}[kind])

    def _is_marked(self, kind: Kind) -> bool:
        return kind is not Kind.LESSON or self.rng.random() < MARKED


async def _today(services: Services) -> SchoolToday:
    return await school_or_own_today(services, SYSTEM, "almaty5", Right.JOURNAL_READ, Right.JOURNAL_KEEP)


async def _patient(problem: Problem, listening: Listening) -> Outcome:
    """Solve beside, by work instead of seconds: the machine may be busy."""
    return await solve_beside(replace(problem, seconds=300.0, effort=2.0), listening)


def _days(first_on: date, last_on: date) -> Iterator[date]:
    return (first_on + number * A_DAY for number in range((last_on - first_on).days + 1))
