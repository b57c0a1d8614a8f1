"""Reinterpreting: records that an older program could not understand are read again after an upgrade. Pure.

Rule: such a record gets a new position, at the end of its shard's log, so that every reader with a cursor meets it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cloud.ingest.instants import corrected_ms
from cloud.ingest.plan import NewRecord, Quarantined
from cloud.ingest.reading import CONSUMED, Reader, Unreadable, read_record
from cloud.ingest.state import Boots, State


@dataclass(slots=True)
class Release:
    """What leaves quarantine: records with their new positions, the rows they came from, and the shards' new heads."""

    records: list[NewRecord] = field(default_factory=list)
    rows: list[Quarantined] = field(default_factory=list)
    heads: dict[int, int] = field(default_factory=dict)


def reinterpret(rows: Sequence[Quarantined], state: State, reader: Reader = read_record) -> Release:
    """Return which of these rows can be understood now; `state` holds their shards' heads, marks and boots."""
    release = Release()
    for row in rows:
        if row.reason not in CONSUMED:
            continue
        try:
            record, kind = reader(row.record)
        except Unreadable:
            continue
        boot = state.marks[row.device, row.epoch].boot
        at_ms, _ = corrected_ms(
            wall_ms=record.wall_ms,
            clock=record.clock,
            monotonic_ms=record.monotonic_ms,
            offset_ms=state.boots.get(row.device, Boots()).offsets.get(boot),
            received_ms=row.received_ms,
        )
        position = release.heads.get(row.shard, state.heads[row.shard]) + 1
        release.heads[row.shard] = position
        release.rows.append(row)
        release.records.append(
            NewRecord(
                row.shard, position, row.school_id, row.device, row.epoch, row.seq, row.received_ms, at_ms, kind,
                row.digest, row.record,
            )
        )  # fmt: skip
    return release
