"""A school with parents of 5А, their children and a deputy, and a questionnaire of each kind of question, for tests."""

from dataclasses import dataclass
from datetime import timedelta

from cloud.accounts.actions import add_account
from cloud.attendance.queries import SchoolToday, school_today
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.actions import add_guardian, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Relation
from cloud.questionnaires.answering import answer
from cloud.questionnaires.kinds import Audience, Given, Kind, QuestionGiven
from cloud.questionnaires.making import make, publish, put_question
from cloud.questionnaires.queries import questions_of
from cloud.questionnaires.results import Results, results_of
from tests.cloud.people.family_factory import actor_of_guardian
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.studies.factory import Studies, studies

TITLES = {"kk": "Асхана", "ru": "Столовая", "en": "Canteen"}
NONE = {"kk": "", "ru": "", "en": ""}
OPTIONS = {"kk": ("Иә", "Жоқ", "Білмеймін"), "ru": ("Да", "Нет", "Не знаю"), "en": ("Yes", "No", "Not sure")}


def question(kind: Kind, most: int = 0, *, is_required: bool = True) -> QuestionGiven:
    """Return a question of a kind."""
    options = OPTIONS if kind in (Kind.ONE, Kind.SEVERAL) else {}
    return QuestionGiven(kind, {"kk": f"Сұрақ {kind}", "ru": f"Вопрос {kind}", "en": ""}, options, is_required, most)


QUESTIONS = (question(Kind.ONE), question(Kind.SCALE, 5), question(Kind.WORDS, is_required=False))


@dataclass(slots=True)
class Asking:
    """The school; `parents` are of one child of 5А each, but for the last one, whose child is in 6Ә."""

    studies: Studies
    school: SchoolToday
    parents: list[Actor]
    student: Actor

    @property
    def services(self) -> Services:
        return self.studies.services

    @property
    def deputy(self) -> Actor:
        return self.studies.deputy

    def given(self, audience: Audience = Audience.PARENTS, *, is_anonymous: bool = True, **more: object) -> Given:
        """Return a questionnaire of the next two weeks."""
        last_on = self.school.on + timedelta(days=13)
        return Given(audience, TITLES, NONE, self.school.on, last_on, is_anonymous, **more)  # type: ignore[arg-type]

    async def ask(
        self, given: Given | None = None, questions: tuple[QuestionGiven, ...] = QUESTIONS
    ) -> tuple[int, list[int]]:  # fmt: skip
        """Publish a questionnaire, and return its number with those of its questions."""
        number = await make(self.services, self.deputy, self.school, given or self.given())
        for each in questions:
            await put_question(self.services, self.deputy, self.school, number, each)
        await publish(self.services, self.deputy, self.school, number)
        return number, [each.id for each in await questions_of(self.services.database.pool, number)]

    async def answer(self, who: Actor, number: int, *values: tuple[int, str]) -> None:
        """Let somebody answer."""
        typed: dict[int, list[str]] = {}
        for question_id, value in values:
            typed.setdefault(question_id, []).append(value)
        await answer(self.services, who, number, typed, "ru")

    async def results(self, number: int) -> Results:
        return await results_of(self.services, self.deputy, self.school, number)

    async def at(self, days: int) -> None:
        """Let days pass."""
        self.services.clock.advance(days * 86_400)  # type: ignore[attr-defined]  # simulated
        self.school = await school_today(self.services, SYSTEM, self.school.code, Right.QUESTIONNAIRES_KEEP)


async def asking(services: Services, parents: int = 6) -> Asking:
    """Open the school."""
    school = await studies(services)
    children = [*(school.student_ids * 3)[: parents - 1], school.stranger_id]
    actors = [await _parent(services, school, child, number) for number, child in enumerate(children)]
    account = await add_account(services, SYSTEM, "aigerim", "Айгерім", Reach(Role.STUDENT, school.school_id))
    await services.database.pool.execute(
        "INSERT INTO student_account VALUES ($1, $2)", school.student_ids[0], account.account_id
    )
    student = Actor("Айгерім", account.account_id, frozenset({Reach(Role.STUDENT, school.school_id)}))
    today = await school_today(services, SYSTEM, "almaty5", Right.QUESTIONNAIRES_KEEP)
    return Asking(school, today, actors, student)


async def _parent(services: Services, school: Studies, child_id: int, number: int) -> Actor:
    given = GuardianGiven(f"Ата-ана {chr(ord('А') + number)}", f"+7701555{number:04}")
    guardian_id = await add_guardian(services, SYSTEM, child_id, given, Relation.MOTHER)
    await open_guardian_account(services, SYSTEM, guardian_id)
    return await actor_of_guardian(services, guardian_id, school.school_id)
