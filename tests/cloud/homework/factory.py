"""5А at work: its journal of mathematics, families of two of its students, and an account of one of them, for tests."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cloud.accounts.actions import add_account
from cloud.consents.scans import Scan
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.homework.checking import Points, check, send_back
from cloud.homework.handing import hand_in, keep_draft
from cloud.homework.kinds import Given
from cloud.homework.queries import homework_of
from cloud.homework.setting import set_homework
from cloud.homework.sheet import Row, Task, sheet_of, task_of, tasks_of
from cloud.people.actions import add_guardian, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Relation
from cloud.portfolio.files import checked_file
from tests.cloud.journal.factory import TODAY, Journal, journal
from tests.cloud.people.family_factory import actor_of_guardian
from tests.cloud.portfolio.factory import picture
from tests.cloud.schools.factory import SYSTEM

TOMORROW = TODAY + timedelta(days=1)


@dataclass(slots=True)
class Classwork:
    """The class, its teachers, and the mothers of its first two students; the first one signs in, too."""

    journal: Journal
    mother: Actor
    neighbour: Actor  # the second student's mother
    student: Actor

    @property
    def services(self) -> Services:
        return self.journal.services

    @property
    def teacher(self) -> Actor:
        return self.journal.teacher

    @property
    def refs(self) -> list[str]:
        return self.journal.refs

    async def set(
        self, task: str = "№ 12–15", due_on: date = TOMORROW, number: int | None = None, minutes: int = 20,
        refs: frozenset[str] = frozenset(), course: int | None = None, who: Actor | None = None, links: str = "",
    ) -> int:  # fmt: skip
        """Let a teacher, of mathematics if nobody is named, set homework, and return its id."""
        given = Given(task, due_on, number, minutes, links, refs)
        course_id = course or self.journal.studies.mathematics
        return await set_homework(self.services, who or self.teacher, self.journal.school, course_id, given)

    async def hand_in(
        self, homework_id: int, words: str = "Орындадым", photos: int = 0, who: Actor | None = None, student: int = 0
    ) -> None:
        """Let a family, the first student's mother if nobody is named, hand in homework."""
        ref = self.refs[student]
        await hand_in(self.services, who or self.mother, ref, homework_id, words, await self.photos(photos))

    async def draft(self, homework_id: int, words: str = "", photos: int = 0) -> None:
        """Let the first student's mother add to what is not handed in yet."""
        await keep_draft(
            self.services, self.mother, self.refs[0], homework_id, words, await self.photos(photos)
        )  # fmt: skip

    async def photos(self, count: int) -> list[Scan]:
        return [await checked_file(picture("JPEG", (40, 30))) for _ in range(count)]

    async def check(
        self, homework_id: int, student: int = 0, comment: str = "", typed: str = "", lesson_id: int = 0,
        who: Actor | None = None, seen: int | None = None, cell: int | None = None,
    ) -> None:  # fmt: skip
        """Let the teacher, who has just looked unless it is said what was seen, check homework."""
        number = (await self.row(homework_id, student)).seen if seen is None else seen
        entry = (await self.journal.stands(lesson_id, student)).number if cell is None and lesson_id else cell or 0
        points = Points(lesson_id, entry, typed) if typed else None
        actor, school = who or self.teacher, self.journal.school
        await check(self.services, actor, school, homework_id, self.refs[student], number, comment, points)

    async def send_back(
        self, homework_id: int, comment: str = "Шешуін жаз", student: int = 0, seen: int | None = None
    ) -> None:
        """Let the teacher, who has just looked unless it is said what was seen, return homework."""
        number = (await self.row(homework_id, student)).seen if seen is None else seen
        school, ref = self.journal.school, self.refs[student]
        await send_back(self.services, self.teacher, school, homework_id, ref, number, comment)

    async def rows(self, homework_id: int) -> list[Row]:
        homework = await homework_of(self.services.database.pool, self.journal.school.id, homework_id)
        return await sheet_of(self.services, homework)

    async def row(self, homework_id: int, student: int = 0) -> Row:
        return next(each for each in await self.rows(homework_id) if each.pupil.ref == self.refs[student])

    async def task(self, homework_id: int, student: int = 0) -> Task:
        """Return a homework as the family of a student sees it."""
        return await task_of(self.services, self.journal.studies.student_ids[student], homework_id)

    async def tasks(self, student: int = 0) -> list[Task]:
        """Return the homework of a student's year."""
        person_id = self.journal.studies.student_ids[student]
        return await tasks_of(self.services, person_id, date(2026, 8, 1), date(2027, 7, 31))

    async def wait_until(self, at: datetime) -> None:
        """Let it be later, by the school's clock."""
        seconds = (at - self.services.clock.now()).total_seconds()
        self.services.clock.advance(seconds)  # type: ignore[attr-defined]  # simulated
        await self.journal.at(at.astimezone(self.journal.school.zone).date())


async def classwork(services: Services) -> Classwork:
    """Open the school."""
    opened = await journal(services)
    mothers = []
    for number, name in enumerate(("Сәуле Әліби", "Мәншүк Бек")):
        given = GuardianGiven(name, f"+7701555660{number}")
        child_id = opened.studies.student_ids[number]
        guardian_id = await add_guardian(services, SYSTEM, child_id, given, Relation.MOTHER)
        await open_guardian_account(services, SYSTEM, guardian_id)
        mothers.append(await actor_of_guardian(services, guardian_id, opened.school.id))
    reach = Reach(Role.STUDENT, opened.school.id)
    account = await add_account(services, SYSTEM, "aigerim", "Әліби Айгерім", reach)
    child_id = opened.studies.student_ids[0]
    await services.database.pool.execute("INSERT INTO student_account VALUES ($1, $2)", child_id, account.account_id)
    student = Actor("Әліби Айгерім", account.account_id, frozenset({reach}))
    return Classwork(opened, mothers[0], mothers[1], student)
