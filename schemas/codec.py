"""The codec: records and frames between JSON bytes and dictionaries with long names, by the generated tables.

The same file runs on CPython and MicroPython. CPython programs that want types use `schemas.structs` instead; all three
produce the same bytes, but for the two characters (U+0008 and U+000C) that MicroPython escapes by number.
"""

import json

from schemas.tables import FRAMES, RECORDS

RECORD_BYTES_MAX = 200
BATCH_BYTES_MAX = 64 * 1024
BATCH_BYTES_MAX_NODE = 1024

_MAX_SAFE = 9007199254740991
_DIGITS = "0123456789"


class WireError(ValueError):
    """The bytes are not a message of this contract; the text says which field and what it must be."""


def encode(kind: str, fields: "dict[str, object]") -> bytes:
    """Return the compact JSON line, without line feed, for a message given by long names. Raises WireError."""
    table = _table(kind)
    pairs: "list[tuple[str, bytes]]" = [("k", _dumps(kind))]
    unknown = set(fields)
    for spec in table:
        short, long, required = spec[0], spec[1], spec[3]
        unknown.discard(long)
        value = fields.get(long)
        if value is None:
            if required:
                raise WireError(kind + "." + long + " is missing")
            continue
        check(kind, spec, value)
        pairs.append((short, _written(kind, spec, value)))
    if unknown:
        raise WireError(kind + " has no field " + ", ".join(sorted(unknown)))
    return _limited(kind, _object(pairs))


def decode(line: bytes) -> "tuple[str, dict[str, object]]":
    """Return (kind, fields by long names) of one line. Raises WireError, also for an unknown kind or version."""
    raw = loads(line)
    kind = raw.get("k")
    if not isinstance(kind, str):
        raise WireError("a message names its kind in k")
    table = _table(kind)
    if "v" in raw:
        raise WireError("%s has version %r; this program knows 1, which is never written" % (kind, raw["v"]))
    _limited(kind, line)
    shorts = {spec[0] for spec in table}
    for short in raw:
        if short not in shorts and short != "k":
            raise WireError(kind + " has no field " + short)
    fields: "dict[str, object]" = {}
    for spec in table:
        if spec[0] in raw:
            check(kind, spec, raw[spec[0]])
            fields[spec[1]] = _lengthen(kind, spec, raw[spec[0]])
        elif spec[3]:
            raise WireError(kind + "." + spec[1] + " (" + spec[0] + ") is missing")
    return kind, fields


def loads(line: bytes) -> "dict[str, object]":
    """Return the JSON object on a line as it stands. Raises WireError."""
    try:
        raw = json.loads(line)
    except (ValueError, RuntimeError):
        raise WireError("not a line of JSON") from None
    if not isinstance(raw, dict):
        raise WireError("a message is a JSON object")
    return raw


def _object(pairs: "list[tuple[str, bytes]]") -> bytes:
    """Return a JSON object with its members in this order, which a dictionary of MicroPython does not keep."""
    return b"{" + b",".join([_dumps(name) + b":" + value for name, value in pairs]) + b"}"


def _dumps(value: object) -> bytes:
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    except TypeError:  # MicroPython writes UTF-8 always and has no such argument.
        return json.dumps(value, separators=(",", ":")).encode()


def _table(kind: str) -> tuple:  # type: ignore[type-arg]
    table = RECORDS.get(kind) or FRAMES.get(kind)
    if table is None:
        raise WireError("unknown kind " + kind[:32])
    return table


def _limited(kind: str, line: bytes) -> bytes:
    if kind in RECORDS and len(line) > RECORD_BYTES_MAX:
        raise WireError("a record has at most %d bytes; this %s has %d" % (RECORD_BYTES_MAX, kind, len(line)))
    return line


def check(kind: str, spec: tuple, value: object) -> None:  # type: ignore[type-arg]
    """Raise WireError if `value` is not what (short, long, type, required, low, high, choices) asks."""
    where = kind + "." + spec[1]
    wanted, low, high = spec[2], spec[4], spec[5]
    if wanted == "int":
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= min(high, _MAX_SAFE):
            raise WireError("%s must be a whole number from %d to %d" % (where, low, high))
    elif wanted == "bool":
        if not isinstance(value, bool):
            raise WireError(where + " must be true or false")
    elif wanted == "list":
        if not isinstance(value, (list, tuple)) or len(value) > high:
            raise WireError("%s must be a list of at most %d" % (where, high))
    elif wanted == "object":
        if not isinstance(value, dict) or not all(name in value for name in spec[6]):
            raise WireError(where + " must be an object with " + ", ".join(spec[6]))
    else:
        _check_text(where, spec, value)


def _check_text(where: str, spec: tuple, value: object) -> None:  # type: ignore[type-arg]
    wanted, low, high, choices = spec[2], spec[4], spec[5], spec[6]
    if not isinstance(value, str) or not low <= len(value) <= high:
        raise WireError("%s must be text of %d to %d characters" % (where, low, high))
    if wanted == "day":
        # Not isdigit: that takes digits of every script.
        if value[4] + value[7] != "--" or not all(c in _DIGITS for c in value[:4] + value[5:7] + value[8:]):
            raise WireError(where + " must be a day as 2026-09-01")
    elif wanted == "enum":
        if value not in choices:
            raise WireError(where + " must be one of " + ", ".join(choices))
    elif choices and not all(c in choices for c in value):
        raise WireError(where + " has a character outside " + choices)


def _written(kind: str, spec: tuple, value: object) -> bytes:  # type: ignore[type-arg]
    if spec[2] != "list":
        return _dumps(value)
    items = [_rename(kind, spec, item, 1, 0) for item in value]  # type: ignore[attr-defined]
    return (
        b"[" + b",".join([_object([(inner[0], _dumps(item[inner[0]])) for inner in spec[6]]) for item in items]) + b"]"
    )


def _lengthen(kind: str, spec: tuple, value: object) -> object:  # type: ignore[type-arg]
    if spec[2] != "list":
        return value
    return [_rename(kind, spec, item, 0, 1) for item in value]  # type: ignore[attr-defined]


def _rename(kind: str, spec: tuple, item: object, source: int, target: int) -> "dict[str, object]":  # type: ignore[type-arg]
    where = kind + "." + spec[1]
    if not isinstance(item, dict) or len(item) != len(spec[6]):
        raise WireError("%s holds objects with %d fields" % (where, len(spec[6])))
    out = {}
    for inner in spec[6]:
        if inner[source] not in item:
            raise WireError("%s: %s is missing" % (where, inner[1]))
        check(where, inner, item[inner[source]])
        out[inner[target]] = item[inner[source]]
    return out
