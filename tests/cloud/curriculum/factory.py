"""A curriculum plan of grade 5 at the school of tests of learning."""

from dataclasses import dataclass
from datetime import date

from cloud.core.services import Services
from cloud.curriculum.actions import put_item, put_plan
from cloud.curriculum.kinds import ThemeKind
from cloud.curriculum.rules import PlanGiven, Theme
from cloud.schools.actions import set_terms
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.studies.factory import Studies, studies

# Quarters of 2026/27: 8, 8, 10 and 8 weeks.
TERMS = [
    (date(2026, 9, 1), date(2026, 10, 25)), (date(2026, 11, 2), date(2026, 12, 27)),
    (date(2027, 1, 11), date(2027, 3, 21)), (date(2027, 3, 29), date(2027, 5, 23)),
]  # fmt: skip
WEEKS = 34
PLAN = PlanGiven("5 сынып, қазақ тілінде", 2026, 5, "kk", WEEKS, "№ 12 бұйрық", "Ерлан Нұр", date(2026, 8, 25))
THEMES = (
    Theme("Натурал сандар", "Натурал сандар және нөл", 3, 1),
    Theme("Натурал сандар", "Қосу және азайту", 2, 2),
    Theme("Натурал сандар", "БЖБ № 1", 1, 2, ThemeKind.SOR),
)


@dataclass(slots=True)
class Planned:
    """The school, and a plan by which 5А should have 5 hours of mathematics, 3 of English and 2 of history."""

    school: Studies
    plan_id: int


async def planned(services: Services) -> Planned:
    """Write the plan."""
    school = await studies(services)
    await set_terms(services, SYSTEM, school.school_id, TERMS)
    plan_id = await put_plan(services, school.deputy, school.school_id, PLAN)
    for code, half_hours in (("mathematics", 10), ("english", 6), ("history", 4)):
        await put_item(
            services, school.deputy, school.school_id, plan_id, school.subjects[code], half_hours,
            half_hours * WEEKS // 2,
        )  # fmt: skip
    return Planned(school, plan_id)
