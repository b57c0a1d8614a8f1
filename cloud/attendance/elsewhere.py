"""Movements that no record of ours tells of: at gates of another system, with a source of their own.

Rule: they are written under the lock of the reader of records, so that a day is made of both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.attendance.models import MovementKind
from cloud.attendance.projection import Attendance, Kept, Who
from cloud.attendance.rules import Place, Told
from cloud.core.services import Services
from cloud.schools.queries import SchoolRow

EPOCH = "elsewhere"
CLOCK = "hub"  # the other system's server at the school keeps the time
_PLACE = "INSERT INTO reader_cursor (name, shard) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_LOCK = "SELECT position FROM reader_cursor WHERE name = $1 AND shard = $2 FOR UPDATE"


@dataclass(frozen=True, slots=True)
class Passage:
    """Somebody of the school passed a gate of another system; `seq` numbers it within that system."""

    system: str
    seq: int
    who: Who
    at: datetime
    direction: str
    gate: str


async def lock_days(connection: asyncpg.Connection, school: SchoolRow) -> None:
    """Let nobody else change the school's days until the transaction ends."""
    await connection.execute(_PLACE, Attendance.name, school.shard)
    await connection.fetchval(_LOCK, Attendance.name, school.shard)


async def take(
    services: Services, connection: asyncpg.Connection, school: SchoolRow, passages: Sequence[Passage]
) -> None:
    """Write movements and the days that they change, and wake the pages of those concerned."""
    now = services.clock.now()
    kept = {}
    for each in passages:
        place = Place(each.system, EPOCH, each.seq)
        told = Told(place, each.who.ref, each.at, each.direction, each.gate, CLOCK, MovementKind.CARD)
        kept[place] = Kept(told, school.shard, 0, now, school.id, each.who, school.zone)
    if kept:
        await Attendance(services).take(connection, kept)
