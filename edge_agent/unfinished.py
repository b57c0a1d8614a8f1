"""Grants that a crash left without an end: found at start, and flagged by a passage whose outcome is unknown.

A decision is on the disk before the gate opens. When the power goes between the two, or before the sensor has spoken,
nobody knows whether somebody went through: that is what the flag says.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

import msgspec

from edge_agent.journal.entry import Entry
from edge_agent.timekeeper import Stamp
from schemas.structs import AnyRecord, Decision, HandPass, Passage

LOOK_BACK = 256
_decode = msgspec.json.Decoder(AnyRecord).decode


class Recent(Protocol):
    """The journal, as its newest entries are read: also those the cloud has already, as far as they are kept."""

    async def recent(self, limit: int) -> Sequence[Entry]: ...


async def unfinished(journal: Recent, gates: Collection[str], stamp: Stamp) -> list[bytes]:
    """Return the records to append at start; `gates` are those with a passage sensor."""
    entries = await journal.recent(LOOK_BACK)
    return [_flag(entry, grant, stamp) for entry, grant in _open_grants(entries, gates)]


def _open_grants(entries: Iterable[Entry], gates: Collection[str]) -> Iterable[tuple[Entry, Decision | HandPass]]:
    grants: dict[tuple[str, int], tuple[Entry, Decision | HandPass]] = {}
    for entry in entries:
        match _record(entry):
            case Decision(outcome="allowed") | HandPass() as grant if grant.gate in gates:
                grants[entry.epoch, entry.seq] = entry, grant
            case Passage(decision_seq=int(seq)) as passage:
                grants.pop((passage.epoch or entry.epoch, seq), None)
            case _:
                pass
    return grants.values()


def _record(entry: Entry) -> AnyRecord | None:
    try:
        return _decode(entry.record) if entry.record is not None else None
    except msgspec.MsgspecError:
        return None


def _flag(entry: Entry, grant: Decision | HandPass, stamp: Stamp) -> bytes:
    return msgspec.json.encode(
        Passage(
            monotonic_ms=stamp.monotonic_ms,
            wall_ms=stamp.wall_ms,
            clock=stamp.quality,
            gate=grant.gate,
            direction=grant.direction,
            outcome="unknown",
            person=grant.person,
            epoch=entry.epoch,
            decision_seq=entry.seq,
        )
    )
