"""What the sample's families told of absences, trips of its classes, and who may collect a child."""

import io
from datetime import timedelta

from PIL import Image

from cloud.absences.answering import accept, ask_back
from cloud.absences.kinds import Absence
from cloud.absences.telling import tell_absence
from cloud.absences.trips import TripGiven, make_trip
from cloud.attendance.queries import school_today
from cloud.collectors.actions import CollectorGiven, name, name_by_paper
from cloud.collectors.queries import Kin
from cloud.consents.scans import checked_scan
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.actions import add_guardian, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Relation
from cloud.register.kinds import Reason

SYSTEM = Actor.system("sample")
OFFICE = Actor("Гүлнар Ахметова", is_system=True)  # whose name the journal shows
ILL = "student00025"  # of 4Б, who has not come, and whose mother has told why
_GUARDIAN = "SELECT account_id FROM guardian WHERE ref = '0000guardian'"
_GOING = "SELECT ref FROM person WHERE school_class_id = $1 AND is_active AND role = 'student'"


async def write(services: Services, school_id: int, child: str, sibling: str) -> None:
    """Write all of it: the first absence has a paper."""
    today = services.clock.now().date()
    mother = await _mother(services, school_id)
    paper = io.BytesIO()
    Image.new("RGB", (300, 400), "#fff").save(paper, "JPEG")
    week_ago = Absence(today - timedelta(days=9), today - timedelta(days=7), Reason.ILL, "Тұмау, анықтама қосылды")
    first = await tell_absence(services, mother, child, week_ago, await checked_scan(paper.getvalue()))
    next_week = Absence(today + timedelta(days=6), today + timedelta(days=6), Reason.OTHER, "Сапар")
    asked = await tell_absence(services, mother, child, next_week)
    days = Absence(today, today + timedelta(days=2), Reason.FAMILY, "Әжесінің мерейтойы")
    await tell_absence(services, mother, sibling, days)
    teacher = Actor("Әсел Омарова", is_system=True)
    await accept(services, teacher, school_id, first)
    await ask_back(services, teacher, school_id, asked, "Қайда барасыздар, қашан ораласыздар?")
    await _other_family(services, school_id)
    await _trips(services)
    await _collectors(services, school_id, mother, child)


async def _mother(services: Services, school_id: int) -> Actor:
    account_id = await services.database.pool.fetchval(_GUARDIAN)
    return Actor("Айгүл Қожахмет", account_id, frozenset({Reach(Role.GUARDIAN, school_id)}))


async def _other_family(services: Services, school_id: int) -> None:
    """Let the mother of somebody who has not come tell why."""
    today, pool = services.clock.now().date(), services.database.pool
    person_id = await pool.fetchval("SELECT id FROM person WHERE ref = $1", ILL)
    given = GuardianGiven("Дина Сұлтан", "+77015550137")
    guardian_id = await add_guardian(services, OFFICE, person_id, given, Relation.MOTHER)
    await open_guardian_account(services, OFFICE, guardian_id)
    account_id = await pool.fetchval("SELECT account_id FROM guardian WHERE id = $1", guardian_id)
    mother = Actor("Дина Сұлтан", account_id, frozenset({Reach(Role.GUARDIAN, school_id)}))
    absence = Absence(today, today + timedelta(days=3), Reason.ILL, "Түнде қызуы көтерілді")
    await tell_absence(services, mother, ILL, absence)


async def _trips(services: Services) -> None:
    """Write down a trip of today and one to come."""
    school = await school_today(services, SYSTEM, "almaty15", Right.PRESENCE_READ)
    for class_id, title, place, days in ((6, "Астанаға олимпиада", "Астана, Назарбаев Зияткерлік мектебі", 0),
                                         (1, "Қазақстан тарихы мұражайы", "Алматы, Самал-1", 9)):  # fmt: skip
        rows = await services.database.pool.fetch(_GOING, class_id)
        on = school.on + timedelta(days=days)
        given = TripGiven(class_id, title, place, on, on, frozenset(row["ref"] for row in rows))
        await make_trip(services, Actor("Бақыт Оразов", is_system=True), school, given)


async def _collectors(services: Services, school_id: int, mother: Actor, child: str) -> None:
    """Let a grandmother collect a child this year, a neighbour once, and an uncle by a paper."""
    today = services.clock.now().date()
    for whom, kin, phone, first, last in (("Қожахмет Бибігүл", Kin.GRANDPARENT, "+77015550150", 0, 250),
                                          ("Ким Ольга", Kin.OTHER, "+77015550151", 1, 1)):  # fmt: skip
        days = today + timedelta(days=first), today + timedelta(days=last)
        await name(services, mother, child, CollectorGiven(whom, kin, phone, *days))
    uncle = CollectorGiven("Қожахмет Айдар", Kin.RELATIVE, "+77015550152", today, today + timedelta(days=30))
    await name_by_paper(services, OFFICE, school_id, child, uncle, "өтініш 21, 31.08.2026")
