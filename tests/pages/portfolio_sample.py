"""What the sample's school keeps in profiles: of a child fields, portfolio, goals and certificates; of two teachers."""

import io
from datetime import timedelta

from PIL import Image

from cloud.accounts.logins import login_digest
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.portfolio.adding import add, send_back
from cloud.portfolio.awards import award, awards_of, revoke
from cloud.portfolio.fields import Group
from cloud.portfolio.files import checked_file
from cloud.portfolio.goals import State as Became
from cloud.portfolio.goals import add_step, set_goal, turn_goal, turn_step
from cloud.portfolio.keeping import put_fields
from cloud.portfolio.kinds import BY_KIN, OF_STAFF, OF_STUDENTS, Given, Kind, State, Subject
from cloud.portfolio.reach import staff_at, student_at
from tests.cloud.portfolio.factory import confirm_seen

SYSTEM = Actor("Әсел Омарова", is_system=True)
MAIN = {
    "born_on": "2015-03-08", "sex": "female", "native_language": "kk", "citizenship": "Қазақстан",
    "birth_place": "Талдықорған", "phone": "+77015550161", "file_number": "А-12", "form_of_study": "day",
    "identity_kind": "birth", "identity_number": "№ 0123456", "identity_on": "2015-03-20",
    "registration": "Алматы, Абай даңғылы, 5-үй, 12-пәтер", "address": "Алматы, Сәтбаев көшесі, 7-үй",
}  # fmt: skip
SENSITIVE = {"health_group": "2", "health_restriction": "Дене шынықтыру: арнайы топ", "family_status": "large"}
_TIE = """
INSERT INTO staff_account (person_id, account_id)
SELECT person.id, account.id FROM person, account WHERE person.ref = $1 AND login_digest = $2
  AND NOT EXISTS (SELECT FROM staff_account WHERE account_id = account.id) ON CONFLICT DO NOTHING
"""
_OWN = """
SELECT ref FROM staff_account JOIN person ON person.id = person_id JOIN account ON account.id = account_id
WHERE login_digest = $1 LIMIT 1
"""


async def write(services: Services, school_id: int, child: str, teacher: str) -> str:
    """Write all of it, and return the secret of a certificate's address: entry 1 and file 1 are the child's."""
    whose = await student_at(services, SYSTEM, school_id, child)
    await _entries(services, whose)
    await put_fields(services, SYSTEM, school_id, child, Group.MAIN, MAIN)
    await put_fields(services, SYSTEM, school_id, child, Group.MAIN, {"phone": "+77015550162"})
    await put_fields(services, SYSTEM, school_id, child, Group.EXTRA, {"individual_study": "yes"})
    await put_fields(services, SYSTEM, school_id, child, Group.SENSITIVE, SENSITIVE)
    await _goals(services, whose)
    staff = await staff_at(services, SYSTEM, school_id, teacher, Right.STAFF_PROFILES_READ)
    await _staff(services, staff)
    await _own(services, school_id, teacher)
    await award(services, SYSTEM, whose, "«Жас зерттеуші» үйірмесін аяқтады", "Екі жоба қорғалды: су сапасы, ауа.")
    address = (await awards_of(services, whose))[0].address.removeprefix("/certificates/")
    await revoke(services, SYSTEM, whose, await award(services, SYSTEM, whose, "Шахмат үйірмесі", ""))
    return address


async def _entries(services: Services, whose: Subject) -> None:
    """Write entries confirmed, waiting and sent back; the first has a file."""
    today, mother = services.clock.now().date(), await _mother(services, whose.school_id)
    paper = io.BytesIO()
    Image.new("RGB", (300, 400), "#fff").save(paper, "PNG")
    file = await checked_file(paper.getvalue())
    medal = Given(Kind.OLYMPIAD, "Математикадан аудандық олимпиада", today - timedelta(days=150),
                  "Медеу ауданы, №159 гимназия", "district", "second")  # fmt: skip
    first = await add(services, mother, whose, medal, BY_KIN, state=State.WAITING, file=file)
    await confirm_seen(services, SYSTEM, whose, first)
    swim = Given(Kind.SPORT, "Жүзуден қала чемпионаты", today - timedelta(days=40), "", "district", "third")
    await add(services, mother, whose, swim, BY_KIN, state=State.WAITING)
    club = Given(Kind.CLASSES, "Робототехника үйірмесі", today - timedelta(days=300), "Оқушылар сарайы")
    back = await add(services, mother, whose, club, BY_KIN, state=State.WAITING)
    await send_back(services, SYSTEM, whose, back, "Анықтаманың суретін қосыңыз")
    before = Given(Kind.STUDY_PLACE, "Талдықорған, №4 мектеп-гимназия", today - timedelta(days=800), "1-сынып",
                   last_on=today - timedelta(days=460))  # fmt: skip
    await add(services, SYSTEM, whose, before, OF_STUDENTS, state=State.CONFIRMED)
    words = Given(Kind.REFERENCE, "Сынып жетекшісінің мінездемесі", today - timedelta(days=3), "Ұқыпты, жауапты.")
    await add(services, SYSTEM, whose, words, OF_STUDENTS, state=State.CONFIRMED)


async def _goals(services: Services, whose: Subject) -> None:
    today = services.clock.now().date()
    goal = await set_goal(services, SYSTEM, whose, "Ағылшын тілінен B1 деңгейі", today + timedelta(days=240))
    step = await add_step(services, SYSTEM, whose, goal, "A2 тестін тапсыру", today + timedelta(days=30))
    await add_step(services, SYSTEM, whose, goal, "Апталық сөйлеу клубы", today + timedelta(days=120))
    await turn_step(services, SYSTEM, whose, goal, step)
    given_up = await set_goal(services, SYSTEM, whose, "Шахматтан разряд", today + timedelta(days=100))
    await turn_goal(services, SYSTEM, whose, given_up, Became.DROPPED)


async def _staff(services: Services, whose: Subject) -> None:
    """Write a teacher's profile, of which the attestation ends soon and a training waits; the first has a file."""
    today = services.clock.now().date()
    paper = io.BytesIO()
    Image.new("RGB", (300, 400), "#fff").save(paper, "JPEG")
    diploma = Given(Kind.EDUCATION, "Абай атындағы ҚазҰПУ", today - timedelta(days=4_000), "Математика, № 0123456")
    file = await checked_file(paper.getvalue())
    await add(services, SYSTEM, whose, diploma, OF_STAFF, state=State.CONFIRMED, file=file)
    attested = Given(Kind.ATTESTATION, "№ 7 бұйрық", today - timedelta(days=1_730), "", "expert", "",
                     today + timedelta(days=90))  # fmt: skip
    await add(services, SYSTEM, whose, attested, OF_STAFF, state=State.CONFIRMED)
    course = Given(Kind.TRAINING, "«Өрлеу» біліктілікті арттыру", today - timedelta(days=200), "", hours=80)
    await add(services, SYSTEM, whose, course, OF_STAFF, state=State.WAITING)


async def _own(services: Services, school_id: int, teacher: str) -> None:
    """Tie the account of a teacher to somebody of the staff, and let it add something."""
    pool, digest = services.database.pool, login_digest(services.vault, "teacher")
    await pool.execute(_TIE, teacher, digest)
    ref = await pool.fetchval(_OWN, digest)
    account_id = await pool.fetchval("SELECT id FROM account WHERE login_digest = $1", digest)
    own = await staff_at(services, SYSTEM, school_id, ref, Right.STAFF_PROFILES_READ)
    actor = Actor("Әсел Омарова", account_id, frozenset({Reach(Role.TEACHER, school_id)}))
    test = Given(Kind.TEST, "Педагогтердің білімін бағалау", services.clock.now().date(), "50-ден 44 балл")
    back = await add(services, actor, own, test, OF_STAFF, state=State.WAITING)
    await send_back(services, SYSTEM, own, back, "Сертификаттың нөмірін жазыңыз")
    title = Given(Kind.TITLE, "Ы. Алтынсарин төсбелгісі", services.clock.now().date(), "Бұйрық № 12")
    await add(services, actor, own, title, OF_STAFF, state=State.WAITING)


async def _mother(services: Services, school_id: int) -> Actor:
    account_id = await services.database.pool.fetchval("SELECT account_id FROM guardian WHERE ref = '0000guardian'")
    return Actor("Айгүл Қожахмет", account_id, frozenset({Reach(Role.GUARDIAN, school_id)}))
