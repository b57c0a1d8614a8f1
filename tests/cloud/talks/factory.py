"""5А with a class teacher, teachers, students and parents with accounts, and who moderates, for tests of talks."""

from dataclasses import dataclass

from cloud.accounts.actions import add_account
from cloud.attendance.queries import SchoolToday, school_today
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.talks.forum import begin_topic, put_section
from cloud.talks.kinds import As, Kind, Post
from cloud.talks.leading import open_chat
from cloud.talks.posting import write
from cloud.talks.reach import seat_of
from cloud.talks.reading import page_of
from cloud.talks.rules import Given, SectionGiven
from simulators.clock import SimulatedClock
from tests.cloud.messages.factory import a_guardian
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.studies.factory import Studies, studies

NAMES = {"kk": "Сұрақтар", "ru": "Вопросы", "en": "Questions"}
MORNING_S = 5 * 3_600  # from the clock's beginning to an hour that is quiet nowhere

_CLASS = """
INSERT INTO class_of_account (account_id, school_class_id, role, given_at) VALUES ($1, $2, 'class_teacher', $3)
"""


@dataclass(slots=True)
class Talks:
    """Who talks: the first two students of 5А, the parents of the first, and a student of 6Ә with a parent."""

    services: Services
    studies: Studies
    school: SchoolToday
    teacher: Actor  # of mathematics
    class_teacher: Actor
    other_class_teacher: Actor  # of 6Ә
    deputy: Actor
    pedagogue: Actor
    students: list[Actor]
    stranger: Actor  # a student of 6Ә
    mother: Actor
    father: Actor
    mother_id: int
    other_parent: Actor  # of 6Ә

    async def open(self, kind: Kind, who: Actor | None = None, of: int | None = None) -> int:
        """Open the chat of mathematics, of 5А or of its parents."""
        of_course = kind is Kind.COURSE
        leader = who or (self.teacher if of_course else self.class_teacher)
        where = of or (self.studies.mathematics if of_course else self.studies.class_id)
        return await open_chat(self.services, leader, self.school, kind, where)

    async def say(self, who: Actor, talk_id: int, words: str, reply_to: int | None = None) -> int:
        return await write(self.services, who, talk_id, Given(words, reply_to))

    async def seen(self, who: Actor, talk_id: int) -> list[Post]:
        """Return the posts of a talk as somebody sees them. Raises NotFound."""
        return [*(await page_of(self.services, who, await seat_of(self.services, who, talk_id))).posts]

    async def words(self, who: Actor, talk_id: int) -> list[str]:
        return [each.words for each in await self.seen(who, talk_id)]

    async def section(self, *audience: As, staff_begins: bool = False) -> int:
        given = SectionGiven(NAMES, frozenset(audience or As), staff_begins)
        return await put_section(self.services, self.deputy, self.school.id, given)

    async def topic(self, who: Actor, section_id: int, words: str = "Кім біледі?") -> int:
        return await begin_topic(self.services, who, section_id, "Үй тапсырмасы", words)


async def talks(services: Services, clock: SimulatedClock) -> Talks:
    """Open the school, in the morning."""
    clock.advance(MORNING_S)
    of = await studies(services)
    students = [
        await student(services, of.school_id, person_id, f"student-{number}")
        for number, person_id in enumerate([*of.student_ids[:2], of.stranger_id])
    ]
    mother_id, mother = await a_guardian(services, of.school_id, "+77015550001", of.student_ids[:1])
    _, father = await a_guardian(services, of.school_id, "+77015550002", of.student_ids[:1])
    _, other = await a_guardian(services, of.school_id, "+77015550003", [of.stranger_id])
    school = await school_today(services, SYSTEM, "almaty5", Right.PRESENCE_READ)
    teachers = [
        await class_teacher(services, of.school_id, class_id, name)
        for class_id, name in ((of.class_id, "Әсел Омарова"), (of.other_class_id, "Марат Әбен"))
    ]
    heads = [
        await at_work(services, name, role, of.school_id)
        for name, role in (("Ерлан Нұр", Role.DEPUTY), ("Сара Қали", Role.PEDAGOGUE))
    ]
    return Talks(
        services, of, school, of.teachers[0], teachers[0], teachers[1], heads[0], heads[1], students[:2], students[2],
        mother, father, mother_id, other,
    )  # fmt: skip


async def student(services: Services, school_id: int, person_id: int, login: str) -> Actor:
    """Return a student with an account of its own."""
    reach = Reach(Role.STUDENT, school_id)
    account = await add_account(services, SYSTEM, login, f"{login} of the class", reach)
    await services.database.pool.execute("INSERT INTO student_account VALUES ($1, $2)", person_id, account.account_id)
    return Actor(f"{login} of the class", account.account_id, frozenset({reach}))


async def at_work(services: Services, name: str, role: Role, school_id: int, number: int = 0) -> Actor:
    """Return somebody with a role at the school."""
    reach = Reach(role, school_id)
    account = await add_account(services, SYSTEM, f"{role.value}-{number}", name, reach)
    return Actor(name, account.account_id, frozenset({reach}))


async def class_teacher(services: Services, school_id: int, class_id: int, name: str) -> Actor:
    """Return a class teacher with a class."""
    actor = await at_work(services, name, Role.CLASS_TEACHER, school_id, class_id)
    now = services.clock.now()
    await services.database.pool.execute(_CLASS, actor.account_id, class_id, now)
    reaches = {*actor.reaches, Reach(Role.CLASS_TEACHER, school_id, class_id)}
    return Actor(actor.name, actor.account_id, frozenset(reaches))
