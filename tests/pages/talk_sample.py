"""Talks of the sample's school: a forum, the chats of 1А and of its parents with every kind of post, and the board."""

import io
from datetime import timedelta

from PIL import Image

from cloud.accounts.actions import add_account
from cloud.accounts.logins import login_digest
from cloud.announcements.board import open_posting
from cloud.announcements.kinds import Given as Announced
from cloud.announcements.kinds import Reader
from cloud.announcements.posting import post, withdraw
from cloud.attendance.queries import SchoolToday, school_today
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.messages.files import checked_files as checked_papers
from cloud.messages.kinds import Wording
from cloud.talks.files import checked_files
from cloud.talks.forum import begin_topic, put_section
from cloud.talks.kinds import As, Kind
from cloud.talks.leading import open_chat, set_chat
from cloud.talks.moderating import hide, report
from cloud.talks.muting import mute
from cloud.talks.posting import delete, edit, write
from cloud.talks.rules import Given, SectionGiven

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
SECTIONS = (
    ({"kk": "Сабақ туралы сұрақтар", "ru": "Вопросы об уроках", "en": "Questions about lessons"}, frozenset(As), False),
    ({"kk": "Асхана", "ru": "Столовая", "en": "Canteen"}, frozenset({As.GUARDIAN, As.STAFF}), True),
)
_ACCOUNT = "SELECT id, name FROM account WHERE login_digest = $1"
_MOTHER = "SELECT account_id AS id, name FROM guardian WHERE ref = '0000guardian'"
_CLASS = "SELECT id FROM school_class WHERE school_id = $1 AND grade = 1 AND letter = 'А'"


SYSTEM = Actor("Әсел Омарова", is_system=True)
_CLASSMATE = """
INSERT INTO student_account (person_id, account_id)
SELECT id, $2 FROM person WHERE school_class_id = $1 AND is_active
  AND NOT EXISTS (SELECT FROM student_account WHERE person_id = person.id) ORDER BY id DESC LIMIT 1
"""


async def write_all(services: Services, school_id: int) -> None:
    """Write them; the first topic of the forum is the first talk, with a file, and the first posting is for all."""
    class_id = int(await services.database.pool.fetchval(_CLASS, school_id))
    teacher = await _actor(
        services, "class_teacher", Reach(Role.CLASS_TEACHER, school_id),
        Reach(Role.CLASS_TEACHER, school_id, class_id),
    )  # fmt: skip
    deputy = await _actor(services, "deputy", Reach(Role.DEPUTY, school_id))
    student = await _actor(services, "student", Reach(Role.STUDENT, school_id))
    row = await services.database.pool.fetchrow(_MOTHER)
    mother = Actor(row["name"], row["id"], frozenset({Reach(Role.GUARDIAN, school_id)}))
    school = await school_today(services, deputy, "almaty15", Right.PRESENCE_READ)
    await _forum(services, deputy, student, mother, school_id)
    await _parents(services, teacher, mother, school)
    await _class(services, teacher, student, deputy, school, class_id)
    await _board(services, deputy, teacher, mother, school, class_id)


async def _forum(services: Services, deputy: Actor, student: Actor, mother: Actor, school_id: int) -> None:
    sections = [
        await put_section(services, deputy, school_id, SectionGiven(*section)) for section in SECTIONS
    ]  # fmt: skip
    files = await checked_files([("тақта.png", _picture()), ("жоспар.pdf", PDF)])
    topic = await begin_topic(services, student, sections[0], "Математика, 5-есеп", "Кім шығарды?", files)
    await write(services, mother, topic, Given("Біз кеше шығардық, жауабы 12.\n\nКөмектесейік пе?", 1))
    await begin_topic(services, deputy, sections[1], "Жаңа ас мәзірі", "Қандай тағам ұнайды?")


async def _parents(services: Services, teacher: Actor, mother: Actor, school: SchoolToday) -> None:
    class_id = next(reach.class_id for reach in teacher.reaches if reach.class_id is not None)
    talk_id = await open_chat(services, teacher, school, Kind.PARENTS, class_id)
    first = await write(services, teacher, talk_id, Given("Бейсенбіде жиналыс. Кім келеді?"))
    await write(services, mother, talk_id, Given("Мен келемін.", first))


async def _class(
    services: Services, teacher: Actor, student: Actor, deputy: Actor, school: SchoolToday, class_id: int
) -> None:
    """Let a chat have what was edited, deleted, reported and hidden, and somebody who is muted."""
    classmate = await add_account(
        services, SYSTEM, "classmate", "Дүйсенбай Нұрай", Reach(Role.STUDENT, school.id)
    )  # fmt: skip
    await services.database.pool.execute(_CLASSMATE, class_id, classmate.account_id)
    talk_id = await open_chat(services, teacher, school, Kind.CLASS, class_id)
    await set_chat(services, teacher, talk_id, is_read_only=False, quiet=(20 * 60, 7 * 60))
    edited = await write(services, student, talk_id, Given("Ертен олимпиада"))
    await edit(services, student, talk_id, edited, "Ертең олимпиада")
    await delete(services, student, talk_id, await write(services, student, talk_id, Given("Артық сөз")))
    rude, told = [await write(services, student, talk_id, Given(words)) for words in ("Балағат", "Дауласу")]
    await hide(services, deputy, talk_id, rude, "Сыпайы сөйлесейік")
    await report(services, teacher, talk_id, told, "Басқа баланы ренжітеді")
    await mute(services, teacher, talk_id, rude, 1, "Екінші рет балағаттады")


async def _board(
    services: Services, deputy: Actor, teacher: Actor, mother: Actor, school: SchoolToday, class_id: int
) -> None:
    """Post what is pinned and to be confirmed, what is for a class, what is still to come, and what was taken off."""
    today, later = school.on, school.on + timedelta(days=20)
    texts = {
        "kk": Wording("Қауіпсіздік ережелері", "Мектеп ауласында велосипедпен жүрмеңіз."),
        "ru": Wording("Правила безопасности", "Не катайтесь на велосипедах во дворе школы."),
    }
    everybody = frozenset(Reader)
    papers = await checked_papers([("Ережелер.pdf", PDF)])
    rules = Announced(texts, everybody, today, later, is_pinned=True, asks=True)
    number = await post(services, deputy, school, rules, papers)
    await open_posting(services, mother, number, "kk")
    trip = {"kk": Wording("Мұражайға саяхат", "Жұма күні сағат 10:00-де.")}
    of_class = frozenset({Reader.STUDENT, Reader.GUARDIAN})
    await post(services, teacher, school, Announced(trip, of_class, today, later, classes=[class_id]))
    fair = {"kk": Wording("Жәрмеңке", "Қазанда.")}
    await post(services, deputy, school, Announced(fair, everybody, later, later, grades=[1, 5]))
    wrong = await post(services, deputy, school, Announced(fair, everybody, today, later))
    await withdraw(services, deputy, school, wrong)


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 200), "#5b8def").save(out, "PNG")
    return out.getvalue()


async def _actor(services: Services, login: str, *reaches: Reach) -> Actor:
    row = await services.database.pool.fetchrow(_ACCOUNT, login_digest(services.vault, login))
    return Actor(row["name"], row["id"], frozenset(reaches))
