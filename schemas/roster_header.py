"""The first line of a roster file: what the whole is, and whether to believe it.

Rule: signature, school, kind, version and age are judged in this order, before anything of the body is. The same file
runs on CPython and MicroPython; a microcontroller carries it without the rest of the roster's schema.
"""

import json
from binascii import unhexlify

DOORS, CANTEEN, DESK = "", "canteen", "desk"  # kinds: a header without the member is of the doors'
_NEEDED = (
    ("school", str),
    ("version", int),
    ("base", int),
    ("issued_ms", int),
    ("not_after_ms", int),
    ("length", int),
    ("digest", str),
    ("signature", str),
)


class RosterRefused(ValueError):
    """The file is not a roster to go by; `reason` is one word, the text says more."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(reason + ": " + text)
        self.reason = reason


def signed_part(header: "dict[str, object]") -> bytes:
    """Return the bytes a header's signature is over; with the signature in it, the header line itself."""
    parts = [json.dumps(name) + ":" + json.dumps(header[name]) for name in sorted(header)]
    return ("{" + ",".join(parts) + "}").encode()


def header_of(line: bytes) -> "dict[str, object]":
    """Return what a header line says. Raises RosterRefused."""
    try:
        header = json.loads(line)
    except (ValueError, RuntimeError):  # CPython's RecursionError is a RuntimeError.
        raise RosterRefused("malformed", "a line is not JSON") from None
    if not isinstance(header, dict):
        raise RosterRefused("malformed", "the first line is not an object")
    for name, wanted in _NEEDED:
        if not isinstance(header.get(name), wanted) or isinstance(header.get(name), bool):
            raise RosterRefused("malformed", "the header has no proper " + name)
    return header


def refuse_unless_believed(  # type: ignore[no-untyped-def]
    header: "dict[str, object]", verify, school: str, version: int, now_ms: int, kind: str = DOORS
) -> None:
    """Raise RosterRefused unless a header may be gone by; the arguments are those of `roster.open_file`."""
    unsigned = {name: header[name] for name in header if name != "signature"}
    if not verify(_unhex(str(header["signature"])), signed_part(unsigned)):
        raise RosterRefused("signature", "not signed by this school's key")
    if header["school"] != school:
        raise RosterRefused("school", "it is for school %s, not %s" % (header["school"], school))
    if header.get("kind", DOORS) != kind:
        raise RosterRefused("kind", "it is no roster of the kind that is kept here")
    if header["version"] < version:  # type: ignore[operator]
        raise RosterRefused("version", "version %s is older than %d" % (header["version"], version))
    if now_ms and header["not_after_ms"] < now_ms:  # type: ignore[operator]
        raise RosterRefused("expired", "its last day has passed")


def _unhex(text: str) -> bytes:
    try:
        return unhexlify(text)
    except ValueError:
        raise RosterRefused("signature", "the signature is not hexadecimal") from None
