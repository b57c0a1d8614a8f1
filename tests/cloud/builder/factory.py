"""A school of two classes with days, meals, marks, deeds and accounts, for tests of the report builder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from cloud.accounts.logins import kept
from cloud.accounts.models import Account, Grant
from cloud.builder.choice import Choice
from cloud.builder.kinds import USUAL, Limits
from cloud.builder.running import Result, labels_of, run
from cloud.builder.wording import Wording
from cloud.core.actor import Actor, Reach, Role
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.people.actions import add_person
from cloud.people.bulk import PersonGiven
from cloud.people.kinds import PersonRole
from cloud.schools.queries import school_of_id
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

TODAY = date(2026, 9, 1)  # a Tuesday, as the simulated clock begins
_CLASS = (
    "INSERT INTO school_class (school_id, grade, letter, shift, is_active) VALUES ($1, $2, $3, 1, true) RETURNING id"
)
_DAY = """
INSERT INTO presence (shard, school_id, person_id, "on", first_in_at, last_out_at, is_inside, late_min, without_card,
  entries, updated_at)
VALUES (1, $1, $2, $3, $4, $5, false, $6, false, 1, $4)
"""
_SALE = """
INSERT INTO meal_sale (school_id, id, device, epoch, seq, shift, meal, payment, person_id, is_known, amount_tiyn,
  full_tiyn, returned_tiyn, is_void, is_unconfirmed, clock, at, "on")
VALUES ($1, $2, 'till-1', 'e', $3, 's', 'lunch', $4, $5, true, $6, 57700, 0, false, false, 'ntp', $7, $8)
"""
_CROWD = """
INSERT INTO movement (shard, position, school_id, person_id, "on", at, received_at, direction, gate, kind, reason,
  let, let_reason, passage, clock, device, epoch, seq, is_double)
SELECT 1, n, $1, person.id, $3::date, $3::date + interval '3 hours', $3::date + interval '3 hours', 'in', 'north',
  'card', 'ok', '', '', '', 'ntp', 'gate-north', 'e', person.id * 100000 + n, false
FROM person, generate_series(1, $2::int) n WHERE school_id = $1
"""
_UNTOLD = "ALTER TABLE meal_sale DISABLE TRIGGER USER"  # nobody is to be told of these


@dataclass(slots=True)
class Built:
    """The school, its people by name of the test, and actors that ask."""

    services: Services
    school_id: int
    other_school_id: int
    classes: dict[str, int] = field(default_factory=dict)
    students: list[int] = field(default_factory=list)
    staff: list[int] = field(default_factory=list)
    accounts: dict[str, Actor] = field(default_factory=dict)

    @classmethod
    async def begun(cls, services: Services) -> "Built":
        """Open two schools; the first has 5А with three students, 9Ә with two, and two of staff."""
        made = cls(services, await a_school(services), await a_school(services, "astana7"))
        for name, grade, letter in (("5А", 5, "А"), ("9Ә", 9, "Ә")):
            made.classes[name] = await services.database.pool.fetchval(_CLASS, made.school_id, grade, letter)
        for number in range(5):
            class_id = made.classes["5А" if number < 3 else "9Ә"]
            made.students.append(await a_student(services, made.school_id, str(number), class_id))
        for position in ("мұғалім", '=HYPERLINK("http://x","y")'):
            given = PersonGiven(role=PersonRole.STAFF, surname="Омарова", given_name="Әсел", position=position)
            made.staff.append(await add_person(services, SYSTEM, made.school_id, given))
        for name, roles in {
            "director": (Role.DIRECTOR,), "office": (Role.OFFICE,), "it": (Role.IT,), "canteen": (Role.CANTEEN,),
        }.items():  # fmt: skip
            made.accounts[name] = await made.account(name, *roles)
        return made

    async def account(self, login: str, *roles: Role, school_id: int | None = None) -> Actor:
        """Make an account with roles at the school."""
        at, now = school_id or self.school_id, self.services.clock.now()
        made = await Account.create(
            password_hash="x", must_change=False, name=f"Есімі {login}", created_at=now, language="ru",
            **kept(self.services.vault, f"{login}@example.kz"),
        )  # fmt: skip
        for role in roles:
            await Grant(account_id=made.id, school_id=at, role=role).save()
        return Actor(made.name, made.id, frozenset(Reach(role, at) for role in roles), "ru")

    def teacher(self, class_name: str = "5А") -> Actor:
        """Return a class teacher, who reaches one class."""
        reach = Reach(Role.CLASS_TEACHER, self.school_id, self.classes[class_name])
        return Actor("Мұғалім", 9_999, frozenset({reach, Reach(Role.CLASS_TEACHER, self.school_id)}))

    def authority(self) -> Actor:
        """Return an authority above the school."""
        return Actor("Басқарма", 9_998, frozenset({Reach(Role.AUTHORITY, self.school_id)}))

    async def came(self, person_id: int, on: date, late_min: int = 0, stayed: timedelta = timedelta(hours=6)) -> None:
        """Let somebody come at eight by the school's clock, or later, and leave."""
        at = datetime(on.year, on.month, on.day, 3, 0, tzinfo=UTC) + timedelta(minutes=late_min)
        values = (self.school_id, person_id, on, at, at + stayed, late_min)
        await self.services.database.pool.execute(_DAY, *values)

    async def crowd(self, on: date, times: int = 4_000) -> None:
        """Let everybody go through a gate so often that to count them takes more than a moment."""
        await self.services.database.pool.execute(_CROWD, self.school_id, times, on)

    async def ate(self, number: int, person_id: int, on: date, payment: str = "free") -> None:
        """Let somebody eat lunch."""
        at = datetime(on.year, on.month, on.day, 7, 0, tzinfo=UTC)
        amount = 0 if payment == "free" else 57_700
        pool = self.services.database.pool
        await pool.execute(_UNTOLD)
        await pool.execute(_SALE, self.school_id, f"s{number}", number, payment, person_id, amount, at, on)

    async def asks(self, actor: Actor, choice: Choice, limits: Limits = USUAL, today: date = TODAY) -> Result:
        """Run a choice for an actor at the school."""
        return await run(self.services, actor, self.school_id, today, choice, limits)

    async def reads(self, actor: Actor, choice: Choice, language: Language = Language.EN) -> list[list[str]]:
        """Return the cells that an actor reads."""
        result = await self.asks(actor, choice)
        words = await self.words(actor, result, language)
        return [[words.cell(head, value) for head, value in zip(result.heads, row, strict=True)] for row in result.rows]

    async def words(self, actor: Actor, result: Result, language: Language = Language.EN) -> Wording:
        """Return an actor's wording of a result."""
        zone = (await school_of_id(self.services, self.school_id)).zone
        return Wording(language, zone, await labels_of(self.services, actor, self.school_id, result))

    async def verbs(self) -> list[str]:
        """Return the builder's deeds in the audit journal, oldest first."""
        rows = await self.services.database.pool.fetch(
            "SELECT verb FROM audit_entry WHERE starts_with(verb, 'built.') ORDER BY id"
        )
        return [row["verb"] for row in rows]


@asynccontextmanager
async def held(services: Services, first: int, second: int) -> AsyncIterator[None]:
    """Hold an advisory lock in a session of its own."""
    async with services.database.pool.acquire() as connection:
        await connection.fetchval("SELECT pg_advisory_lock($1, $2)", first, second)
        try:
            yield
        finally:
            await connection.fetchval("SELECT pg_advisory_unlock($1, $2)", first, second)
