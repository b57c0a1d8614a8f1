"""5А with a bank of mathematics, a test of it, and students who sign in, for tests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from cloud.accounts.actions import add_account
from cloud.assessments.attempts import begin, hand_in, save
from cloud.assessments.banks import Filed, put_question
from cloud.assessments.giving import give
from cloud.assessments.kinds import Item, Paper, Section, Terms
from cloud.assessments.making import keep_sections, make_test, with_section
from cloud.assessments.papers import paper_of
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
from cloud.assessments.variants import veiled
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from simulators.clock import SimulatedClock
from tests.cloud.journal.factory import TODAY, Journal, journal
from tests.cloud.schools.factory import SYSTEM

SUM = Choice((Option("a", "4", True), Option("b", "5", False), Option("c", "22", False)))
PRIMES = Choice(
    (Option("a", "2", True), Option("b", "3", True), Option("c", "4", False), Option("d", "9", False)), many=True,
    partial=True,
)  # fmt: skip
CAPITALS = Match(
    (("kz", "Қазақстан"), ("fr", "Франция")),
    (("1", "Астана"), ("2", "Париж"), ("3", "Рим")),
    frozenset({("kz", "1"), ("fr", "2")}),
)
YEARS = Order((("x", "1991"), ("y", "1995"), ("z", "1997")))
PI = Number(Decimal("3.14"), Decimal("0.005"))
POET = Text(("Абай",))
ESSAY = Essay(20, "Тезис және екі дәлел")
BODIES: tuple[Body, ...] = (SUM, PRIMES, CAPITALS, YEARS, PI, POET, ESSAY)
RIGHT: tuple[list[str], ...] = (["a"], ["a", "b"], ["kz 1", "fr 2"], ["x", "y", "z"], ["3,14"], ["абай"], ["Ой."])
LIMIT = 40  # minutes


def among_bodies(copy: Body) -> int:
    """Return which of `BODIES` the question of an attempt is a copy of; its keys are others."""
    return [veiled(Question(kind_of(each), "", each)).body for each in BODIES].index(copy)


def as_asked(copy: Body, fields: Sequence[str]) -> list[str]:
    """Return an answer that is told by the keys of `BODIES` by those of the copy."""
    return rekeyed(BODIES[among_bodies(copy)], fields)


def rekeyed(body: Body, fields: Sequence[str]) -> list[str]:
    """Return an answer that is told by the keys of a bank's question by those of the copies that attempts have."""
    copy = veiled(Question(kind_of(body), "", body)).body
    keys = dict(zip(_keys_of(body), _keys_of(copy), strict=True))
    return [" ".join(keys.get(part, part) for part in field.split(" ")) for field in fields] if keys else list(fields)


def _keys_of(body: Body) -> list[str]:
    match body:
        case Choice(options=options):
            return [each.key for each in options]
        case Match(lefts=lefts, rights=rights):
            return [key for key, _ in (*lefts, *rights)]
        case Order(items=items):
            return [key for key, _ in items]
        case _:
            return []


@dataclass(slots=True)
class Sitting:
    """The class of the journal with four students, each with an account of its own."""

    journal: Journal
    students: list[Actor]

    @property
    def services(self) -> Services:
        return self.journal.services

    @property
    def school(self) -> SchoolToday:
        return self.journal.school

    @property
    def teacher(self) -> Actor:
        return self.journal.teacher

    @property
    def subject_id(self) -> int:
        return self.journal.studies.subjects["mathematics"]

    @property
    def now(self) -> datetime:
        return self.services.clock.now()

    def ref(self, student: int) -> str:
        return self.journal.refs[student]

    async def signs_in(self, person_id: int, login: str) -> Actor:
        """Give a student an account of its own."""
        reach = Reach(Role.STUDENT, self.school.id)
        account = await add_account(self.services, SYSTEM, login, f"Оқушы {login}", reach)
        await self.services.database.pool.execute(
            "INSERT INTO student_account VALUES ($1, $2)", person_id, account.account_id
        )
        return Actor(f"Оқушы {login}", account.account_id, frozenset({reach}))

    def wait(self, **kwargs: float) -> None:
        """Let time go by."""
        clock = self.services.clock
        assert isinstance(clock, SimulatedClock)
        clock.advance(timedelta(**kwargs).total_seconds())

    async def bank(self, *bodies: Body, theme: str = "", points: int = 2, actor: Actor | None = None) -> list[int]:
        """Put questions into the bank of mathematics of grade 5, and return their numbers."""
        return [
            await put_question(
                self.services, actor or self.teacher, self.school,
                Filed(self.subject_id, 5, theme, Question(kind_of(body), f"Сұрақ {number}", body, points, "Себебі.")),
            )
            for number, body in enumerate(bodies, 1)
        ]  # fmt: skip

    async def test(self, *sections: Section) -> int:
        """Make a test of sections, and return its number."""
        services, actor = self.services, self.teacher
        test_id = await make_test(services, actor, self.school, self.subject_id, 5, "Бөлім бойынша тест")
        for each in sections:
            await keep_sections(services, actor, self.school, test_id, with_section(each))
        return test_id

    def terms(self, **other: object) -> Terms:
        """Return terms: open now for a day, forty minutes, nothing mixed, one attempt; but for what is said."""
        usual = Terms(self.now, self.now + timedelta(days=1), LIMIT, is_shuffled=False)
        return replace(usual, **other)  # type: ignore[arg-type]  # fields of Terms

    async def give(self, test_id: int, terms: Terms | None = None) -> int:
        """Give a test to the class's mathematics."""
        course = self.journal.studies.mathematics
        return await give(self.services, self.teacher, self.school, test_id, course, terms or self.terms())

    async def given(self, *bodies: Body, **terms: object) -> int:
        """Give a test of one section of such questions, of two points each."""
        test_id = await self.test(Section("Бөлім", tuple(await self.bank(*(bodies or BODIES)))))
        return await self.give(test_id, self.terms(**terms))

    async def begin(self, given_id: int, student: int = 0) -> int:
        return await begin(self.services, self.students[student], self.ref(student), given_id)

    async def answer(self, attempt_id: int, place: int, *fields: str, student: int = 0) -> timedelta:
        """Let a student answer by the keys of `BODIES`."""
        said = as_asked((await self.item(attempt_id, place)).question.body, fields)
        return await save(self.services, self.students[student], self.ref(student), attempt_id, place, said)

    async def hand(self, attempt_id: int, student: int = 0) -> None:
        await hand_in(self.services, self.students[student], self.ref(student), attempt_id)

    async def paper(self, attempt_id: int) -> Paper:
        return await paper_of(self.services, attempt_id)

    async def item(self, attempt_id: int, place: int) -> Item:
        return (await self.paper(attempt_id)).items[place - 1]

    async def sat(self, given_id: int, student: int, answers: Sequence[Sequence[str]]) -> int:
        """Let a student answer the questions in their order and hand in; return the attempt."""
        attempt_id = await self.begin(given_id, student)
        for place, fields in enumerate(answers, 1):
            if fields:
                await self.answer(attempt_id, place, *fields, student=student)
        await self.hand(attempt_id, student)
        return attempt_id


async def a_sitting(services: Services, on: date = TODAY) -> Sitting:
    """Open the school."""
    sitting = Sitting(await journal(services, on=on), [])
    for number, person_id in enumerate(sitting.journal.studies.student_ids):
        sitting.students.append(await sitting.signs_in(person_id, f"student-{number}"))
    return sitting
