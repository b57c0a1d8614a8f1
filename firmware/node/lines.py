"""Lines that a node writes: records in the short names of `schemas/records/`, their members in one order.

Rule: the order is that of `shorthand`, so that records are short in flash; MicroPython's dictionaries keep none.
"""

import json

RECORD_MAX = 200

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from firmware.node.clock import Stamp

    Pairs = Iterable[tuple[str, object]]


def line(pairs: "Pairs") -> bytes:
    """Return a compact JSON object with its members in this order; a member that is None is left out."""
    parts = [_dumps(short) + b":" + _dumps(value) for short, value in pairs if value is not None]
    return b"{" + b",".join(parts) + b"}"


def _dumps(value: object) -> bytes:
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    except TypeError:  # MicroPython writes UTF-8 always and has no such argument.
        return json.dumps(value, separators=(",", ":")).encode()


def record(kind: str, stamp: "Stamp", pairs: "Pairs") -> bytes:
    """Return the line of a record."""
    head = [("k", kind), ("m", stamp.monotonic_ms), ("t", stamp.wall_ms), ("q", stamp.quality)]
    written = line(head + list(pairs))
    assert len(written) <= RECORD_MAX, "a record has at most 200 bytes"  # noqa: S101  a programmer's error
    return written


def opening(stamp: "Stamp", boot: str, before: "tuple[str, int, str] | None", why: str, firmware: str) -> bytes:
    """Return the first record of an epoch; `before` is (epoch, head, digest in hex) of the one before it, if known."""
    epoch, head, digest = before or (None, None, None)
    return record(
        "open", stamp, [("b", boot), ("pe", epoch), ("ph", head), ("pd", digest), ("w", why), ("fw", firmware)]
    )


def decision(  # type: ignore[no-untyped-def] # MicroPython has no Protocol for a verdict
    stamp: "Stamp", gate: str, direction: str, verdict, roster: int, medium: str = "uid", collapsed: int = 1
) -> bytes:
    """Return what the gate decided; `verdict` has is_allowed, reason, person and token."""
    pairs = [("g", gate), ("d", direction), ("o", "allowed" if verdict.is_allowed else "denied"), ("w", verdict.reason)]
    pairs += [("r", roster), ("p", verdict.person), ("c", None if verdict.person else verdict.token)]
    pairs += [("md", None if medium == "uid" else medium), ("n", collapsed if collapsed > 1 else None)]
    return record("decision", stamp, pairs)


def passage(
    stamp: "Stamp",
    gate: str,
    direction: str,
    outcome: str,
    person: "str | None" = None,
    epoch: "str | None" = None,
    seq: "int | None" = None,
) -> bytes:
    """Return what the passage sensor saw; `seq` is the decision's that it follows, in another epoch if one is named."""
    pairs = [("g", gate), ("d", direction), ("o", outcome), ("p", person), ("e", epoch), ("s", seq)]
    return record("passage", stamp, pairs)


def alarm(stamp: "Stamp", reason: str, detail: str = "", gate: "str | None" = None) -> bytes:
    """Return something a person should know."""
    return record("alarm", stamp, [("g", gate), ("w", reason), ("x", detail[:48] or None)])


def loss(stamp: "Stamp", reason: str, count: int, from_ms: int, to_ms: int) -> bytes:
    """Return how many events could not be kept, and between which instants of wall time."""
    return record("loss", stamp, [("w", reason), ("n", count), ("f", from_ms), ("l", to_ms)])


def command(stamp: "Stamp", id: str, action: str, outcome: str) -> bytes:  # noqa: A002
    """Return what came of a command: done or failed."""
    return record("command", stamp, [("id", id), ("do", action[:16]), ("w", outcome)])


def health(
    stamp: "Stamp", unsent: int, roster: int, firmware: str, wear_pct: "int | None" = None, signal: "int | None" = None
) -> bytes:
    """Return how the device is; `signal` is the Wi-Fi's strength in dBm."""
    pairs = [("up", stamp.monotonic_ms // 1000), ("un", unsent), ("r", roster), ("fw", firmware)]
    return record("health", stamp, pairs + [("wr", wear_pct), ("sg", signal)])
