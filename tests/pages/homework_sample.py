"""Homework of the sample: of the child's class in every state, and of 5А, which tests check, handed in by three."""

import io
from datetime import date

from PIL import Image, ImageDraw

from cloud.accounts.logins import login_digest
from cloud.attendance.queries import SchoolToday, school_or_own_today
from cloud.consents.scans import Scan
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.homework.checking import Points, check, send_back
from cloud.homework.files import checked_files
from cloud.homework.handing import hand_in, keep_draft
from cloud.homework.kinds import WORDS, Given
from cloud.homework.setting import set_homework
from cloud.journal.queries import cells_of
from cloud.portfolio.files import checked_file
from cloud.studies.queries import members_of
from tests.pages.message_sample import PDF

SYSTEM = Actor.system("sample")
TODAY, SOON, LATER = date(2026, 9, 1), date(2026, 9, 3), date(2026, 9, 4)
READ = "№ 24, № 25 (а, ә). Ережені жатқа айту."
OF_TESTS = "§ 3, № 31–34"  # of 5А's mathematics
WAITING = range(6, 9)  # the places of those who handed it in, in the list of 5А by name
_ACCOUNT = "SELECT id, name FROM account WHERE login_digest = $1"
_MOTHER = "SELECT account_id FROM guardian WHERE ref = '0000guardian'"
_OF_CLASS = """
SELECT course.id FROM course JOIN school_class AS class ON class.id = school_class_id
JOIN school_subject AS subject ON subject.id = subject_id WHERE grade = 5 AND subject.code = 'mathematics'
"""
_HANDED = """
INSERT INTO homework_answer (id, school_id, homework_id, person_id, number, state, words_encrypted, at, by_name)
VALUES ($1, $2, $3, $4, 1, 'handed', $5, $6, $7)
"""
_NEXT = "SELECT nextval(pg_get_serial_sequence('homework_answer', 'id'))"


def page_of_book(words: str) -> bytes:
    """Return a photo of a page of an exercise book."""
    picture, out = Image.new("RGB", (900, 600), "#f4f1e6"), io.BytesIO()
    drawn = ImageDraw.Draw(picture)
    for line in range(60, 600, 40):
        drawn.line((0, line, 900, line), "#b9c8dd")
    drawn.text((60, 70), words, "#26386b", font_size=34)
    picture.save(out, "JPEG")
    return out.getvalue()


async def write(services: Services, school_id: int, course_id: int, lesson_id: int, child: str) -> None:
    """Write it: homework 1 waits to be checked, with the first file of each kind; 2 is returned, 3 has a draft."""
    school = await school_or_own_today(services, SYSTEM, "almaty15", Right.HOMEWORK_READ, Right.HOMEWORK_SET)
    teacher = await _actor(services, school_id, Role.CLASS_TEACHER)
    mother_id = await services.database.pool.fetchval(_MOTHER)
    mother = Actor("Айгүл Қожахмет", mother_id, frozenset({Reach(Role.GUARDIAN, school_id)}))
    photo = await checked_file(page_of_book("24)  5 + 7 = 12"))
    files = await checked_files([("Карточка.pdf", PDF)])
    first = await set_homework(
        services, teacher, school, course_id, Given(READ, SOON, None, 25, "https://bilim.example/1/24"), files
    )
    await hand_in(services, mother, child, first, "№ 25 (ә) түсінбедік.", [photo])
    await _returned(services, teacher, mother, school, course_id, child, photo)
    await _checked(services, teacher, mother, school, course_id, lesson_id, child)
    await set_homework(services, teacher, school, course_id, Given("Көбейту кестесі", TODAY, None, 15))
    await _of_tests(services, school)


async def _returned(
    services: Services, teacher: Actor, mother: Actor, school: SchoolToday, course_id: int, child: str, photo: Scan
) -> None:
    """Write homework that was returned, and one that has a draft."""
    second = await set_homework(services, teacher, school, course_id, Given("№ 20: шешуімен", LATER, None, 10))
    await hand_in(services, mother, child, second, "Жауабы: 12")
    await send_back(services, teacher, school, second, child, 1, "Шешу жолын да жаз.")
    third = await set_homework(services, teacher, school, course_id, Given("Геометриялық фигуралар", LATER, None, 20))
    await keep_draft(services, mother, child, third, "Екінші бетін кейін қосамыз", [photo])


async def _checked(
    services: Services, teacher: Actor, mother: Actor, school: SchoolToday, course_id: int, lesson_id: int, child: str
) -> None:
    """Write homework that was checked, with the mark that the journal has at today's lesson already."""
    homework_id = await set_homework(services, teacher, school, course_id, Given("№ 18", TODAY, None, 10))
    await hand_in(services, mother, child, homework_id, "Орындалды")
    person_id = await services.database.pool.fetchval("SELECT id FROM person WHERE ref = $1", child)
    stands = (await cells_of(services.database.pool, [lesson_id]))[lesson_id, person_id]
    points = Points(lesson_id, stands.number, str(stands.cell.points))
    await check(services, teacher, school, homework_id, child, 1, "Жақсы", points)


async def _of_tests(services: Services, school: SchoolToday) -> None:
    """Write homework of 5А, which three of its students handed in."""
    pool, teacher = services.database.pool, await _actor(services, school.id, Role.TEACHER)
    course_id = await pool.fetchval(_OF_CLASS)
    homework_id = await set_homework(services, teacher, school, course_id, Given(OF_TESTS, SOON, None, 30))
    members = (await members_of(pool, [course_id], SOON))[course_id]
    for each in [members[place] for place in WAITING]:
        answer_id = int(await pool.fetchval(_NEXT))
        words = services.vault.encrypt("№ 31–34: барлығы шықты", WORDS, str(answer_id))
        now = services.clock.now()
        await pool.execute(_HANDED, answer_id, school.id, homework_id, each.id, words, now, each.name)


async def _actor(services: Services, school_id: int, role: Role) -> Actor:
    """Return the account of a role, which the sample of the journal has tied to who teaches."""
    account = await services.database.pool.fetchrow(_ACCOUNT, login_digest(services.vault, role.value))
    return Actor(account["name"], account["id"], frozenset({Reach(role, school_id)}))
