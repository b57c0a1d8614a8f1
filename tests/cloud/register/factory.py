"""A school with a class and those who may say who is in it, for tests."""

from dataclasses import dataclass
from datetime import date, timedelta

from cloud.attendance.queries import SchoolToday, school_or_classes_today
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.register.actions import mark, mark_rest
from cloud.register.kinds import BY_CODE
from cloud.register.queries import ChildMarked, ClassDay, class_on
from cloud.schools.actions import add_class
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

TODAY = date(2026, 9, 1)  # a Tuesday
_CAME = """
INSERT INTO presence (shard, school_id, person_id, "on", first_in_at, is_inside, late_min, without_card, entries,
  updated_at)
SELECT 1, school_id, id, $2, $3, true, 0, false, 1, $3 FROM person WHERE ref = $1
"""


@dataclass(slots=True)
class Taught:
    """A class 5А of three, and a class 6Ә of one, at a school; each person at work there by an actor."""

    services: Services
    school: SchoolToday
    class_id: int
    other_class_id: int
    refs: list[str]
    teacher: Actor
    colleague: Actor
    office: Actor

    async def say(self, code: str, child: int = 0, actor: Actor | None = None, on: date = TODAY) -> None:
        """Let somebody, who has just looked, say something of a child of 5А."""
        seen = (await self.child(child, on)).number
        await self.said(code, child, actor or self.teacher, seen, on)

    async def said(self, code: str, child: int, actor: Actor, seen: int, on: date = TODAY) -> None:
        """Let somebody say something of a child of 5А, who looked when its last mark had the number `seen`."""
        await mark(self.services, actor, self.school, self.class_id, on, self.refs[child], BY_CODE[code], seen)

    async def rest(self, actor: Actor | None = None, seen: int | None = None) -> None:
        """Let somebody say that everybody else of 5А is here."""
        seen = (await self.day()).number if seen is None else seen
        await mark_rest(self.services, actor or self.teacher, self.school, self.class_id, TODAY, seen)

    async def day(self, on: date = TODAY) -> ClassDay:
        return await class_on(self.services, SYSTEM, self.school, self.class_id, on)

    async def child(self, child: int, on: date = TODAY) -> ChildMarked:
        return next(each for each in (await self.day(on)).children if each.ref == self.refs[child])

    async def codes(self) -> list[str]:
        """Return what the register says of the children of 5А today."""
        return [(await self.child(number)).said.code for number in range(3)]

    async def came(self, child: int) -> None:
        """Let a gate see a child come in."""
        at = self.services.clock.now()
        await self.services.database.pool.execute(_CAME, self.refs[child], TODAY, at)

    async def later(self, days: int) -> None:
        """Let the school's day be another one."""
        self.services.clock.advance(timedelta(days=days).total_seconds())  # type: ignore[attr-defined]  # simulated
        self.school = await school_or_classes_today(self.services, SYSTEM, "almaty5", Right.REGISTER_READ)


async def taught(services: Services) -> Taught:
    """Open the school."""
    school_id = await a_school(services)
    class_id, other_class_id = [
        await add_class(services, SYSTEM, school_id, grade, letter) for grade, letter in ((5, "А"), (6, "Ә"))
    ]
    ids = [
        await a_student(services, school_id, str(number), other_class_id if number == 3 else class_id)
        for number in range(4)
    ]
    rows = await services.database.pool.fetch("SELECT ref FROM person WHERE id = ANY($1) ORDER BY id", ids)
    school = await school_or_classes_today(services, SYSTEM, "almaty5", Right.REGISTER_READ)
    teacher, colleague = [
        Actor(name, None, frozenset({Reach(role, school_id), Reach(role, school_id, class_id)}))
        for name, role in (("Айгүл Сейіт", Role.CLASS_TEACHER), ("Ольга Ким", Role.TEACHER))
    ]
    office = Actor("Гүлнар Ахметова", None, frozenset({Reach(Role.OFFICE, school_id)}))
    refs = [row["ref"] for row in rows]
    return Taught(services, school, class_id, other_class_id, refs, teacher, colleague, office)
