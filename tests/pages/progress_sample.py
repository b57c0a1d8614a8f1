"""Exams, physical fitness and a second class with marks at the sample's school.

The child has results and values; 9В has a course of physical education to write them down in, 5А a lesson of music.
"""

from datetime import date, timedelta

from cloud.accounts.logins import login_digest
from cloud.attendance.queries import school_or_own_today
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.journal.lessons import add_lesson
from cloud.journal.marking import Change, mark, place_of
from cloud.progress.exams import ExamGiven, add_exam, exam_of, put_results
from cloud.progress.fitness import PHYSICAL
from cloud.progress.kinds import Score
from cloud.studies.actions import put_course
from cloud.studies.queries import subjects_of
from cloud.studies.rules import CourseGiven, year_of

SYSTEM = Actor("Гүлнар Ахметова", is_system=True)
_CLASS = "SELECT id FROM school_class WHERE school_id = $1 AND grade = 9 AND letter = 'В'"
_ACCOUNT = "SELECT id, name FROM account WHERE login_digest = $1"
_MUSIC = """
SELECT course.id FROM course JOIN school_subject ON school_subject.id = subject_id
WHERE course.school_id = $1 AND code = $2 ORDER BY course.id LIMIT 1
"""
_OF_CLASS = """
SELECT ref FROM stay JOIN person ON person.id = person_id JOIN course ON course.school_class_id = stay.school_class_id
WHERE course.id = $1 AND stay.last_on IS NULL ORDER BY person.id LIMIT 3
"""
_TIED = "SELECT person_id FROM staff_account JOIN account ON account.id = account_id WHERE login_digest = $1"
_VALUE = """
INSERT INTO fitness_value (school_id, person_id, indicator, "on", value, at, by_name)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def write(services: Services, school_id: int, child_id: int, sibling_id: int) -> None:
    """Write it; the first exam has the number 1, and results of the child and its sibling."""
    pool, now = services.database.pool, services.clock.now()
    today, subjects = now.date(), {each.code: each.id for each in await subjects_of(services, school_id)}
    given = ExamGiven("monitoring", "Білім жетістіктерінің мониторингі", today - timedelta(days=100),
                      subjects["mathematics"], 40)  # fmt: skip
    exam = await exam_of(services, SYSTEM, school_id, await add_exam(services, SYSTEM, school_id, given, today))
    await put_results(services, SYSTEM, school_id, exam, {child_id: Score(34, 5), sibling_id: Score(21, None)})
    await add_exam(services, SYSTEM, school_id, ExamGiven("school", "Қазақ тілі, сынақ", today), today)
    for back, values in ((120, (("run_30", 620), ("jump", 12_500))), (5, (("run_30", 590), ("jump", 12_000)))):
        for key, value in values:
            await pool.execute(_VALUE, school_id, child_id, key, today - timedelta(days=back), value, now, SYSTEM.name)
    class_id = await pool.fetchval(_CLASS, school_id)
    teacher_id = await pool.fetchval(_TIED, login_digest(services.vault, "class_teacher"))
    course = CourseGiven(year_of(today), class_id, subjects[PHYSICAL], 6, "", teacher_id)
    await put_course(services, SYSTEM, school_id, course)
    await _music(services, school_id)


async def _music(services: Services, school_id: int) -> None:
    """Let the teacher of 5А mark three students in music."""
    pool = services.database.pool
    account = await pool.fetchrow(_ACCOUNT, login_digest(services.vault, "teacher"))
    teacher = Actor(account["name"], account["id"], frozenset({Reach(Role.TEACHER, school_id)}))
    school = await school_or_own_today(services, teacher, "almaty15", Right.JOURNAL_READ, Right.JOURNAL_KEEP)
    course_id = await pool.fetchval(_MUSIC, school_id, "music")
    lesson_id = await add_lesson(services, teacher, school, course_id, date(2026, 8, 28), 3, "Домбыра үні")
    place = await place_of(services, teacher, school, course_id, lesson_id)
    refs = [row["ref"] for row in await pool.fetch(_OF_CLASS, course_id)]
    changes = [Change(ref, typed, 0) for ref, typed in zip(refs, ("9", "7", "5"), strict=True)]
    await mark(services, teacher, school, place, changes)
