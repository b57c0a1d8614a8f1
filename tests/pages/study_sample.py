"""Studies of the sample's school: subjects, who teaches 5А what, a plan that does not fit everywhere, lessons given."""

from collections.abc import Sequence
from datetime import date

from cloud.accounts.logins import login_digest
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.curriculum.actions import apply_plan, put_item, put_plan, set_units
from cloud.curriculum.kinds import ThemeKind
from cloud.curriculum.rules import PlanGiven, Theme, Unit
from cloud.curriculum.themes import set_themes
from cloud.studies.actions import add_state_subjects, put_course, set_members, tie_account
from cloud.studies.queries import students_of, subjects_of
from cloud.studies.rules import CourseGiven, year_of

SYSTEM = Actor.system("sample")
WEEKS = 36
_CLASS = "SELECT id FROM school_class WHERE school_id = $1 AND grade = 5 AND letter = 'А'"
_ACCOUNT = "SELECT id FROM account WHERE login_digest = $1"
_LESSON = 'INSERT INTO lesson (school_id, course_id, "on", number, teacher_id) VALUES ($1, $2, $3, $4, $5)'
THEMES = (
    Theme("Натурал сандар және нөл саны", "Натурал сандар және нөл саны, натурал сандар қатары", 2, 1),
    Theme("Натурал сандар және нөл саны", "Натурал сандарды салыстыру. Координаталық сәуле", 3, 1),
    Theme("Натурал сандар және нөл саны", "Арифметикалық амалдардың қасиеттері", 4, 2),
    Theme("Натурал сандар және нөл саны", "«Натурал сандар» бөлімі бойынша жиынтық бағалау", 1, 2, ThemeKind.SOR),
    Theme("Натурал сандардың бөлінгіштігі", "Жай және құрама сандар. Бөлгіш пен еселік", 5, 3),
    Theme("Натурал сандардың бөлінгіштігі", "Бірінші тоқсан бойынша жиынтық бағалау", 1, 8, ThemeKind.SOCH),
)


async def write(services: Services, school_id: int, staff: Sequence[int]) -> None:
    """Write them; the first course has the number 1, its groups of English the numbers 2 and 3."""
    today = services.clock.now().date()
    year, class_id = year_of(today), int(await services.database.pool.fetchval(_CLASS, school_id))
    await add_state_subjects(services, SYSTEM, school_id)
    subjects = {each.code: each.id for each in await subjects_of(services, school_id)}

    async def course(code: str, half_hours: int, teacher: int | None, group: str = "", room: str = "") -> int:
        teacher_id = None if teacher is None else staff[teacher]
        given = CourseGiven(year, class_id, subjects[code], half_hours, group, teacher_id, room)
        return await put_course(services, SYSTEM, school_id, given)

    mathematics = await course("mathematics", 10, 0, room="214")
    groups = [await course("english", 6, teacher, group) for teacher, group in ((1, "1-топ"), (2, "2-топ"))]
    await course("kazakh", 5, 3)
    await course("music", 2, 0)
    students = [each.id for each in await students_of(services.database.pool, class_id, today)]
    for number, course_id in enumerate(groups):
        await set_members(services, SYSTEM, school_id, course_id, students[number:8:2], today)
    await _plan(services, school_id, subjects, class_id, year)
    await set_themes(services, SYSTEM, school_id, mathematics, THEMES)
    for number, teacher in enumerate((staff[0], staff[0], staff[1]), 1):
        await services.database.pool.execute(_LESSON, school_id, mathematics, today, number, teacher)
    account = await services.database.pool.fetchval(_ACCOUNT, login_digest(services.vault, "teacher"))
    await tie_account(services, SYSTEM, school_id, staff[0], account)


async def _plan(services: Services, school_id: int, subjects: dict[str, int], class_id: int, year: int) -> None:
    given = PlanGiven(
        "5-сынып, қазақ тілінде", year, 5, "kk", WEEKS, "№ 12 бұйрық", "Бақыт Оразов", date(year, 8, 25)
    )  # fmt: skip
    plan_id = await put_plan(services, SYSTEM, school_id, given)
    for code, half_hours in (("mathematics", 10), ("english", 6), ("kazakh", 6), ("history", 4)):
        await put_item(services, SYSTEM, school_id, plan_id, subjects[code], half_hours, half_hours * WEEKS // 2)
    units = [Unit("Натурал сандар және нөл саны", 60), Unit("Жай бөлшектер және амалдар", 100)]
    await set_units(services, SYSTEM, school_id, plan_id, subjects["mathematics"], units)
    await apply_plan(services, SYSTEM, school_id, plan_id, class_id)
    # Two hours fewer than the plan wants, from now on.
    await put_item(services, SYSTEM, school_id, plan_id, subjects["history"], 8, 8 * WEEKS // 2)
