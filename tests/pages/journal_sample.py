"""Lessons, marks and remarks of two classes of the sample: one to be looked at, one for tests to write into.

Their courses are those of the sample's studies and timetable.
"""

from collections.abc import Sequence
from datetime import date

from cloud.accounts.logins import login_digest
from cloud.attendance.queries import SchoolToday, school_or_own_today
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.journal.files import add_file
from cloud.journal.grading import STATE, Scheme
from cloud.journal.kinds import Kind
from cloud.journal.lessons import Planned, add_lesson, plan_lesson
from cloud.journal.marking import Change, mark, place_of, remark
from cloud.journal.schemes import put_scheme
from cloud.studies.actions import tie_account
from cloud.studies.queries import subjects_of
from tests.pages.message_sample import PDF

SYSTEM = Actor.system("sample")
YEAR = 2026
THEMES = ("Натурал сандар", "Сандарды салыстыру", "Қосу және азайту", "Бөлім бойынша жұмыс", "Көбейту")
DAYS = (date(2026, 8, 26), date(2026, 8, 27), date(2026, 8, 28), date(2026, 8, 31), date(2026, 9, 1))
TYPED = (  # of the first students, lesson by lesson: the fourth is a SOR of 15
    ("9", "8", "10", "14", "9"), ("7", "н", "8", "11", ""), ("5", "6", "о 6", "7", ""), ("10", "9", "9", "15", ""),
    ("н", "н", "4", "н 6", ""), ("8", "", "7", "12", ""), ("6", "7", "", "", ""), ("9", "9", "ш", "13", ""),
)  # fmt: skip
REMARK = "Жарайсың! Үй тапсырмасын ұқыпты орындапты."
_CLASS = "SELECT id FROM school_class WHERE school_id = $1 AND grade = $2 AND letter = 'А'"
_COURSE = "SELECT id, teacher_id FROM course WHERE year = $1 AND school_class_id = $2 AND subject_id = $3"
_ACCOUNT = "SELECT id, name FROM account WHERE login_digest = $1"
_TIED = "SELECT person_id FROM staff_account WHERE account_id = $1"


async def write(services: Services, school_id: int, refs: Sequence[str]) -> tuple[int, int]:
    """Write all of it, and return the course and the lesson that are looked at; `refs` are the students of 1А."""
    own = Scheme(date(YEAR, 8, 1), 25, 25, 50, unmarked_grade=0, without_soch=STATE[-1].without_soch)
    await put_scheme(services, Actor("Ерлан Нұр", is_system=True), school_id, own, DAYS[-1])
    school = await school_or_own_today(services, SYSTEM, "almaty15", Right.JOURNAL_READ, Right.JOURNAL_KEEP)
    course_id, class_teacher = await _course(services, school_id, 1, Role.CLASS_TEACHER)
    lessons = [await add_lesson(services, class_teacher, school, course_id, on, 2, theme)
               for on, theme in zip(DAYS, THEMES, strict=True)]  # fmt: skip
    await _plan(services, class_teacher, school, course_id, lessons)
    for lesson, typed in zip(lessons, zip(*TYPED, strict=True), strict=True):
        place = await place_of(services, class_teacher, school, course_id, lesson)
        changes = [Change(ref, each, 0) for ref, each in zip(refs, typed, strict=False) if each]
        await mark(services, class_teacher, school, place, changes)
    place = await place_of(services, class_teacher, school, course_id, lessons[-1])
    await remark(services, class_teacher, school, place, {refs[0]: REMARK})
    await add_file(services, class_teacher, school, place, "Жаттығулар.pdf", PDF)
    other, teacher = await _course(services, school_id, 5, Role.TEACHER)
    for on in DAYS[1:4]:  # beside those of today, which the sample of studies has
        await add_lesson(services, teacher, school, other, on, 4)
    return course_id, lessons[-1]


async def _plan(
    services: Services, actor: Actor, school: SchoolToday, course_id: int, lessons: Sequence[int]
) -> None:  # fmt: skip
    """Plan a SOR that was held, today's lesson with notes and links, and a SOCH to come; call one lesson off."""
    ahead = await add_lesson(services, actor, school, course_id, date(2026, 9, 2), 2, "Бөлу")
    soch = await add_lesson(services, actor, school, course_id, date(2026, 10, 20), 2, "Тоқсандық жұмыс")
    plans = {
        lessons[3]: Planned(THEMES[3], kind=Kind.SOR, points_max=15),
        lessons[4]: Planned(THEMES[4], "1. Ауызша есеп\n2. Жаңа тақырып\n3. Бекіту", "https://bilim.example/5/2"),
        soch: Planned("Тоқсандық жұмыс", kind=Kind.SOCH, points_max=20),
    }
    for lesson, planned in plans.items():
        await plan_lesson(services, actor, school, await place_of(services, actor, school, course_id, lesson), planned)
    await services.database.pool.execute("UPDATE lesson SET is_off = true, note = 'Аяз' WHERE id = $1", ahead)


async def _course(services: Services, school_id: int, grade: int, role: Role) -> tuple[int, Actor]:
    """Return the course of mathematics of a class А, and the account of a role, tied to who teaches it."""
    pool = services.database.pool
    class_id = await pool.fetchval(_CLASS, school_id, grade)
    subject = next(each for each in await subjects_of(services, school_id) if each.code == "mathematics")
    found = await pool.fetchrow(_COURSE, YEAR, class_id, subject.id)
    account = await pool.fetchrow(_ACCOUNT, login_digest(services.vault, role.value))
    if await pool.fetchval(_TIED, account["id"]) is None:
        await tie_account(services, SYSTEM, school_id, found["teacher_id"], account["id"])
    return found["id"], Actor(account["name"], account["id"], frozenset({Reach(role, school_id)}))
