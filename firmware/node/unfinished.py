"""Grants that a power cut left without an end: found at the start, and flagged by a passage whose outcome is unknown.

A decision is in flash before the gate opens. When the power goes between the two, or before the sensor has spoken,
nobody knows whether somebody went through: that is what the flag says.
"""

import json

from firmware.node import lines

LOOK_BACK = 16

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.node.clock import Stamp
    from firmware.node.journal import Journal


def unfinished(journal: "Journal", gate: str, stamp: "Stamp") -> "list[bytes]":
    """Return the records to write at the start of a gate with a passage sensor, as far as the journal still knows."""
    epoch, head = journal.before.epoch, journal.before.head
    grants: dict[int, tuple[str, str | None]] = {}
    for entry in journal.read(epoch, max(0, head - LOOK_BACK), LOOK_BACK) if epoch else []:
        told = _told(entry.record)
        if told.get("k") == "decision" and told.get("o") == "allowed" and told.get("g") == gate:
            grants[entry.seq] = told["d"], told.get("p")
        elif told.get("k") == "passage" and "e" not in told:
            grants.pop(told.get("s"), None)
    return [
        lines.passage(stamp, gate, direction, "unknown", person, epoch, seq)
        for seq, (direction, person) in sorted(grants.items())
    ]


def _told(record: "bytes | None") -> dict:  # type: ignore[type-arg] # JSON
    try:
        return json.loads(record) if record else {}  # type: ignore[no-any-return]
    except ValueError:
        return {}
