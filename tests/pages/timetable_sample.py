"""The timetable of the sample's school: rooms, a published version with its lessons, a draft that clashes, a solve."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import msgspec

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.schools.models import Bell
from cloud.schools.rules import usual_rings
from cloud.studies.actions import put_course
from cloud.studies.queries import subjects_of
from cloud.studies.rules import CourseGiven, year_of
from cloud.timetable.framing import Asks
from cloud.timetable.jobs import Claimed, order, problem_of
from cloud.timetable.keeping import add_time, put_asks, put_room
from cloud.timetable.kinds import SOCH, SOR, RoomKind, Weeks
from cloud.timetable.laying import lay_out
from cloud.timetable.lessons import lessons_between
from cloud.timetable.problem import Progress
from cloud.timetable.rules import Slot
from cloud.timetable.solving import solve
from cloud.timetable.substituting import add_away, call_off, substitute
from cloud.timetable.summative import set_kind
from cloud.timetable.versions import add_draft, publish, put_slot, version_of

SYSTEM = Actor.system("sample")
TOKEN = "sample-timetable-feed"
_CLASSES = "SELECT id FROM school_class WHERE school_id = $1 AND grade = $2 AND letter = 'А'"
_FEED = """
INSERT INTO timetable_feed (school_id, class_id, language, token_digest, made_at, made_by)
VALUES ($1, $2, 'kk', $3, $4, 'Гүлнар Ахметова')
"""
_DONE = "UPDATE timetable_solve SET state = 'done', tries = 1, outcome = $2::text::jsonb WHERE id = $1"
_RUNNING = "UPDATE timetable_solve SET state = 'running', tries = 1, progress = $2::text::jsonb WHERE id = $1"


async def write(services: Services, school_id: int, staff: Sequence[int]) -> None:
    """Write it; the published version has the number 1, the draft the number 2."""
    pool, today = services.database.pool, services.clock.now().date()
    first, fifth = [int(await pool.fetchval(_CLASSES, school_id, grade)) for grade in (1, 5)]
    for ring in usual_rings(1, (services.clock.now() + timedelta(hours=5)).time().replace(hour=8, minute=0), 6):
        for grade in (1, 5):
            await Bell(school_id=school_id, shift=1, grade=grade, lesson=ring.lesson, starts_min=ring.starts_min,
                       ends_min=ring.ends_min).save()  # fmt: skip
    subjects = {each.code: each.id for each in await subjects_of(services, school_id)}
    courses = await _courses(services, school_id, first, subjects, staff, year_of(today))
    for name, kind in (("101", RoomKind.CLASS), ("214", RoomKind.CLASS), ("Спортзал", RoomKind.GYM)):
        await put_room(services, SYSTEM, school_id, name, kind)
    await put_asks(services, SYSTEM, school_id, subjects["physical_education"], Asks("gym"))
    await add_time(services, SYSTEM, school_id, staff[3], 3, (480, 600), is_wish=False)
    await add_time(services, SYSTEM, school_id, staff[0], 1, (480, 520), is_wish=True)
    await _published(services, school_id, courses, today)
    await _changes(services, school_id, first, staff, today)
    await _draft(services, school_id, today)
    await pool.execute(_FEED, school_id, fifth, hashlib.sha256(TOKEN.encode()).digest(), services.clock.now())


async def _courses(
    services: Services, school_id: int, class_id: int, subjects: dict[str, int], staff: Sequence[int], year: int
) -> list[int]:
    """Add the courses of a first grade, which has one lesson a day: one course more than there are lessons."""
    codes = ("literacy", "mathematics", "natural_science", "physical_education", "music", "fine_art")
    return [
        await put_course(
            services, SYSTEM, school_id,
            CourseGiven(year, class_id, subjects[code], 2, "", staff[4 if number < 3 else 5], "101"),
        )
        for number, code in enumerate(codes)
    ]  # fmt: skip


async def _published(services: Services, school_id: int, firsts: Sequence[int], today: date) -> None:
    mathematics, one, two, kazakh, music = await _fifth(services, school_id)
    slots = [Slot(day, 1, mathematics, Weeks.EACH, "214") for day in range(1, 6)]
    slots += [Slot(day, 2, each, Weeks.EACH, room) for day in (1, 3, 5) for each, room in ((one, "101"), (two, ""))]
    slots += [Slot(day, 2, kazakh) for day in (2, 4)] + [Slot(3, 3, kazakh, Weeks.ODD), Slot(4, 3, music)]
    slots += [Slot(day, 1, course, Weeks.EACH, "101") for day, course in enumerate(firsts[:5], 1)]
    draft = await add_draft(services, SYSTEM, school_id, "Күзгі кесте", today)
    for slot in slots:
        await put_slot(services, SYSTEM, school_id, draft, slot, today)
    await publish(services, SYSTEM, school_id, draft, (today, None), today)
    await lay_out(services, school_id)


async def _fifth(services: Services, school_id: int) -> list[int]:
    """Return the courses of 5А that studies of the sample wrote, in their order."""
    rows = await services.database.pool.fetch(
        "SELECT course.id FROM course JOIN school_class ON school_class.id = school_class_id"
        " WHERE course.school_id = $1 AND grade = 5 ORDER BY course.id LIMIT 5", school_id,
    )  # fmt: skip
    return [int(row["id"]) for row in rows]


async def _changes(services: Services, school_id: int, first: int, staff: Sequence[int], today: date) -> None:
    """Write what is otherwise in the next days: an absence with a substitution, a lesson called off, two works."""
    tomorrow, here = today + timedelta(days=1), school_id
    lessons = await lessons_between(services, here, tomorrow, today + timedelta(days=14))
    of_first = [each for each in lessons if each.course.class_id == first]
    of_fifth = [each for each in lessons if each.course.class_id != first]
    maths = [each for each in of_fifth if each.number == 1]
    await set_kind(services, SYSTEM, here, maths[1].id, SOR, today)
    await set_kind(services, SYSTEM, here, maths[5].id, SOCH, today)
    await set_kind(services, SYSTEM, here, of_first[1].id, SOR, today)
    await call_off(services, SYSTEM, here, of_first[0].id, "Экскурсия", today)
    await add_away(services, SYSTEM, here, staff[0], (tomorrow, tomorrow + timedelta(days=2)), today)
    await substitute(services, SYSTEM, here, maths[0].id, staff[2], "101", "Айгүл апайдың орнына", today)


async def _draft(services: Services, school_id: int, today: date) -> None:
    """Write a draft in which a teacher cannot and a class has a gap, solved once and being solved again."""
    mathematics, _, _, kazakh, _ = await _fifth(services, school_id)
    draft = await add_draft(services, SYSTEM, school_id, "Қысқы кесте", today)
    for slot in (Slot(3, 1, kazakh), Slot(1, 2, mathematics)):
        await put_slot(services, SYSTEM, school_id, draft, slot, today)
    done = await order(services, Actor("Ерлан Нұр", is_system=True), school_id, draft, 60)
    version = await version_of(services, school_id, draft)
    problem = await problem_of(services, Claimed(done, school_id, draft, 60, 1, 1), version)
    outcome = solve(replace(problem, seconds=300.0, effort=1.0))
    await services.database.pool.execute(_DONE, done, msgspec.json.encode(outcome).decode())
    running = await order(services, Actor("Ерлан Нұр", is_system=True), school_id, draft, 120)
    told = msgspec.json.encode(Progress("bettering", 48, 312, 7)).decode()
    await services.database.pool.execute(_RUNNING, running, told)
