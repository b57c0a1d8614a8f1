"""Questionnaires in every state, a video lesson with a recording, and what is often asked of the sample's school."""

from collections.abc import Sequence
from datetime import timedelta

from cloud.accounts.logins import kept, login_digest
from cloud.accounts.models import Account
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
from cloud.people.kinds import Relation
from cloud.people.models import Guardian, Guardianship, Person
from cloud.questionnaires.answering import answer
from cloud.questionnaires.kinds import SAID, Audience, Given, Kind, QuestionGiven
from cloud.questionnaires.making import end, make, make_ready, publish, put_question
from cloud.questionnaires.queries import questions_of
from cloud.questionnaires.ready import all_ready

SYSTEM = Actor("Ерлан Нұр", is_system=True)
ANSWERING = slice(46, 58)  # of the students, whose parents answered the first questionnaire
SECRET = "639259d4-9dd8-4b25-bf01-95f9567eaf4b"
SAID_WORDS = '{"shown": ["Көкөніс көбірек болса", "Рақмет аспаздарға!"], "waiting": []}'
_COUNTED = "INSERT INTO questionnaire_count (question_id, value, answers, shown_answers) VALUES ($1, $2, $3, $3)"
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
    parents = await _parents(services, school_id, people[ANSWERING])
    await _questionnaires(services, school, mother, parents)
    await _call(services, school, people, course_id, lesson_id)
    first = await put_entry(services, SYSTEM, school_id, UNIFORM)
    await put_entry(services, SYSTEM, school_id, LEAVE)
    await say_helpful(services, mother, first, is_helpful=True)


async def _parents(services: Services, school_id: int, children: Sequence[Person]) -> list[int]:
    """Give each of these children a parent with an account, and return the accounts."""
    made = []
    for number, child in enumerate(children):
        now, name = services.clock.now(), f"{child.surname} {number}"
        account = await Account.create(
            password_hash="x", must_change=False, name=name, created_at=now, **kept(services.vault, f"answers{number}")
        )
        guardian = await Guardian.create(
            school_id=school_id, ref=f"answers{number:05}", name=name, account_id=account.id, created_at=now
        )
        await Guardianship(guardian_id=guardian.id, person_id=child.id, relation=Relation.MOTHER).save()
        made.append(account.id)
    return made


async def _questionnaires(services: Services, school: SchoolToday, mother: Actor, parents: Sequence[int]) -> None:
    pool = services.database.pool
    meals = await make_ready(services, SYSTEM, school, all_ready()["meals"])
    await publish(services, SYSTEM, school, meals)
    for question in await questions_of(pool, meals):
        if question.kind is Kind.WORDS:
            sealed = services.vault.encrypt(SAID_WORDS, SAID, str(question.id))
            await pool.execute("INSERT INTO questionnaire_said VALUES ($1, $2)", question.id, sealed)
            continue
        first = 0 if question.given.options["kk"] else 3
        counts = [(question.id, first + place, answers) for place, answers in enumerate((3, 4, 5))]
        await pool.executemany(_COUNTED, counts)
    await pool.executemany("INSERT INTO questionnaire_answerer VALUES ($1, $2)", [(meals, each) for each in parents])
    await pool.execute("UPDATE questionnaire SET shown_answers = $2 WHERE id = $1", meals, len(parents))
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
    """Hold today's lesson of the class by video, and the one before, with a student who came and a recording."""
    given = ServerGiven(Program.BBB, "https://bbb.mektep.kz/bigbluebutton", SECRET)
    await set_server(services, SYSTEM, school.id, given)
    teacher = await _actor(services, school.id, "class_teacher", Role.CLASS_TEACHER)
    held = await lesson_within(services, teacher, school, course_id, lesson_id)
    await make_call(services, teacher, school, held)
    pool, before, then = services.database.pool, lesson_id - 1, services.clock.now() - timedelta(hours=23, minutes=35)
    row = (school.id, before, "0" * 32, then, teacher.name)
    await pool.execute("INSERT INTO call (school_id, lesson_id, room, made_at, made_by) VALUES ($1, $2, $3, $4, $5)",
                       *row)  # fmt: skip
    over = await lesson_within(services, teacher, school, course_id, before)
    await paste_recording(services, teacher, school, over, "https://bbb.mektep.kz/playback/1")
    await pool.execute("INSERT INTO call_visit SELECT id, $1, $2, true FROM call WHERE lesson_id = $3", people[1].id,
                       then, before)  # fmt: skip


async def _actor(services: Services, school_id: int, login: str, role: Role) -> Actor:
    digest = login_digest(services.vault, login)
    row = await services.database.pool.fetchrow("SELECT id, name FROM account WHERE login_digest = $1", digest)
    return Actor(row["name"], row["id"], frozenset({Reach(role, school_id)}))
