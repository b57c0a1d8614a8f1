"""Monthly reports for pages to show: July's, signed and handed over, and August's, a draft that was corrected."""

import random
from datetime import date

from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.reports.actions import CorrectionGiven, correct, set_address, sight_of, sign
from cloud.reports.content import Names, School
from cloud.reports.lateness import set_late_addresses
from cloud.reports.making import Made, keep
from cloud.reports.months import Month
from cloud.reports.queries import corrections_of, report_of
from cloud.reports.sending import note_handed_over
from cloud.schools.queries import SchoolRow, school_of_id
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
    return digest


async def seen_of(services: Services, actor: Actor, school_id: int, report_id: int) -> str:
    """Return what stands for a report as the actor sees it now."""
    report = await report_of(services, actor, school_id, report_id)
    return sight_of(report.digest, await corrections_of(services.database.pool, report_id))


async def _kept(services: Services, school: SchoolRow, month: Month) -> int:
    named = School(school.code, Names(school.name_kk, school.name_ru, school.name_en), school.zone.key)
    content = a_month(24, 6, random.Random(month.number), month, school=named, without_right=["1".zfill(16)])
    kept = await keep(services, SYSTEM, school, month, Made(content))
    assert kept is not None
    return kept
