"""A school whose month of free meals is written by a till, taken in and projected, for tests of reports."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from cloud.attendance.projection import Attendance
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.devices.actions import NewGate, add_gate
from cloud.ingest.accepting import accept
from cloud.ingest.cursor import advance
from cloud.menu.dishes import add_dish
from cloud.menu.entitlements import EntitlementGiven, approve, list_children, propose
from cloud.menu.kinds import RightKind
from cloud.menu.meals import USUAL, put_meal
from cloud.menu.rules import DishGiven, Names
from schemas.structs import Decision, Record
from tests.cloud.ingest.device import EPOCH
from tests.cloud.meals.factory import ALL, Canteen, shift
from tests.cloud.schools.factory import SYSTEM

MONTH = "2026-09"
FIRST = date(2026, 9, 1)
NEXT = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)  # three in the morning of the 1st of October at the school
LUNCH_AT = time(7, 0, tzinfo=UTC)  # noon at the school
LUNCH = DishGiven(Names("Түскі ас 🍲", "Обед 🍲", "Lunch 🍲"), "main", 57_700, "350 г", 520)
GATE = "main"


class School(Canteen):
    """A canteen with a gate, a director and an office; `till-1` also keeps the gate."""

    director: Actor
    office: Actor
    dish: str

    @classmethod
    async def begun(cls, services: Services, students: int = 3, gate: bool = True) -> "School":
        """Open a school with one dish on its list."""
        school = cls(services)
        await school.open(students)
        await school.told(noon(FIRST) - timedelta(hours=5), shift("opened"))
        for meal in USUAL:
            await put_meal(services, SYSTEM, school.school_id, meal)
        school.dish = await add_dish(services, SYSTEM, school.school_id, LUNCH)
        school.director = Actor("Бақыт Оразов", None, frozenset({Reach(Role.DIRECTOR, school.school_id)}))
        school.office = Actor("Гүлнар Ахметова", None, frozenset({Reach(Role.OFFICE, school.school_id)}))
        await school._may_eat()
        if gate:
            await add_gate(services, SYSTEM, school.school_id, NewGate(GATE, "Қақпа", "Ворота", "Gate"))
        return school

    async def _may_eat(self) -> None:
        """Let the director approve that everybody eats free."""
        year = (FIRST, FIRST + timedelta(days=270))
        order = EntitlementGiven(RightKind.FREE, "orphan", ("lunch", "breakfast"), *year, "№ 41 бұйрық")
        order_id = await propose(self.services, self.office, self.school_id, order)
        await list_children(self.services, self.office, self.school_id, order_id, self.refs)
        await approve(self.services, self.director, self.school_id, order_id)

    async def told(
        self, at: datetime, *records: Record, till: str = "till-1", received: datetime | None = None
    ) -> None:
        """Let a till write records at an instant; they are taken in an hour later, unless it is said when."""
        device, wall_ms = self.tills[till], ms(at)
        first = len(device.lines.get(EPOCH, [])) + 1
        dated = [msgspec.structs.replace(record, wall_ms=wall_ms) for record in records]
        device.write(*[msgspec.json.encode(record) for record in dated])
        now_ms = ms(received or at + timedelta(hours=1))
        batch = device.batch(first, first + len(records) - 1)._replace(at_ms=now_ms)
        await accept([batch], self._store, now_ms)

    async def ate(
        self, child: int, on: date, price: int = 57_700, payment: str = "free", came: bool = True, **more: Any
    ) -> Record:
        """Let a child come in and eat; return its sale."""
        at = noon(on)
        if came:
            await self.told(at - timedelta(hours=4), self.tap(child))
        item, sale = self.sold(child, price, payment=payment, **more)
        await self.told(at, msgspec.structs.replace(item, dish=self.dish), sale)
        return sale

    def tap(self, child: int) -> Record:
        return Decision(
            monotonic_ms=1, wall_ms=1, clock="ntp", gate=GATE, direction="in", outcome="allowed", reason="ok", roster=1,
            person=self.refs[child],
        )  # fmt: skip

    async def projected(self) -> None:
        """Let both readers of the log come to its end."""
        await self.project()
        attendance = Attendance(self.services)
        while await advance(self.pool, attendance, ALL, 1_000):
            pass


def noon(on: date) -> datetime:
    return datetime.combine(on, LUNCH_AT)


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
