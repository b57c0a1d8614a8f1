"""The roster: what a reader must know to decide alone, as a signed file of sorted lines.

Rule: a roster is believed only when length, digest, signature, school, kind, version and age all fit, and the doors'
names its rules; what is refused leaves the old one standing. The same file runs on CPython and MicroPython.

A file is a header line and a body. The header is JSON: school, version, base (0 for a snapshot), issued_ms,
not_after_ms, kind (none in the doors'), length (bytes of the body), digest (SHA-256 in hex of the snapshot body this
file yields), signature (hex, over the header without it, compact and with sorted names). A snapshot's body is lines of
JSON arrays sorted as bytes, each ended by a line feed; the first two members are its key. A delta's body is
`["+", line]` and `["-", key...]`.
"""

import json
from binascii import hexlify
from hashlib import sha256

from schemas.codec import WireError, check
from schemas.roster_header import CANTEEN, DESK, DOORS, RosterRefused, header_of, refuse_unless_believed, signed_part
from schemas.tables import ROWS

__all__ = [
    "CANTEEN",
    "DESK",
    "DOORS",
    "RosterRefused",
    "body_of",
    "difference",
    "digest_of",
    "key_of",
    "members_of",
    "open_file",
    "pack",
    "row",
    "rows_of",
    "signed_part",
]


def row(*members: object) -> bytes:
    """Return one line of a body, without its line feed; the first two members are its key."""
    try:
        return json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()
    except TypeError:  # MicroPython writes UTF-8 always.
        return json.dumps(list(members), separators=(",", ":")).encode()


def body_of(rows: "list[bytes]") -> bytes:
    """Return the snapshot body of some rows: sorted, each with its line feed."""
    return b"".join([line + b"\n" for line in sorted(rows)])


def digest_of(body: bytes) -> str:
    """Return the SHA-256 of a snapshot body as 64 hex digits."""
    return hexlify(sha256(body).digest()).decode()


def difference(old: "list[bytes]", new: "list[bytes]") -> "list[bytes]":
    """Return the rows of a delta that makes `new` of `old`."""
    before, after = set(old), set(new)
    kept = {key_of(line) for line in after}
    gone = [row("-", *json.loads(line)[:2]) for line in sorted(before - after) if key_of(line) not in kept]
    return gone + [b'["+",' + line + b"]" for line in sorted(after - before)]


def key_of(line: bytes) -> "tuple[str, str]":
    """Return the key of a row: its first two members as text."""
    members = _loads(line)
    if not isinstance(members, list) or len(members) < 2:
        raise RosterRefused("malformed", "a row is a list of a kind and more")
    return str(members[0]), str(members[1])


def pack(header: "dict[str, object]", body: bytes, snapshot: bytes, sign) -> bytes:  # type: ignore[no-untyped-def]
    """Return the file. `sign(bytes)` returns bytes.

    `header` gives school, version, base, issued_ms, not_after_ms, and in the canteen's kind.
    """
    header = dict(header)
    header["length"] = len(body)
    header["digest"] = digest_of(snapshot)
    header["signature"] = hexlify(sign(signed_part(header))).decode()
    return signed_part(header) + b"\n" + body


def open_file(  # type: ignore[no-untyped-def]
    data: bytes, verify, school: str, version: int, now_ms: int, kind: str = DOORS
) -> "tuple[dict[str, object], bytes]":
    """Return (header, body) of a file that may be gone by. Raises RosterRefused.

    `verify(signature, message)` tells whether a signature is right. `version` is the one already held: an older one is
    refused. `now_ms` is the wall time, or 0 when it is not known: then age is not judged.
    """
    line, feed, body = data.partition(b"\n")
    if not feed:
        raise RosterRefused("truncated", "the file ends before its header line does")
    header = header_of(line)
    if len(body) != header["length"]:
        raise RosterRefused("truncated", "the body has %d bytes, the header says %s" % (len(body), header["length"]))
    refuse_unless_believed(header, verify, school, version, now_ms, kind)
    return header, body


def rows_of(header: "dict[str, object]", body: bytes, base_version: int, base_rows: "list[bytes]") -> "list[bytes]":
    """Return the rows that a file yields, over the rows held if it is a delta. Raises RosterRefused."""
    rows = _lines(body)
    if header["base"]:
        if header["base"] != base_version:
            raise RosterRefused("base", "it builds on version %s, here is %d" % (header["base"], base_version))
        rows = _applied(base_rows, rows)
    if digest_of(body_of(rows)) != header["digest"]:
        raise RosterRefused("digest", "its content is not what the header promises")
    if header.get("kind", DOORS) == DOORS:
        _refuse_if_empty(rows)
    return rows


def members_of(line: bytes) -> "list[object]":
    """Return the members of a row, kind first, checked against the schema. Raises RosterRefused.

    A row of a kind this program does not know is returned unchecked, to be ignored. Programs on CPython that want types
    decode a row with `schemas.structs.AnyRow` instead.
    """
    members = _loads(line)
    if not isinstance(members, list) or not members or not isinstance(members[0], str):
        raise RosterRefused("malformed", "a row is a list that begins with its kind")
    table = ROWS.get(members[0], ())
    if len(members) <= len(table):
        raise RosterRefused("malformed", "a %s row has %d members after its kind" % (members[0], len(table)))
    for spec in table:
        try:
            check(members[0], spec, members[spec[0]])
        except WireError as error:
            raise RosterRefused("malformed", str(error)) from None
    return members


def _refuse_if_empty(rows: "list[bytes]") -> None:
    policies = [line for line in rows if line.startswith(b'["policy",')]
    if len(policies) != 1:
        raise RosterRefused("malformed", "it has %d policy rows; one is needed" % len(policies))
    rules = members_of(policies[0])[2]
    if not any(line.startswith(b'["card",') for line in rows) and rules.get("empty") is not True:  # type: ignore[attr-defined]
        raise RosterRefused("empty", "it lists no card, and its policy does not say that this is meant")


def _applied(base: "list[bytes]", delta: "list[bytes]") -> "list[bytes]":
    held = {key_of(line): line for line in base}
    for line in delta:
        change = _loads(line)
        if line.startswith(b'["+",') and len(change) == 2:  # type: ignore[arg-type]
            inner = line[5:-1]
            held[key_of(inner)] = inner
        elif line.startswith(b'["-",') and len(change) == 3:  # type: ignore[arg-type]
            held.pop((str(change[1]), str(change[2])), None)  # type: ignore[index]
        else:
            raise RosterRefused("malformed", 'a line of a delta is ["+",row] or ["-",kind,second member]')
    return sorted(held.values())


def _lines(body: bytes) -> "list[bytes]":
    if body and not body.endswith(b"\n"):
        raise RosterRefused("truncated", "the last line has no end")
    return body.split(b"\n")[:-1]


def _loads(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RuntimeError):  # CPython's RecursionError is a RuntimeError.
        raise RosterRefused("malformed", "a line is not JSON") from None
