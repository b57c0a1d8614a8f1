"""Lines of the journal, as a stand-alone gate writes them: records in the short names of `schemas/records/`."""

import json

from firmware.node.clock import Stamp

RECORD_MAX = 200


def line(members: "dict[str, object]") -> bytes:
    """Return compact JSON; the order of its members is free, and MicroPython's dictionaries keep none."""
    try:
        return json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()
    except TypeError:  # MicroPython writes UTF-8 always and has no such argument.
        return json.dumps(members, separators=(",", ":")).encode()


def record(kind: str, stamp: Stamp, members: "dict[str, object]") -> bytes:
    """Return the line of a record; a member that is None is left out."""
    told = {short: value for short, value in members.items() if value is not None}
    told.update({"k": kind, "m": stamp.monotonic_ms, "t": stamp.wall_ms, "q": stamp.quality})
    written = line(told)
    assert len(written) <= RECORD_MAX, "a record has at most 200 bytes"  # noqa: S101  a programmer's error
    return written


def decision(stamp: Stamp, gate: str, direction: str, verdict, roster: int, medium: str) -> bytes:  # type: ignore[no-untyped-def]
    """Return what the gate decided; `verdict` has is_allowed, reason, person and token."""
    return record(
        "decision",
        stamp,
        {
            "g": gate, "d": direction, "o": "allowed" if verdict.is_allowed else "denied", "w": verdict.reason,
            "r": roster, "p": verdict.person, "c": None if verdict.person else verdict.token,
            "md": None if medium == "uid" else medium,
        },
    )  # fmt: skip


def passage(stamp: Stamp, gate: str, direction: str, outcome: str, person: "str | None", seq: "int | None") -> bytes:
    """Return what the passage sensor saw; `seq` is of the decision that it follows."""
    return record("passage", stamp, {"g": gate, "d": direction, "o": outcome, "p": person, "s": seq})


def alarm(stamp: Stamp, reason: str, detail: str = "", gate: "str | None" = None) -> bytes:
    """Return something a person should know."""
    return record("alarm", stamp, {"w": reason, "x": detail[:48] or None, "g": gate})


def loss(stamp: Stamp, reason: str, count: int, from_ms: int, to_ms: int) -> bytes:
    """Return how many events could not be kept, and between which instants of wall time."""
    return record("loss", stamp, {"w": reason, "n": count, "f": from_ms, "l": to_ms})


def health(stamp: Stamp, unsent: int, roster: int, firmware: str, disk_free_mb: int) -> bytes:
    """Return how the device is."""
    members: "dict[str, object]" = {"up": stamp.monotonic_ms // 1000, "un": unsent, "r": roster, "fw": firmware}
    members["df"] = disk_free_mb
    return record("health", stamp, members)
