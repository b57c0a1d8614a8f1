"""A school with two classes that fall due on a September morning, whose gate sees whom a test lets come."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from cloud.alerts import rounds
from cloud.alerts.judging import judge_due
from cloud.alerts.kinds import Round
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.notifications.kinds import Kind
from simulators.clock import SimulatedClock
from tests.cloud.attendance.factory import EIGHT, School, tap
from tests.cloud.ingest.device import Device
from tests.cloud.ingest.rows import add_devices
from tests.cloud.notifications.factory import Parent, a_parent, tell_all, told_to
from tests.cloud.people.factory import a_student

ON = EIGHT.date()
USED = """
INSERT INTO presence (shard, school_id, person_id, "on", first_in_at, is_inside, late_min, without_card, entries,
  updated_at)
SELECT 1, school_id, id, $1, $2, false, 0, false, 1, $2 FROM person
"""
_CONSENT = """
INSERT INTO consent_answer (person_id, purpose, says, "on", way, source, recorded_at)
SELECT id, 'card', 'yes', $1, 'import', '', $2 FROM person
"""
_DEVICE = """
UPDATE device SET is_online = true, seen_at = $2, unsent = 0 WHERE school_id = $1
"""
_GATE = """
INSERT INTO gate (school_id, key, name_kk, name_ru, name_en, has_sensor, device_id)
SELECT $1, 'b', 'Б қақпасы', 'Вход Б', 'Gate B', false, id FROM device WHERE name = 'gate-2' RETURNING id
"""
_CAME_BY = """
INSERT INTO movement (shard, position, school_id, person_id, "on", at, received_at, direction, gate, kind, reason, let,
  let_reason, passage, clock, device, epoch, seq)
SELECT 1, 0, $1, person.id, $2, $3, $3, 'in', $4, 'card', '', 'card', '', '', 'ntp', 'before', $5, person.id
FROM person WHERE ref = ANY($6)
"""


@dataclass(slots=True)
class Morning:
    """The school, its clock, and one parent of everybody."""

    gates: School
    clock: SimulatedClock
    parent: Parent
    children: int
    classes: list[int] = field(default_factory=list)

    @property
    def services(self) -> Services:
        return self.gates.services

    @property
    def director(self) -> Actor:
        return Actor("Бақыт Оразов", None, frozenset({Reach(Role.DIRECTOR, self.gates.school_id)}))

    @property
    def office(self) -> Actor:
        return Actor("Гүлнар Ахметова", None, frozenset({Reach(Role.OFFICE, self.gates.school_id)}))

    async def came(self, children: Iterable[int], minute: int = -8) -> None:
        """Let children come."""
        records = [tap(self.gates.refs[child], minute) for child in children]
        if records:
            await self.gates.send(*records)
            await self.gates.project()

    async def at(self, minute: float, *, is_heard: bool = True, lost: str = "") -> list[Round]:
        """Let it be so many minutes after eight, look at what is due, tell, and return what became of the classes.

        `lost` is a device that is out of reach.
        """
        self.clock.advance((EIGHT + timedelta(minutes=minute) - self.clock.now()).total_seconds())
        if is_heard:
            await self.hear()
        await self.gates.pool.execute("UPDATE device SET is_online = false WHERE name = $1", lost)
        await judge_due(self.services, range(64))
        await tell_all(self.services)
        return await self.rounds()

    async def rounds(self) -> list[Round]:
        return await rounds.of_day(self.gates.pool, self.gates.school_id, ON)

    async def hear(self) -> None:
        """Let the gate's device have been heard just now."""
        await self.gates.pool.execute(_DEVICE, self.gates.school_id, self.clock.now())

    async def second_gate(self) -> int:
        """Open Gate B, with a device of its own that is well; return its id."""
        gates = self.gates
        device = Device("gate-2", school="almaty5", shard=gates.device.shard)
        await add_devices(gates.pool, self.services.vault, self.clock, device)
        return int(await gates.pool.fetchval(_GATE, gates.school_id))

    async def came_by(self, gate: str, children: Iterable[int], days: Iterable[int] = (4, 5, 6, 7, 8)) -> None:
        """Let children have come through a gate so many days ago; without an argument, on the five school days."""
        refs = [self.gates.refs[child] for child in children]
        for day in days:
            at = EIGHT - timedelta(days=day, minutes=10)
            await self.gates.pool.execute(_CAME_BY, self.gates.school_id, at.date(), at, gate, f"{gate}{day}", refs)

    async def told(self, *kinds: Kind) -> list[tuple[str, Kind]]:
        """Return what the parent was told of these kinds: of whom, and what."""
        told = await told_to(self.services, self.parent)
        return [(each.person, each.kind) for each in told if not kinds or each.kind in kinds]

    async def absent(self) -> list[int]:
        """Return of which children the parent was told that they were not seen, by their places."""
        return sorted(self.gates.refs.index(ref) for ref, _ in await self.told(Kind.ABSENT))

    async def child_id(self, child: int) -> int:
        return int(await self.gates.pool.fetchval("SELECT id FROM person WHERE ref = $1", self.gates.refs[child]))


async def a_morning(services: Services, clock: SimulatedClock, of_first: int = 8, of_second: int = 22) -> Morning:
    """Open a school with a class of eight and one of twenty-two, all of whom passed the gate yesterday."""
    gates = await School(services).open(of_first)
    second = await gates.pool.fetchval(
        "INSERT INTO school_class (school_id, grade, letter, shift, is_active) VALUES ($1, 6, 'Б', 1, true) "
        "RETURNING id",
        gates.school_id,
    )
    for number in range(of_second):
        await a_student(services, gates.school_id, f"b{number}", second)
    gates.refs = [row["ref"] for row in await gates.pool.fetch("SELECT ref FROM person ORDER BY id")]
    await gates.pool.execute("UPDATE gate SET device_id = (SELECT id FROM device WHERE name = 'gate-1')")
    yesterday = EIGHT - timedelta(days=1)
    await gates.pool.execute(USED, yesterday.date(), yesterday)
    await gates.pool.execute(_CONSENT, yesterday.date(), yesterday)
    parent = await a_parent(gates, *range(of_first + of_second))
    return Morning(gates, clock, parent, of_first + of_second, [gates.class_id, second])
