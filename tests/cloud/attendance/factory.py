"""A school whose gate's device writes records, for tests of what is made of them."""

from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec

from cloud.attendance.projection import Attendance
from cloud.core.services import Services
from cloud.ingest.accepting import accept
from cloud.ingest.cursor import advance
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from schemas.structs import Decision, HandPass, Passage, Record
from tests.cloud.ingest.device import EPOCH, Device
from tests.cloud.ingest.rows import add_devices
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import a_school

EIGHT = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)  # a Tuesday, in Almaty
ALL = range(64)


class School:
    """A school with people and a device, whose log can be filled."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.pool: asyncpg.Pool = services.database.pool
        self.school_id, self.class_id = 0, 0
        self.refs: list[str] = []
        self.device = Device()
        self.store = PgStore(services.database.url, Senders(self.pool, services.vault, services.clock))

    async def open(self, students: int = 3) -> "School":
        self.school_id = school_id = await a_school(self.services, "almaty5")
        shard = await self.pool.fetchval("SELECT shard FROM school")
        self.class_id = class_id = await self.pool.fetchval(
            "INSERT INTO school_class (school_id, grade, letter, shift, is_active) VALUES ($1, 5, 'А', 1, true) "
            "RETURNING id",
            school_id,
        )
        for number in range(students):
            await a_student(self.services, school_id, str(number), class_id)
        self.refs = [row["ref"] for row in await self.pool.fetch("SELECT ref FROM person ORDER BY id")]
        self.device = Device("gate-1", school="almaty5", shard=shard)
        await add_devices(self.pool, self.services.vault, self.services.clock, self.device)
        await self.pool.execute(
            "INSERT INTO gate (school_id, key, name_kk, name_ru, name_en, has_sensor) "
            "VALUES ($1, 'main', 'Қақпа', 'Вход', 'Gate', false), ($1, 'lane', 'Қақпа', 'Турникет', 'Lane', true)",
            school_id,
        )
        return self

    async def send(self, *records: Record) -> None:
        """Let the device write records and send them."""
        first = len(self.device.lines.get(EPOCH, [])) + 1
        self.device.write(*[msgspec.json.encode(record) for record in records])
        now_ms = int((EIGHT + timedelta(hours=8)).timestamp() * 1000)
        message = self.device.batch(first, first + len(records) - 1)._replace(at_ms=now_ms)
        await accept([message], self.store, now_ms)

    async def project(self, most: int = 1_000) -> int:
        projection, met = Attendance(self.services), 0
        while count := await advance(self.pool, projection, ALL, most):
            met += count
        return met

    async def day(self, person: int = 0) -> tuple[object, ...]:
        row = await self.pool.fetchrow(
            "SELECT first_in_at, last_out_at, is_inside, late_min, without_card, entries FROM presence "
            "JOIN person ON person.id = person_id WHERE ref = $1",
            self.refs[person],
        )
        return tuple(row) if row else ()

    async def close(self) -> None:
        await self.store.close()


def wall(minute: int) -> int:
    return int((EIGHT + timedelta(minutes=minute)).timestamp() * 1000)


def tap(ref: str | None, minute: int, gate: str = "main", direction: str = "in", outcome: str = "allowed") -> Decision:
    return Decision(
        monotonic_ms=1, wall_ms=wall(minute), clock="ntp", gate=gate, direction=direction, outcome=outcome,  # type: ignore[arg-type]
        reason="ok" if outcome == "allowed" else "wrong_time", roster=1, person=ref,
    )  # fmt: skip


def passed(ref: str, minute: int, seq: int, outcome: str = "passed", direction: str = "in") -> Passage:
    return Passage(
        monotonic_ms=1, wall_ms=wall(minute), clock="ntp", gate="lane", direction=direction, outcome=outcome,  # type: ignore[arg-type]
        person=ref, decision_seq=seq,
    )  # fmt: skip


def handed(ref: str, minute: int) -> HandPass:
    return HandPass(
        monotonic_ms=1, wall_ms=wall(minute), clock="ntp", gate="main", direction="in", person=ref, staff="s" * 12,
        reason="forgotten",
    )  # fmt: skip
