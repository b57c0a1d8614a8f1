"""What a desk writes of visitors, within the bytes that a record has."""

from dataclasses import dataclass
from typing import TypedDict

import msgspec

from edge_agent.timekeeper import Quality, Stamp
from schemas import structs
from schemas.codec import RECORD_BYTES_MAX

DETAIL_MAX, BADGE_MAX = 24, 8  # characters, as the records allow


class Stamped(TypedDict):
    """The three members that every record has of the clock."""

    monotonic_ms: int
    wall_ms: int
    clock: Quality


@dataclass(frozen=True, slots=True)
class Came:
    """Whom a guard writes down. `stay_min` 0: nothing was agreed."""

    gate: str
    name: str
    purpose: str
    badge: str = ""
    host: str = ""
    detail: str = ""
    stay_min: int = 0


def stamped(stamp: Stamp) -> Stamped:
    """Return what every record has of the clock."""
    return {"monotonic_ms": stamp.monotonic_ms, "wall_ms": stamp.wall_ms, "clock": stamp.quality}


def brief(text: str, most: int) -> str:
    """Return what fits into a record of some words: one line."""
    return " ".join(text.split())[:most].strip()


def came_record(came: Came, visit: str, gate: str, staff: str, stamp: Stamp) -> structs.Visitor:
    """Return the record of a visitor, with as much of the detail as its bytes have room for."""
    record = structs.Visitor(
        **stamped(stamp), gate=gate, direction="in", id=visit, staff=staff, host=came.host or None,
        purpose=came.purpose, badge=brief(came.badge, BADGE_MAX) or None,  # type: ignore[arg-type] # it was checked
        stay_min=came.stay_min or None,
    )  # fmt: skip
    detail = brief(came.detail, DETAIL_MAX)
    while detail:
        longer = msgspec.structs.replace(record, detail=detail)
        if len(msgspec.json.encode(longer)) <= RECORD_BYTES_MAX:
            return longer
        detail = detail[:-1].strip()
    return record
