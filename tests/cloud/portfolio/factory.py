"""5А with its class teacher, a child of it with parents and an account of its own, and a teacher, for tests."""

import io
from dataclasses import dataclass
from datetime import date, timedelta

from PIL import Image

from cloud.accounts.actions import add_account
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.portfolio.adding import add, confirm
from cloud.portfolio.entries import entries_of
from cloud.portfolio.kinds import BY_KIN, OF_STAFF, OF_STUDENTS, Entry, Given, Kind, State, Subject
from cloud.portfolio.reach import kin_of, student_at
from tests.cloud.absences.factory import Home, a_home
from tests.cloud.schools.factory import SYSTEM

TODAY = date(2026, 9, 1)  # a Tuesday, as the simulated clock begins
MEDAL = Given(Kind.SPORT, "Күрестен турнир", TODAY - timedelta(days=20), "Алматы, «Динамо»", "region", "first")


@dataclass(slots=True)
class Folder:
    """A child's portfolio and who has to do with it."""

    services: Services
    home: Home
    whose: Subject
    student: Actor

    @property
    def school_id(self) -> int:
        return self.home.taught.school.id

    @property
    def ref(self) -> str:
        return self.whose.ref

    @property
    def mother(self) -> Actor:
        return self.home.mother

    @property
    def teacher(self) -> Actor:
        return self.home.taught.teacher

    def at_work(self, role: Role, class_id: int | None = None) -> Actor:
        """Return somebody who has a role at the school, and maybe a class of the own."""
        reaches = {Reach(role, self.school_id), *([Reach(role, self.school_id, class_id)] if class_id else [])}
        return Actor(role.value, reaches=frozenset(reaches))

    async def told(self, given: Given = MEDAL, who: Actor | None = None) -> int:
        """Let somebody of the family, the mother where nobody is named, add an entry."""
        actor = who or self.mother
        whose, _ = await kin_of(self.services, actor, self.ref)
        return await add(self.services, actor, whose, given, BY_KIN, state=State.WAITING)

    async def seen(self, who: Actor | None = None) -> list[Entry]:
        """Return the entries as somebody, the mother where nobody is named, sees them."""
        return await entries_of(self.services, who or self.mother, self.whose, OF_STUDENTS)


async def a_folder(services: Services) -> Folder:
    """Open the school."""
    home = await a_home(services)
    school_id = home.taught.school.id
    account = await add_account(services, SYSTEM, "aigerim", "Айгерім Әліби", Reach(Role.STUDENT, school_id))
    await services.database.pool.execute(
        "INSERT INTO student_account VALUES ($1, $2)", home.child_id, account.account_id
    )
    student = Actor("Айгерім Әліби", account.account_id, frozenset({Reach(Role.STUDENT, school_id)}))
    whose = await student_at(services, SYSTEM, school_id, home.ref)
    return Folder(services, home, whose, student)


async def confirm_seen(services: Services, actor: Actor, whose: Subject, entry_id: int) -> None:
    """Let somebody who has just looked confirm an entry."""
    seen = await entries_of(services, actor, whose, [*OF_STUDENTS, *OF_STAFF])
    await confirm(services, actor, whose, entry_id, next((each.digest for each in seen if each.id == entry_id), ""))


def picture(kind: str, size: tuple[int, int] = (600, 400), mode: str = "RGB") -> bytes:
    """Return a picture, with a place in what a camera writes beside it."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "taken at Abai street 5"
    Image.new(mode, size).save(out, kind, exif=exif)
    return out.getvalue()
