"""Monthly reports for pages to show: July's, signed and handed over, August's, a draft that was corrected.

Those of meals come first, and then those of attendance.
"""

import random
from datetime import date

from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.reports.actions import CorrectionGiven, correct, set_address, sight_of, sign
from cloud.reports.lateness import set_late_addresses
from cloud.reports.making import Made, keep
from cloud.reports.months import Month
from cloud.reports.queries import corrections_of, report_of
from cloud.reports.sending import note_handed_over
from cloud.reports.subject import school_named
from cloud.schools.queries import SchoolRow, school_of_id
from tests.cloud.reports import attending
from tests.cloud.reports.sample import a_month

JULY, AUGUST = Month(2026, 7), Month(2026, 8)
SYSTEM = Actor.system("sample")


async def write(services: Services, school_id: int) -> str:
    """Write both, and return the checksum of the signed one."""
    office = Actor("Гүлнар Ахметова", None, frozenset({Reach(Role.OFFICE, school_id)}))
    director = Actor("Бақыт Оразов", None, frozenset({Reach(Role.DIRECTOR, school_id)}))
    school = await school_of_id(services, school_id)
    await set_address(services, office, school_id, "balalar@example.kz")
    await set_late_addresses(services, office, school_id, "direktor@example.kz, kense@example.kz")
    july = await _kept(services, school, JULY)
    digest = await sign(services, director, school_id, july, await seen_of(services, director, school_id, july))
    await note_handed_over(services, office, school_id, july, "Білім басқармасына, кіріс № 412", "0" * 32)
    august = await _kept(services, school, AUGUST)
    reason = "5Б сыныбының үш баласы 7 тамызда экскурсияда болды, касса қателескен"
    given = CorrectionGiven("free", date(2026, 8, 7), 0, -3, 0, -3 * 577_00, reason)
    await correct(services, office, school_id, august, given, "0" * 32)
    await _attendance(services, school, office, director)
    return digest


async def _attendance(services: Services, school: SchoolRow, office: Actor, director: Actor) -> None:
    july, august = [await _kept_attendance(services, school, month) for month in (JULY, AUGUST)]
    await sign(services, director, school.id, july, await seen_of(services, director, school.id, july))
    await note_handed_over(services, office, school.id, july, "Білім басқармасына, кіріс № 413", "0" * 32)
    reason = "4А сыныбы 7 тамызда мұражайда болды, қақпадан бірге шықты"
    given = CorrectionGiven("students", date(2026, 8, 7), 0, 0, 0, 0, reason, "4А", came=2, not_seen=-2)
    await correct(services, office, school.id, august, given, "0" * 32)


async def _kept_attendance(services: Services, school: SchoolRow, month: Month) -> int:
    content = attending.a_month(40, random.Random(month.number), month, school=school_named(school))
    kept = await keep(services, SYSTEM, school, month, Made(content))
    assert kept is not None
    return kept


async def seen_of(services: Services, actor: Actor, school_id: int, report_id: int) -> str:
    """Return what stands for a report as the actor sees it now."""
    report = await report_of(services, actor, school_id, report_id)
    return sight_of(report.digest, await corrections_of(services.database.pool, report_id))


async def _kept(services: Services, school: SchoolRow, month: Month) -> int:
    named = school_named(school)
    content = a_month(24, 6, random.Random(month.number), month, school=named, without_right=["1".zfill(16)])
    kept = await keep(services, SYSTEM, school, month, Made(content))
    assert kept is not None
    return kept
