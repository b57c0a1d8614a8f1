"""The projection of the gates' book: records of guards' desks become its lines, and guardians hear who took a child.

Rule: a line is a function of its record; a child's handover is told in the transaction that writes its line, so that it
is told once. Records hold no names: the list's are looked up when they are told.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from cloud.core.services import Services
from cloud.gatebook.handovers import Handover, tell_of_handovers
from cloud.gatebook.kinds import Deed
from cloud.ingest.cursor import LoggedRecord
from cloud.ingest.plan import clean
from cloud.ingest.reading import Unreadable, read_record
from schemas import structs

KINDS = frozenset({"visitor", "manual_open", "hand_pass", "collected", "regime"})
LEFT = "left"  # the other end of a visit or a delivery, joined by its number when the book is read
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_ORDERS = {"fire": Deed.FIRE, "lock_down": Deed.LOCK_DOWN, "normal": Deed.NORMAL}
_COLUMNS = (
    "shard", "school_id", "device", "epoch", "seq", "on", "at", "received_at", "clock", "kind", "gate", "direction",
    "person_id", "staff", "host", "reason", "detail", "firm", "badge", "stay_min", "visit", "collector", "allowed_by",
)  # fmt: skip
_KEEP = f"""
INSERT INTO gate_deed ({", ".join(f'"{each}"' for each in _COLUMNS)})
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::date[], $7::timestamptz[],
  $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::text[], $15::text[],
  $16::text[], $17::text[], $18::text[], $19::text[], $20::smallint[], $21::text[], $22::text[], $23::text[])
ON CONFLICT (device, epoch, seq) DO NOTHING RETURNING device, epoch, seq
"""  # noqa: S608 (names of ours)
_ZONES = "SELECT id, zone FROM school WHERE id = ANY($1::bigint[])"
_PEOPLE = "SELECT ref, id, school_id FROM person WHERE ref = ANY($1)"
Line = dict[str, object]
Place = tuple[str, str, int]


class GateBook:
    """The lines of the book, by the cursor `gatebook`."""

    name = "gatebook"

    def __init__(self, services: Services) -> None:
        self._services = services

    async def apply(self, connection: asyncpg.Connection, records: Sequence[LoggedRecord]) -> None:
        """Write the lines of these records, and tell guardians of handovers."""
        read = [(row, record) for row in records if row.kind in KINDS and (record := _read(row)) is not None]
        if not read:
            return
        zones = {row["id"]: ZoneInfo(row["zone"]) for row in await connection.fetch(_ZONES, _schools(read))}
        people = await _people(connection, read)
        lines: dict[Place, Line] = {}
        handovers: dict[Place, Handover] = {}
        for row, record in read:
            person_id = people.get((row.school_id, getattr(record, "person", "")))
            if person_id is None and hasattr(record, "person"):
                continue  # nobody of this school: a reference nobody has, or a device that tells of others' people
            at = _EPOCH_START + timedelta(milliseconds=row.corrected_ms)
            place = row.device, row.epoch, row.seq
            lines[place] = _line(row, record, at, at.astimezone(zones[row.school_id]), person_id)
            if isinstance(record, structs.Collected) and person_id is not None:
                handovers[place] = _handover(row, record, at, person_id)
        new = await _keep(connection, list(lines.values()))
        told = [handover for place, handover in handovers.items() if place in new]
        await tell_of_handovers(connection, told, self._services.clock.now())


def _read(row: LoggedRecord) -> structs.AnyRecord | None:
    try:
        return read_record(bytes(row.record))[0]
    except Unreadable:  # the log holds only what was readable; an older program than the writer's reads it now
        return None


def _schools(read: Sequence[tuple[LoggedRecord, structs.AnyRecord]]) -> list[int]:
    return sorted({row.school_id for row, _ in read})


async def _people(
    connection: asyncpg.Connection, read: Sequence[tuple[LoggedRecord, structs.AnyRecord]]
) -> Mapping[tuple[int, str], int]:
    """Return the ids of people of records by school and reference."""
    refs = {getattr(record, "person", "") for _, record in read} - {""}
    rows = await connection.fetch(_PEOPLE, sorted(refs)) if refs else []
    return {(row["school_id"], row["ref"]): row["id"] for row in rows}


def _line(row: LoggedRecord, record: structs.AnyRecord, at: datetime, local: datetime, person_id: int | None) -> Line:
    line: Line = dict.fromkeys(_COLUMNS, "")
    line |= {
        "shard": row.shard, "school_id": row.school_id, "device": row.device, "epoch": row.epoch, "seq": row.seq,
        "on": local.date(), "at": at, "received_at": row.received_at, "person_id": person_id, "stay_min": 0,
    }  # fmt: skip
    return line | {name: value for name, value in _told(record).items() if value is not None}


def _told(record: structs.AnyRecord) -> Line:
    """Return what a record tells; None is what it does not say."""
    match record:
        case structs.Visitor():
            deed = Deed.DELIVERY if record.purpose == "delivery" else Deed.VISIT
            return {
                "kind": LEFT if record.direction == "out" else deed.value, "gate": clean(record.gate),
                "direction": record.direction, "staff": record.staff, "host": record.host, "reason": record.purpose,
                "detail": _text(record.detail), "firm": _text(record.firm), "badge": _text(record.badge),
                "stay_min": record.stay_min, "visit": record.id, "clock": record.clock,
            }  # fmt: skip
        case structs.ManualOpen():
            return {
                "kind": Deed.OPENED.value, "gate": clean(record.gate), "direction": record.direction,
                "staff": record.staff, "reason": record.reason, "detail": _text(record.detail), "clock": record.clock,
            }  # fmt: skip
        case structs.HandPass():
            return {
                "kind": Deed.HAND_PASS.value, "gate": clean(record.gate), "direction": record.direction,
                "staff": record.staff, "reason": record.reason, "clock": record.clock,
            }  # fmt: skip
        case structs.Collected():
            deed = Deed.COLLECTED if record.collector else Deed.EXCEPTION
            return {
                "kind": deed.value, "gate": clean(record.gate), "direction": "out", "staff": record.staff,
                "reason": record.reason, "detail": _text(record.detail), "collector": record.collector,
                "allowed_by": record.allowed_by, "clock": record.clock,
            }  # fmt: skip
        case structs.Regime():
            return {"kind": _ORDERS[record.mode].value, "staff": record.staff, "clock": record.clock}
        case _:
            raise AssertionError(f"no line is made of {type(record).__name__}")


def _handover(row: LoggedRecord, record: structs.Collected, at: datetime, person_id: int) -> Handover:
    return Handover(
        f"collected:{row.device}:{row.epoch}:{row.seq}", row.school_id, person_id, at, record.collector or "",
        record.reason or "", record.allowed_by or "", clean(record.gate), record.clock,
    )  # fmt: skip


def _text(text: str | None) -> str | None:
    return None if text is None else clean(text)


async def _keep(connection: asyncpg.Connection, lines: Sequence[Line]) -> set[Place]:
    """Write lines; return the places of those that are new."""
    if not lines:
        return set()
    columns = [[line[name] for line in lines] for name in _COLUMNS]
    rows = await connection.fetch(_KEEP, *columns)
    return {(row["device"], row["epoch"], row["seq"]) for row in rows}
