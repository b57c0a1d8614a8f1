"""Who came and went on the days of a month: from the tables, and who came in as far as records alone prove it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from cloud.attendance.projection import KINDS
from cloud.attendance.rules import PASSED
from cloud.ingest.cursor import LoggedRecord
from cloud.ingest.plan import clean
from cloud.ingest.reading import Unreadable, read_record
from schemas import structs

__all__ = ["KINDS", "SeenInRecords", "days_in_tables", "gates_with_sensor", "has_gates", "seen_in_tables"]
PersonDay = tuple[str, date]
SEEN = """
SELECT ref, "on" FROM presence JOIN (SELECT id, ref FROM person WHERE school_id = $1) AS person ON person.id = person_id
WHERE presence.school_id = $1 AND "on" BETWEEN $2 AND $3 AND first_in_at IS NOT NULL
"""
DAYS = """
SELECT ref, "on", first_in_at, last_out_at, is_inside, without_card, late_min FROM presence
JOIN (SELECT id, ref FROM person WHERE school_id = $1) AS person ON person.id = person_id
WHERE presence.school_id = $1 AND "on" BETWEEN $2 AND $3 AND (first_in_at IS NOT NULL OR last_out_at IS NOT NULL)
"""
_FOUND = """
SELECT school_id, first_on FROM unnest($1::bigint[], $2::date[]) WITH ORDINALITY AS asked (school_id, first_on, place)
WHERE EXISTS (SELECT FROM presence WHERE presence.school_id = asked.school_id
  AND "on" >= first_on AND "on" < (first_on + interval '1 month')::date)
ORDER BY place
"""
_SENSORS = "SELECT key FROM gate WHERE school_id = $1 AND has_sensor"
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DaySeen:
    """What the gates saw of a person on a day; lateness is by the bells that held when the arrival was counted."""

    first_in_at: datetime | None
    last_out_at: datetime | None
    is_inside: bool  # at the end of it
    by_hand: bool  # let through by the guard, in or out
    late_min: int = 0


async def days_in_tables(
    connection: asyncpg.Connection, school_id: int, first_on: date, last_on: date
) -> dict[PersonDay, DaySeen]:
    """Return the days of a school's people on which they came or went. For slices above, after their own check."""
    rows = await connection.fetch(DAYS, school_id, first_on, last_on)
    return {(ref, on): DaySeen(*seen) for ref, on, *seen in rows}


async def months_seen(connection: asyncpg.Connection, months: Sequence[tuple[int, date]]) -> list[tuple[int, date]]:
    """Return in which of these months of schools gates saw anybody, in order; a month is named by its first day."""
    columns = [list(column) for column in zip(*months, strict=True)] or [[], []]
    return [(row["school_id"], row["first_on"]) for row in await connection.fetch(_FOUND, *columns)]


async def seen_in_tables(
    connection: asyncpg.Connection, school_id: int, first_on: date, last_on: date
) -> AbstractSet[PersonDay]:
    """Return who came in on which day. For slices above, after their own check."""
    return {(row["ref"], row["on"]) for row in await connection.fetch(SEEN, school_id, first_on, last_on)}


async def has_gates(connection: asyncpg.Connection, school_id: int) -> bool:
    """Tell whether a school has gates that could see anybody."""
    return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM gate WHERE school_id = $1)", school_id))


async def gates_with_sensor(connection: asyncpg.Connection, school_id: int) -> frozenset[str]:
    """Return the gates that are known to have a sensor by now."""
    return frozenset(row["key"] for row in await connection.fetch(_SENSORS, school_id))


def instant_of(corrected_ms: int) -> datetime:
    """Return when something happened, by the clock as it was corrected."""
    return _EPOCH_START + timedelta(milliseconds=corrected_ms)


def readable(rows: Iterable[LoggedRecord]) -> Iterator[tuple[LoggedRecord, structs.AnyRecord]]:
    """Yield the records of gates that can be read, each with its row of the log."""
    for row in rows:
        if row.kind not in KINDS:
            continue
        try:
            yield row, read_record(bytes(row.record))[0]
        except Unreadable:
            continue


@dataclass(slots=True)
class SeenInRecords:
    """What gates' records prove of who came in, whenever a gate's sensor was first heard.

    `proven` came in for certain. `possible` were let in at a gate that has a sensor by now: the day's table counted
    them while it had not been heard, and does not since.
    """

    people: Collection[str]
    sensors: frozenset[str]
    zone: ZoneInfo
    proven: set[PersonDay] = field(default_factory=set)
    possible: set[PersonDay] = field(default_factory=set)

    def meet(self, rows: Iterable[LoggedRecord]) -> None:
        """Meet the next records."""
        for row, record in readable(rows):
            self._meet(record, instant_of(row.corrected_ms).astimezone(self.zone).date())

    def _meet(self, record: structs.AnyRecord, on: date) -> None:
        match record:
            case structs.Passage(person=str(person), direction="in") if record.outcome == PASSED:
                self._note(self.proven, person, on)
            case structs.Decision(person=str(person), direction="in") if record.outcome != "denied":
                self._note(self._where(record.gate), person, on)
            case structs.HandPass(direction="in"):
                self._note(self._where(record.gate), record.person, on)
            case _:
                pass

    def _where(self, gate: str) -> set[PersonDay]:
        return self.possible if clean(gate) in self.sensors else self.proven

    def _note(self, seen: set[PersonDay], person: str, on: date) -> None:
        if person in self.people:
            seen.add((person, on))
