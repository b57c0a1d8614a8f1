"""A school whose guards write at the gates, for tests of the gates' book."""

from datetime import UTC, datetime, timedelta

from typing_extensions import override

from cloud.collectors.actions import CollectorGiven, name_by_paper
from cloud.collectors.queries import Kin, collectors_of
from cloud.core.services import Services
from cloud.gatebook.projection import GateBook
from cloud.ingest.cursor import advance
from schemas.structs import Collected, ManualOpen, Regime, Visitor
from tests.cloud.attendance.factory import ALL, EIGHT, School, wall
from tests.cloud.schools.factory import SYSTEM

STAFF, HOST, NOBODY = "staff0000001", "staff0000002", "nobody000000"
UNCLE = "Марат Қасымов"
DAY = EIGHT.date()


class Gates(School):
    """The school, with a guard and a teacher on its staff."""

    @override
    async def open(self, students: int = 2) -> "Gates":
        await super().open(students)
        for ref, surname, name in ((STAFF, "Сейітова", "Айгүл"), (HOST, "Ахметова", "Динара")):
            await self.pool.execute(
                "INSERT INTO person (shard, school_id, ref, role, surname, given_name, patronymic, sort_key, position,"
                " is_active, created_at) SELECT shard, id, $2, 'staff', $3, $4, '', $3, '', true, now() FROM school"
                " WHERE id = $1",
                self.school_id, ref, surname, name,
            )  # fmt: skip
        return self

    async def write(self, most: int = 1_000) -> None:
        """Let the book be written of all there is."""
        while await advance(self.pool, GateBook(self.services), ALL, most):
            pass

    async def name(self, child: int, days: int = 0) -> str:
        """Let the office name somebody for a child until some days on; return the key."""
        today = self.services.clock.now().astimezone(UTC).date()
        given = CollectorGiven(UNCLE, Kin.RELATIVE, "+7 701 555 77 77", today, today + timedelta(days=days))
        await name_by_paper(self.services, SYSTEM, self.school_id, self.refs[child], given, "note 5")
        async with self.pool.acquire() as connection:
            listed = await collectors_of(connection, self.school_id, self.services.clock.now())
        return next(each.key for each in listed if each.ref == self.refs[child] and each.name == UNCLE)


async def gates(services: Services) -> Gates:
    return await Gates(services).open()


def taken(ref: str, minute: int, key: str | None = None, **more: object) -> Collected:
    return Collected(
        monotonic_ms=1, wall_ms=wall(minute), clock="ntp", gate="main", person=ref, staff=STAFF, collector=key, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def came(visit: str, minute: int, purpose: str = "guest", **more: object) -> Visitor:
    return Visitor(
        monotonic_ms=1, wall_ms=wall(minute), clock="ntp", gate="main", direction="in", id=visit * 16, staff=STAFF,
        purpose=purpose, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def left(visit: str, minute: int) -> Visitor:
    return Visitor(
        monotonic_ms=1, wall_ms=wall(minute), clock="ntp", gate="main", direction="out", id=visit * 16, staff=STAFF
    )


def opened(minute: int, detail: str | None = None) -> ManualOpen:
    return ManualOpen(
        monotonic_ms=1, wall_ms=wall(minute), clock="ntp", gate="lane", direction="in", staff=STAFF, reason="load",
        detail=detail,
    )  # fmt: skip


def ordered(minute: int, mode: str, staff: str | None = STAFF) -> Regime:
    return Regime(monotonic_ms=1, wall_ms=wall(minute), clock="ntp", turn=minute, mode=mode, staff=staff)  # type: ignore[arg-type]


def at(minute: int) -> datetime:
    return EIGHT + timedelta(minutes=minute)
