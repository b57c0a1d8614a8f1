"""Days as notices need them: a child's movements that count, with the gates' names, and the class's plan of the day."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from cloud.attendance.changes import Day
from cloud.attendance.models import MovementKind
from cloud.schools.rules import DayPlan

Names = tuple[str, str, str]  # Kazakh, Russian, English
_MOVEMENTS = """
SELECT person_id, "on", at, direction, movement.kind, reason, clock, is_double, movement.device, epoch, seq, gate,
  name_kk, name_ru, name_en
FROM unnest($1::bigint[], $2::date[]) AS changed (person_id, "on")
JOIN movement USING (person_id, "on")
LEFT JOIN gate ON gate.school_id = movement.school_id AND gate.key = movement.gate
WHERE movement.kind IN ('card', 'hand') ORDER BY at, movement.device, epoch, seq
"""
_CLASSES = "SELECT id, school_id, school_class_id FROM person WHERE id = ANY($1)"


@dataclass(frozen=True, slots=True)
class Passed:
    """A movement that counts; `place` names its record, whatever else is told of it."""

    place: str
    at: datetime
    direction: str
    is_by_hand: bool
    reason: str
    gate: Names
    clock: str
    is_double: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What the gates saw of a child on a day, in order, at the school that told of it, and the class's plan."""

    school_id: int
    person_id: int
    on: date
    passed: Sequence[Passed]
    plan: DayPlan


async def passed_on(connection: asyncpg.Connection, days: Collection[Day]) -> dict[Day, list[Passed]]:
    """Return the movements of days that count, each day's in order; no entry for a day without any."""
    columns = [list(column) for column in zip(*days, strict=True)]
    passed: dict[Day, list[Passed]] = {}
    for row in await connection.fetch(_MOVEMENTS, *columns):
        passed.setdefault((row["person_id"], row["on"]), []).append(_passed(row))
    return passed


async def classes_of(connection: asyncpg.Connection, person_ids: Collection[int]) -> Mapping[int, tuple[int, int]]:
    """Return the school and the class of people who are in a class now."""
    rows = await connection.fetch(_CLASSES, list(person_ids))
    return {row["id"]: (row["school_id"], row["school_class_id"]) for row in rows if row["school_class_id"] is not None}


def _passed(row: asyncpg.Record) -> Passed:
    kk = row["name_kk"] or row["gate"]
    return Passed(
        f"{row['device']}:{row['epoch']}:{row['seq']}", row["at"], row["direction"],
        row["kind"] == MovementKind.HAND.value, row["reason"], (kk, row["name_ru"] or kk, row["name_en"] or kk),
        row["clock"], row["is_double"],
    )  # fmt: skip
