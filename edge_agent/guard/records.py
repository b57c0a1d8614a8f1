"""What a desk writes of visitors and of children who are collected, within the bytes that a record has."""

from dataclasses import dataclass
from typing import Literal, TypedDict, TypeVar

import msgspec

from edge_agent.timekeeper import Quality, Stamp
from schemas import structs
from schemas.codec import RECORD_BYTES_MAX

DETAIL_MAX, BADGE_MAX, FIRM_MAX = 24, 8, 20  # characters, as the records allow
Wordy = TypeVar("Wordy", structs.Visitor, structs.Collected)
CollectReason = Literal["parent_asked", "school_decided", "emergency", "other"]


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
    firm: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """How a child was handed over: to somebody of the list (`collector`), or by an exception with its reason.

    `allowed_by` is of the staff; empty where a parent allowed it.
    """

    ref: str
    gate: str
    collector: str = ""
    reason: str = ""
    allowed_by: str = ""
    detail: str = ""


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
    record = _with(record, "firm", brief(came.firm, FIRM_MAX))
    return _with(record, "detail", brief(came.detail, DETAIL_MAX))


def taken_record(taken: Taken, gate: str, staff: str, stamp: Stamp) -> structs.Collected:
    """Return the record of a child who is collected."""
    record = structs.Collected(
        **stamped(stamp), gate=gate, person=taken.ref, staff=staff, collector=taken.collector or None,
        reason=taken.reason or None, allowed_by=taken.allowed_by or None,  # type: ignore[arg-type] # it was checked
    )  # fmt: skip
    return _with(record, "detail", brief(taken.detail, DETAIL_MAX))


def _with(record: Wordy, member: str, words: str) -> Wordy:
    """Return a record with as much of some words as its bytes have room for."""
    while words:
        longer = msgspec.structs.replace(record, **{member: words})
        if len(msgspec.json.encode(longer)) <= RECORD_BYTES_MAX:
            return longer
        words = words[:-1].strip()
    return record
