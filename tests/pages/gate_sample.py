"""The gates' book of the sample's school: a morning of visits, deliveries, openings, handovers and orders."""

from datetime import datetime, timedelta
from typing import Literal, TypedDict

import msgspec

from cloud.collectors.actions import CollectorGiven, name_by_paper
from cloud.collectors.queries import Kin
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.services import Services
from cloud.gatebook.projection import GateBook
from cloud.ingest.cursor import LoggedRecord
from schemas.structs import Collected, ManualOpen, Regime, Visitor

SHARD = 7
SYSTEM = Actor.system("sample")


async def write(services: Services, school_id: int, child: str, other: str, guard: str, teacher: str) -> None:
    """Write what a guard did this morning; `child` was taken by an aunt, `other` by an exception."""
    now = services.clock.now()
    given = CollectorGiven("Мөлдір Қасым", Kin.RELATIVE, "+7 701 555 77 77", now.date(), now.date())
    await name_by_paper(services, SYSTEM, school_id, child, given, "№ 5 өтініш")
    aunt = await services.database.pool.fetchval("SELECT max(id) FROM collector")
    gate = await services.database.pool.fetchval("SELECT key FROM gate WHERE school_id = $1 ORDER BY key", school_id)
    records: list[Visitor | ManualOpen | Collected | Regime] = [
        Visitor(**_at(now, 60), gate=gate, direction="in", id="1" * 16, staff=guard, host=teacher, purpose="parent",
                badge="17", stay_min=30),
        Visitor(**_at(now, 41), gate=gate, direction="out", id="1" * 16, staff=guard),
        Visitor(**_at(now, 35), gate=gate, direction="in", id="2" * 16, staff=guard, purpose="delivery",
                firm="Сүт Астық", detail="сүт, нан: асхана"),
        ManualOpen(**_at(now, 30), gate=gate, direction="in", staff=guard, reason="load", detail="парталар"),
        Collected(**_at(now, 12), gate=gate, person=child, staff=guard, collector=f"c{aunt}"),
        Collected(**_at(now, 9), gate=gate, person=other, staff=guard, reason="school_decided", allowed_by=teacher,
                  detail="әжесі"),
        Regime(**_at(now, 5), turn=1, mode="lock_down", staff=guard),
        Regime(**_at(now, 3), turn=2, mode="normal", staff=guard),
    ]  # fmt: skip
    async with services.database.transaction() as transaction:
        logged = [_logged(school_id, number, record, now) for number, record in enumerate(records)]
        await GateBook(services).apply(raw(transaction), logged)


class _Stamped(TypedDict):
    monotonic_ms: int
    wall_ms: int
    clock: Literal["ntp"]


def _at(now: datetime, minutes: int) -> _Stamped:
    return {"monotonic_ms": 1, "wall_ms": int((now - timedelta(minutes=minutes)).timestamp() * 1_000), "clock": "ntp"}


def _logged(
    school_id: int, number: int, record: Visitor | ManualOpen | Collected | Regime, now: datetime
) -> LoggedRecord:
    kind, line = str(record.__struct_config__.tag), msgspec.json.encode(record)
    return LoggedRecord(
        SHARD, 70_000 + number, school_id, "gate-desk", "d" * 16, number + 1, now, record.wall_ms, kind, line
    )
