"""Practice of the sample's child, and logs of its attempts at tests; it uses the sample of tests.

Attempts at practice are the first of their table: 1 a theme, 2 its mistakes, 3 the national format, 4 goes on.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from cloud.assessments.banks import Filed, put_question
from cloud.assessments.questions import Essay, Question, kind_of
from cloud.attendance.queries import SchoolToday, school_or_own_today
from cloud.core.actor import Actor, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.actions import give_consent
from cloud.people.kinds import Purpose
from cloud.practice.attempts import Wish, begin, hand_in, save
from cloud.practice.kinds import Way
from cloud.practice.opening import turn_theme
from cloud.practice.papers import paper_of
from cloud.proctoring.kinds import Noticed, What
from cloud.proctoring.logs import ask_for_log, note
from cloud.studies.queries import course_of
from tests.cloud.assessments.factory import rekeyed
from tests.pages.assessment_sample import ASKED, _student, _sum
from tests.pages.journal_sample import SYSTEM, _course

THEMES = ("Қайталау", "Қосу")
RIGHT: Mapping[str, Sequence[str]] = {
    "Қай сан ең үлкен?": ("b",), "Қай сандар жұп?": ("a", "c"), "6 + 7 нешеге тең?": ("13",),
    "100 сантиметр қалай аталады?": ("сантиметр",), "Сандарды өсу ретімен орналастыр.": ("a", "c", "b", "d"),
}  # fmt: skip
_LOG = """
INSERT INTO sitting_log (attempt_id, school_id, person_id, began_at, seen_at)
SELECT id, school_id, person_id, began_at, handed_at FROM assessment_attempt WHERE id = 1
"""
_EVENT = "INSERT INTO sitting_event (attempt_id, kind, at, lasted_s, place) VALUES (1, $1, $2, $3, $4)"
_SPREAD = """
UPDATE assessment_attempt SET began_at = began_at - interval '20 minutes' WHERE id = 1 RETURNING began_at
"""


async def write(services: Services, school_id: int, child: str) -> None:
    """Write all of it."""
    course_id, teacher = await _course(services, school_id, 1, Role.CLASS_TEACHER)
    school = await school_or_own_today(services, SYSTEM, "almaty15", Right.TESTS_READ, Right.TESTS_GIVE)
    subject = (await course_of(services, school_id, course_id)).subject.id
    for prompt, body, points, why in ASKED:  # those of the tests are withheld while the tests are open
        if not isinstance(body, Essay):
            question = Question(kind_of(body), prompt, body, points, why)
            await put_question(services, teacher, school, Filed(subject, 1, THEMES[0], question))
    for number in range(2, 8):
        await put_question(services, teacher, school, Filed(subject, 1, THEMES[1], _sum(number)))
    for theme in THEMES:
        await turn_theme(services, teacher, school, subject, 1, theme, is_open=True)
    student = await _student(services, school_id, child)
    for wish in (Wish(Way.SUBJECT, subject_id=subject, theme=THEMES[0]), Wish(Way.MISTAKES),
                 Wish(Way.NATIONAL, "mathematics+physics")):  # fmt: skip
        attempt_id = await _answered(services, student, child, wish)
        await hand_in(services, student, child, attempt_id)
    await _answered(services, student, child, Wish(Way.SUBJECT, subject_id=subject, theme=THEMES[1]))
    await _logs(services, teacher, student, school, child)


async def _answered(services: Services, student: Actor, child: str, wish: Wish) -> int:
    person_id = await services.database.pool.fetchval("SELECT id FROM person WHERE ref = $1", child)
    attempt_id = await begin(services, student, child, wish)
    for item in (await paper_of(services, person_id, attempt_id)).items:
        if fields := RIGHT.get(item.question.prompt):
            body = next(body for prompt, body, *_ in ASKED if prompt == item.question.prompt)
            await save(services, student, child, attempt_id, item.place, rekeyed(body, fields))
    return attempt_id


async def _logs(services: Services, teacher: Actor, student: Actor, school: SchoolToday, child: str) -> None:
    """Write the log of the attempt that is over, and some of the one that goes on."""
    pool = services.database.pool
    for given_id in (1, 2):
        await ask_for_log(services, teacher, school, given_id, is_wanted=True)
    person_id = await pool.fetchval("SELECT id FROM person WHERE ref = $1", child)
    await give_consent(services, SYSTEM, person_id, Purpose.TEST_LOG, school.on, "Папка 7, 12-бет")
    began_at = await pool.fetchval(_SPREAD)
    await pool.execute(_LOG)
    for kind, minutes, lasted_s, place in (("left", 4, None, 2), ("back", 6, 125, 2), ("pasted", 7, None, 6),
                                           ("silent", 11, 190, None), ("resized", 15, None, None)):  # fmt: skip
        await pool.execute(_EVENT, kind, began_at + timedelta(minutes=minutes), lasted_s, place)
    await note(services, student, child, 2, [Noticed(What.LEFT, 9, None, 1), Noticed(What.BACK, 2, 7, 1)])
