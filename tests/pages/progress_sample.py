"""Exams of the sample's school, and physical fitness: of the child, and a course of 9В to write it down in."""

from datetime import timedelta

from cloud.accounts.logins import login_digest
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.progress.exams import ExamGiven, add_exam, exam_of, put_results
from cloud.progress.fitness import PHYSICAL
from cloud.progress.kinds import Score
from cloud.studies.actions import put_course
from cloud.studies.queries import subjects_of
from cloud.studies.rules import CourseGiven, year_of

SYSTEM = Actor("Гүлнар Ахметова", is_system=True)
_CLASS = "SELECT id FROM school_class WHERE school_id = $1 AND grade = 9 AND letter = 'В'"
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
