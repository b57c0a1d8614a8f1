"""Questionnaires in every state, a video lesson with a recording, and what is often asked of the sample's school."""

from collections.abc import Sequence
from datetime import timedelta

from cloud.accounts.logins import login_digest
from cloud.attendance.queries import SchoolToday, school_or_own_today
from cloud.calls.holding import lesson_within, make_call, paste_recording
from cloud.calls.kinds import Kind as Program
from cloud.calls.kinds import ServerGiven
from cloud.calls.servers import set_server
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.faq.keeping import put_entry
from cloud.faq.kinds import Given as Asked
from cloud.faq.reading import say_helpful
from cloud.people.models import Person
from cloud.questionnaires.answering import answer
from cloud.questionnaires.kinds import SAID, Audience, Given, Kind, QuestionGiven
from cloud.questionnaires.making import end, make, make_ready, publish, put_question
from cloud.questionnaires.queries import questions_of
from cloud.questionnaires.ready import all_ready

SYSTEM = Actor("Ерлан Нұр", is_system=True)
SECRET = "639259d4-9dd8-4b25-bf01-95f9567eaf4b"
SAID_WORDS = '{"shown": ["Көкөніс көбірек болса", "Рақмет аспаздарға!"], "waiting": []}'
_COUNTED = "INSERT INTO questionnaire_count (question_id, value, answers, shown_answers) VALUES ($1, $2, $3, $3)"
_ANSWERERS = """
INSERT INTO questionnaire_answerer SELECT $1, id FROM account WHERE id NOT IN (
  SELECT account_id FROM guardian WHERE account_id IS NOT NULL) ORDER BY id LIMIT 12
"""
UNIFORM = Asked(
    "Форма", {"kk": "Мектеп формасы қандай?", "ru": "Какая школьная форма?", "en": "What is the school uniform?"},
    {"kk": "Көк жилет пен ақ жейде.", "ru": "Синий жилет и белая рубашка.", "en": "A blue vest and a white shirt."},
)  # fmt: skip
LEAVE = Asked(
    "Құжаттар", {"kk": "Демалысқа өтініш қайда?", "ru": "Где заявление на отпуск?", "en": "Where is the leave form?"},
    {"kk": "Кеңседе.", "ru": "В канцелярии.", "en": "At the office."}, ("teachers", "staff"), is_shown=False,
)  # fmt: skip


async def write(
    services: Services, school_id: int, people: Sequence[Person], course_id: int, lesson_id: int
) -> None:  # fmt: skip
    """Write all of it: questionnaire 1 goes on and is anonymous, 2 is by name, 3 a draft, 4 of staff, 5 over."""
    school = await school_or_own_today(services, SYSTEM, "almaty15", Right.JOURNAL_READ, Right.JOURNAL_KEEP)
    mother = await _actor(services, school_id, "guardian", Role.GUARDIAN)
    await _questionnaires(services, school, mother)
    await _call(services, school, people, course_id, lesson_id)
    first = await put_entry(services, SYSTEM, school_id, UNIFORM)
    await put_entry(services, SYSTEM, school_id, LEAVE)
    await say_helpful(services, mother, first, is_helpful=True)


async def _questionnaires(services: Services, school: SchoolToday, mother: Actor) -> None:
    pool = services.database.pool
    meals = await make_ready(services, SYSTEM, school, all_ready()["meals"])
    await publish(services, SYSTEM, school, meals)
    for question in await questions_of(pool, meals):
        if question.kind is Kind.WORDS:
            sealed = services.vault.encrypt(SAID_WORDS, SAID, str(question.id))
            await pool.execute("INSERT INTO questionnaire_said VALUES ($1, $2)", question.id, sealed)
            continue
        values = range(3) if question.given.options["kk"] else range(3, 6)
        await pool.executemany(_COUNTED, [(question.id, value, 2 + value) for value in values])
    await pool.execute(_ANSWERERS, meals)
    await pool.execute("UPDATE questionnaire SET shown_answers = 12 WHERE id = $1", meals)
    named = await _make(services, school, Audience.PARENTS, ("Ата-аналар жиналысы", "Родительское собрание", "Meeting"))
    questions = await questions_of(pool, named)
    typed = {each.id: ["1"] if each.given.options["kk"] else ["18"] for each in questions}
    await answer(services, mother, named, typed, "kk")
    await make_ready(services, SYSTEM, school, all_ready()["school"])
    await _make(services, school, Audience.STAFF, ("Мұғалімдер бөлмесі", "Учительская", "Staff room"))
    over = await _make(services, school, Audience.STUDENTS, ("Үйірмелер", "Кружки", "Clubs"))
    await end(services, SYSTEM, school, over)


async def _make(services: Services, school: SchoolToday, audience: Audience, titles: tuple[str, str, str]) -> int:
    """Publish one by name, with a choice and a number."""
    names = dict(zip(("kk", "ru", "en"), titles, strict=True))
    given = Given(audience, names, {}, school.on, school.on + timedelta(days=6), is_anonymous=False)
    number = await make(services, SYSTEM, school, given)
    day = {"kk": "Қай күн қолайлы?", "ru": "Какой день удобен?", "en": "Which day is best?"}
    days = {"kk": ("Сейсенбі", "Сенбі"), "ru": ("Вторник", "Суббота"), "en": ("Tuesday", "Saturday")}
    hour = {"kk": "Сағат нешеде?", "ru": "В котором часу?", "en": "At which hour?"}
    await put_question(services, SYSTEM, school, number, QuestionGiven(Kind.ONE, day, days))
    await put_question(services, SYSTEM, school, number, QuestionGiven(Kind.NUMBER, hour, {}, most=23))
    await publish(services, SYSTEM, school, number)
    return number


async def _call(
    services: Services, school: SchoolToday, people: Sequence[Person], course_id: int, lesson_id: int
) -> None:  # fmt: skip
    """Hold today's lesson of the class by video, with a student who came and a recording."""
    given = ServerGiven(Program.BBB, "https://bbb.mektep.kz/bigbluebutton", SECRET)
    await set_server(services, SYSTEM, school.id, given)
    teacher = await _actor(services, school.id, "class_teacher", Role.CLASS_TEACHER)
    held = await lesson_within(services, teacher, school, course_id, lesson_id)
    await make_call(services, teacher, school, held)
    await paste_recording(services, teacher, school, held, "https://bbb.mektep.kz/playback/1")
    await services.database.pool.execute(
        "INSERT INTO call_visit SELECT id, $1, $2, true FROM call WHERE lesson_id = $3", people[1].id,
        services.clock.now(), lesson_id,
    )  # fmt: skip


async def _actor(services: Services, school_id: int, login: str, role: Role) -> Actor:
    digest = login_digest(services.vault, login)
    row = await services.database.pool.fetchrow("SELECT id, name FROM account WHERE login_digest = $1", digest)
    return Actor(row["name"], row["id"], frozenset({Reach(role, school_id)}))
