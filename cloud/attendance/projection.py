"""The projection of attendance: records become movements, movements become each person's day.

Rule: what the tables hold is a function of the set of records met so far; whoever waits for a person is woken with the
transaction's commit. A student's day that changes is noted for who tells parents, in the same transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from cloud.attendance import statements
from cloud.attendance.changes import note_changed
from cloud.attendance.doubles import Order, mark_doubles
from cloud.attendance.models import MovementKind
from cloud.attendance.rules import Moved, Place, Told, merged, presence_of, told_by
from cloud.core.page_wakeups import wake_pages
from cloud.core.services import Services
from cloud.core.wakeups import EVERYTHING, NOBODY
from cloud.ingest.cursor import LoggedRecord
from cloud.ingest.plan import clean
from cloud.ingest.reading import Unreadable, read_record
from cloud.schools.many import Plans
from schemas.structs import AnyRecord, Passage

KINDS = frozenset({"decision", "hand_pass", "passage"})
WAKE_UPS_MAX = 100  # beyond that the whole school is woken
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_MOVEMENT_KINDS = {kind.value: kind for kind in MovementKind}


@dataclass(frozen=True, slots=True)
class Who:
    """A person as this projection needs them."""

    id: int
    ref: str
    school_id: int
    class_id: int | None
    is_student: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A movement with where it belongs."""

    told: Told
    shard: int
    position: int
    received_at: datetime
    school_id: int
    who: Who | None
    zone: ZoneInfo

    @property
    def on(self) -> date:
        """Return the school's own day."""
        return self.told.at.astimezone(self.zone).date()


class _Days(dict[tuple[int, date], Who]):
    """The days that change, by person and day."""


class Attendance:
    """Movements and presence, by the cursor `attendance`."""

    name = "attendance"

    def __init__(self, services: Services) -> None:
        self._services = services
        self._plans = Plans(services.clock)

    async def apply(self, connection: asyncpg.Connection, records: Sequence[LoggedRecord]) -> None:
        """Write movements and presence, and wake the pages of those concerned."""
        read = [(row, _read(row)) for row in records if row.kind in KINDS]
        told = await self._told(connection, [(row, record) for row, record in read if record is not None])
        if not told:
            return
        await self.take(connection, told)

    async def take(self, connection: asyncpg.Connection, told: Mapping[Place, Kept]) -> None:
        """Write what is told of movements, and the days that they change; wake the pages of those concerned."""
        days = await self._keep_movements(connection, told)
        if days:
            await self._keep_presence(connection, days)
        strange = {kept.school_id for kept in told.values() if kept.who is None}
        await self._wake(connection, days.values(), strange)

    async def reckon(self, connection: asyncpg.Connection, people: Iterable[Who], on: date) -> None:
        """Reckon a day of these people anew of their movements, where what the day is was changed; wake their pages."""
        days = _Days({(who.id, on): who for who in people})
        if days:
            await self._keep_presence(connection, days)
            await self._wake(connection, days.values(), ())

    async def _told(
        self, connection: asyncpg.Connection, read: Sequence[tuple[LoggedRecord, AnyRecord]]
    ) -> dict[Place, Kept]:
        """Return what the records tell, one entry a movement."""
        await _learn_sensors(connection, read)
        sensors = await _sensors(connection, {row.school_id for row, _ in read})
        found = [(row, one) for row, record in read if (one := _told_by(row, record, sensors)) is not None]
        people = await _people(connection, {one.person for _, one in found if one.person is not None})
        zones = await _zones(connection, {row.school_id for row, _ in found})
        kept: dict[Place, Kept] = {}
        for row, one in found:
            who = None if one.person is None else people.get(one.person)
            if one.person is not None and (who is None or who.school_id != row.school_id):
                continue  # nobody of this school: a reference nobody has, or a device that tells of others' people
            known = kept.get(one.place)
            told = one if known is None else merged(known.told, one)
            who, zone = people.get(told.person or ""), zones[row.school_id]
            kept[one.place] = Kept(told, row.shard, row.position, row.received_at, row.school_id, who, zone)
        return kept

    async def _keep_movements(self, connection: asyncpg.Connection, fresh: Mapping[Place, Kept]) -> _Days:
        """Merge what is told now with what was told before; return the days that change."""
        columns = [
            list(column) for column in zip(*((place.device, place.epoch, place.seq) for place in fresh), strict=True)
        ]
        before = await connection.fetch(statements.LOAD_MOVEMENTS, *columns)
        people = {kept.who.ref: kept.who for kept in fresh.values() if kept.who is not None}
        people |= await _people(connection, {row["ref"] for row in before} - {None, *people})
        final, days = dict(fresh), _Days()
        for row in before:
            place = Place(row["device"], row["epoch"], row["seq"])
            told = merged(_stored(place, row), final[place].told)
            final[place] = replace(
                final[place], told=told, shard=row["shard"], position=row["position"], received_at=row["received_at"],
                who=people.get(told.person or ""),
            )  # fmt: skip
            if (was := people.get(row["ref"])) is not None:
                days[was.id, row["on"]] = was
        days.update({(kept.who.id, kept.on): kept.who for kept in final.values() if kept.who is not None})
        await connection.execute(statements.KEEP_MOVEMENTS, *_columns(map(_movement_row, final.values())))
        return days

    async def _keep_presence(self, connection: asyncpg.Connection, days: _Days) -> None:
        person_ids, ons = (list(column) for column in zip(*days, strict=True))
        movements: dict[tuple[int, date], list[Moved]] = {key: [] for key in days}
        marked: set[Order] = set()
        for row in await connection.fetch(statements.LOAD_DAYS, person_ids, ons):
            order = (row["device"], row["epoch"], row["seq"])
            kind = _MOVEMENT_KINDS[row["kind"]]
            moved = Moved(row["at"], order, row["direction"], kind, row["gate"], row["clock"])
            movements[row["person_id"], row["on"]].append(moved)
            if row["is_double"]:
                marked.add(order)
        await mark_doubles(connection, movements, marked)
        now, rows = self._services.clock.now(), []
        plans = await self._plans.of(connection, {(who.school_id, on) for (_, on), who in days.items()})
        for (person_id, on), who in days.items():
            class_id = who.class_id if who.is_student else None  # staff have no lessons to be late for
            day = presence_of(movements[person_id, on], plans[who.school_id, on].plan_of(class_id))
            rows.append(
                (
                    who.school_id, person_id, on, day.first_in_at, day.last_out_at, day.is_inside, day.late_min,
                    day.without_card, day.entries, now,
                )
            )  # fmt: skip
        await connection.execute(statements.KEEP_PRESENCE, *_columns(rows))
        students = [(who.school_id, person_id, on) for (person_id, on), who in days.items() if who.is_student]
        await note_changed(connection, students)

    async def _wake(self, connection: asyncpg.Connection, people: Iterable[Who], strange: Iterable[int]) -> None:
        """Wake the pages of these people, and at these schools those of the whole school."""
        refs: dict[int, set[str]] = {school_id: {NOBODY} for school_id in strange}
        for who in people:
            refs.setdefault(who.school_id, set()).add(who.ref)
        keys = [
            (school_id, ref)
            for school_id, of_school in refs.items()
            for ref in (of_school if len(of_school) <= WAKE_UPS_MAX else (EVERYTHING,))
        ]
        await wake_pages(self._services.vault, connection, keys)


def _read(row: LoggedRecord) -> AnyRecord | None:
    try:
        return read_record(bytes(row.record))[0]
    except Unreadable:  # the log holds only what was readable; an older program than the writer's reads it now
        return None


def _told_by(row: LoggedRecord, record: AnyRecord, sensors: frozenset[tuple[int, str]]) -> Told | None:
    at = _EPOCH_START + timedelta(milliseconds=row.corrected_ms)
    has_sensor = (row.school_id, getattr(record, "gate", "")) in sensors
    return told_by(record, Place(row.device, row.epoch, row.seq), at, has_sensor=has_sensor)


async def _learn_sensors(connection: asyncpg.Connection, read: Iterable[tuple[LoggedRecord, AnyRecord]]) -> None:
    """Note that a gate has a sensor as soon as it has spoken."""
    spoke = {(row.school_id, clean(record.gate)) for row, record in read if isinstance(record, Passage)}
    if spoke:
        await connection.execute(statements.LEARN_SENSORS, *_columns(spoke))


async def _sensors(connection: asyncpg.Connection, school_ids: Iterable[int]) -> frozenset[tuple[int, str]]:
    rows = await connection.fetch(statements.SENSORS, list(school_ids))
    return frozenset((row["school_id"], row["key"]) for row in rows)


async def _people(connection: asyncpg.Connection, refs: Collection[str]) -> dict[str, Who]:
    if not refs:
        return {}
    rows = await connection.fetch(statements.PEOPLE, list(refs))
    return {
        row["ref"]: Who(row["id"], row["ref"], row["school_id"], row["school_class_id"], row["role"] == "student")
        for row in rows
    }


async def _zones(connection: asyncpg.Connection, school_ids: Iterable[int]) -> dict[int, ZoneInfo]:
    rows = await connection.fetch("SELECT id, zone FROM school WHERE id = ANY($1::bigint[])", list(school_ids))
    return {row["id"]: ZoneInfo(row["zone"]) for row in rows}


def _stored(place: Place, row: asyncpg.Record) -> Told:
    let = None if row["let"] is None else MovementKind(row["let"])
    return Told(
        place,
        row["ref"],
        row["at"],
        row["direction"],
        row["gate"],
        row["clock"],
        let,
        row["let_reason"],
        row["passage"],
    )


def _movement_row(kept: Kept) -> tuple[object, ...]:
    told, person_id = kept.told, kept.who.id if kept.who else None
    return (
        kept.shard, kept.position, kept.school_id, person_id, kept.on, told.at, kept.received_at, told.direction,
        told.gate, told.kind.value, told.reason, told.let.value if told.let else None, told.let_reason,
        told.passage, told.clock, told.place.device, told.place.epoch, told.place.seq,
    )  # fmt: skip


def _columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
