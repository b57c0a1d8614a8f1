"""A bank of questions and tests of the sample: one that the child has taken, one that it is taking, one to be taken.

They are the first of their tables: test 1 is given as 1 to 3, attempts 1 and 2 are the child's.
"""

from datetime import timedelta
from decimal import Decimal

from cloud.assessments.attempts import begin, hand_in, save
from cloud.assessments.banks import Filed, put_question, turn_question
from cloud.assessments.giving import give
from cloud.assessments.kinds import Review, Section, Terms
from cloud.assessments.making import keep_sections, make_test, with_section
from cloud.assessments.marking import mark_item
from cloud.assessments.questions import (
    Body,
    Choice,
    Essay,
    Match,
    Number,
    Option,
    Order,
    Question,
    Text,
    kind_of,
)
from cloud.attendance.queries import school_or_own_today
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.studies.queries import course_of
from tests.cloud.assessments.factory import rekeyed
from tests.pages.journal_sample import SYSTEM, _course

ASKED: tuple[tuple[str, Body, int, str], ...] = (
    ("Қай сан ең үлкен?", Choice((Option("a", "17", False), Option("b", "71", True), Option("c", "7", False))), 1,
     "71-де 7 ондық бар."),
    ("Қай сандар жұп?",
     Choice((Option("a", "4", True), Option("b", "9", False), Option("c", "12", True), Option("d", "15", False)),
            many=True, partial=True), 2, ""),
    ("Фигураны бұрыштарының санымен сәйкестендір.",
     Match((("u", "Үшбұрыш"), ("t", "Төртбұрыш"), ("b", "Бесбұрыш")), (("1", "3"), ("2", "4"), ("3", "5"), ("4", "6")),
           frozenset({("u", "1"), ("t", "2"), ("b", "3")})), 3, ""),
    ("Сандарды өсу ретімен орналастыр.", Order((("a", "2"), ("b", "8"), ("c", "11"), ("d", "20"))), 2, ""),
    ("6 + 7 нешеге тең?", Number(Decimal(13)), 1, "6 + 4 + 3 = 13"),
    ("100 сантиметр қалай аталады?", Text(("метр", "бір метр")), 1, ""),
    ("Саяхатқа барғанда математика қайда керек болды? Бірнеше сөйлеммен жаз.", Essay(30, "Екі мысал, толық сөйлем"), 5,
     ""),
)  # fmt: skip
ANSWERS = (("b",), ("a", "c"), ("u 1", "t 2", "b 4"), ("a", "c", "b", "d"), ("13",), ("сантиметр",),
           ("Дүкенде ақша санадық. Жолда сағатқа қарадық.",))  # fmt: skip


async def write(services: Services, school_id: int, child: str) -> None:
    """Write all of it; the child's class teacher teaches it mathematics."""
    course_id, teacher = await _course(services, school_id, 1, Role.CLASS_TEACHER)
    school = await school_or_own_today(services, SYSTEM, "almaty15", Right.TESTS_READ, Right.TESTS_GIVE)
    subject = (await course_of(services, school_id, course_id)).subject.id
    asked = [
        await put_question(
            services, teacher, school,
            Filed(subject, 1, "Қайталау", Question(kind_of(body), prompt, body, points, why, 1 + place % 3)),
        )
        for place, (prompt, body, points, why) in enumerate(ASKED)
    ]  # fmt: skip
    sums = [
        await put_question(services, teacher, school, Filed(subject, 1, "Қосу", _sum(number))) for number in range(2, 9)
    ]
    await turn_question(services, teacher, school, sums[-1], is_active=False)
    test_id = await make_test(services, teacher, school, subject, 1, "Бөлім бойынша қайталау")
    for section in (Section("Негізгі сұрақтар", tuple(asked)), Section("Қосу", (), "Қосу", 3)):
        await keep_sections(services, teacher, school, test_id, with_section(section))
    now = services.clock.now()
    opens_at, week = now - timedelta(hours=1), now + timedelta(days=7)
    first = await give(services, teacher, school, test_id, course_id,
                       Terms(opens_at, week, 40, 3, review=Review.HANDED, is_shuffled=False))  # fmt: skip
    second = await give(services, teacher, school, test_id, course_id, Terms(opens_at, week, None, is_shuffled=False))
    await give(services, teacher, school, test_id, course_id, Terms(opens_at, week, 90, attempts=10, one_by_one=True))
    student = await _student(services, school_id, child)
    attempt_id = await begin(services, student, child, first)
    for place, fields in enumerate(ANSWERS, 1):
        await save(services, student, child, attempt_id, place, rekeyed(ASKED[place - 1][1], fields))
    await hand_in(services, student, child, attempt_id)
    await mark_item(services, teacher, school, first, attempt_id, 6, points="0", remark="Сұрақты тағы оқып көр.")
    running = await begin(services, student, child, second)
    for place, fields in enumerate(ANSWERS[:4], 1):
        await save(services, student, child, running, place, rekeyed(ASKED[place - 1][1], fields))


def _sum(number: int) -> Question:
    right = Option("a", str(number + 5), True)
    body = Choice((right, Option("b", str(number + 4), False), Option("c", str(number + 6), False)))
    return Question(kind_of(body), f"{number} + 5 = ?", body, 1, "", 1)


async def _student(services: Services, school_id: int, child: str) -> Actor:
    """Return the child's own account."""
    row = await services.database.pool.fetchrow(
        "SELECT account.id, account.name FROM student_account JOIN account ON account.id = account_id"
        " JOIN person ON person.id = person_id WHERE person.ref = $1", child,
    )  # fmt: skip
    return Actor(row["name"], row["id"], frozenset({Reach(Role.STUDENT, school_id)}))
