"""Rows of a roster as they are looked up: one block of sorted lines, searched in place, decoded a row at a time.

Rule: Rows are made only of rows that fit the schema, in order, each key once. They never change; newer ones take their
place. Kept as bytes, 100,000 cards with their people take some 20 MB.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from schemas.roster import RosterRefused
from schemas.structs import AnyRow
from schemas.tables import ROWS

ROWS_MAX = 1_000_000
_decode = msgspec.json.Decoder(AnyRow).decode


@dataclass(frozen=True, slots=True)
class Header:
    """What the file's header says of the whole."""

    school: str
    version: int
    issued_ms: int
    not_after_ms: int


class Rows:
    """The rows of one version of a roster, of whatever kind."""

    __slots__ = ("_starts", "body", "header")

    def __init__(self, header: Header, body: bytes) -> None:
        """Take a snapshot's body: sorted lines. Raises RosterRefused when a row does not fit or the order is wrong."""
        self.header = header
        self.body = body
        self._starts = _starts(body)
        self._check()

    @property
    def version(self) -> int:
        return self.header.version

    @property
    def not_after_ms(self) -> int:
        return self.header.not_after_ms

    def lines(self, kind: str) -> Iterator[bytes]:
        """Yield every row of a kind as it stands, in order; each was checked."""
        start = msgspec.json.encode((kind,))[:-1] + b","
        for number in range(self._position(start), len(self._starts)):
            line = self._line(number)
            if not line.startswith(start):
                return
            yield line

    def line(self, kind: str, key: str) -> bytes | None:
        """Return the row of a kind and a key as it stands; it was checked."""
        prefix = prefix_of(kind, key)
        number = self._position(prefix)
        if number == len(self._starts):
            return None
        line = self._line(number)
        return line if line.startswith(prefix) else None

    def __len__(self) -> int:
        return len(self._starts)

    def with_changes(self, delta: bytes) -> bytes:
        """Return the body that a delta's body makes of this one, without taking it apart. Raises RosterRefused."""
        pieces, at = [], 0
        for start, end, line in sorted(self._splices(delta)):
            pieces += [self.body[at:start], line]
            at = end
        return b"".join([*pieces, self.body[at:]])

    def _take(self, row: AnyRow) -> None:
        """Note a row while all are checked; for who keeps some at hand."""

    # Searching

    def _has(self, start: bytes) -> bool:
        number = self._position(start)
        return number < len(self._starts) and self._line(number).startswith(start)

    def _position(self, line: bytes) -> int:
        """Return the number of the first row that is not before `line`."""
        body, length = self.body, len(line)
        return bisect_left(self._starts, line, key=lambda start: body[start : start + length])

    def _line(self, number: int) -> bytes:
        return self.body[self._starts[number] : self._end(number) - 1]

    def _end(self, number: int) -> int:
        return self._starts[number + 1] if number + 1 < len(self._starts) else len(self.body)

    # Checking

    def _check(self) -> None:
        """Check every row once."""
        before, last_prefix = b"", b"\n"
        for number in range(len(self._starts)):
            line = self._line(number)
            prefix = self._checked(line)
            if line <= before or prefix == last_prefix:
                raise RosterRefused("malformed", f"row {number + 1} is out of order, or its key stands twice")
            before, last_prefix = line, prefix or b"\n"

    def _checked(self, line: bytes) -> bytes:
        """Check one row and return its prefix; nothing for a row of a kind that later programs know."""
        if line[2 : line.find(b'"', 2)].decode("ascii", "replace") not in ROWS:
            return b""
        try:
            row = _decode(line)
        except msgspec.MsgspecError as error:
            raise RosterRefused("malformed", str(error)) from None
        prefix = prefix_of(*_key(row))
        if not line.startswith(prefix):
            raise RosterRefused("malformed", "a row is not written as compact JSON")
        self._take(row)
        return prefix

    # Changing

    def _splices(self, delta: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yield (start, end, line) for each change: what stands from start to end becomes the line."""
        if delta and not delta.endswith(b"\n"):
            raise RosterRefused("truncated", "the last line has no end")
        for change in delta.split(b"\n")[:-1]:
            prefix, line = _change(change)
            number = self._position(prefix)
            start = end = len(self.body)
            if number < len(self._starts):
                start = end = self._starts[number]
                end = self._end(number) if self._line(number).startswith(prefix) else start
            yield start, end, line


def prefix_of(kind: str, key: str) -> bytes:
    """Return how the row of a kind and a key begins."""
    return msgspec.json.encode((kind, key))[:-1] + b","


def header_of(header: Mapping[str, object]) -> Header:
    """Return what a checked header of `schemas.roster` says, with types."""
    return msgspec.convert(dict(header), Header)


def _key(row: AnyRow) -> tuple[str, str]:
    """Return the first two members of a row: its kind, and the member that no other row of the kind has."""
    return str(row.__struct_config__.tag), str(getattr(row, row.__struct_fields__[0]))


def _change(change: bytes) -> tuple[bytes, bytes]:
    """Return (prefix, line with its line feed) of a delta's line; the line is empty when the row goes."""
    try:
        members = msgspec.json.decode(change, type=list[msgspec.Raw])
        if change.startswith(b'["+",') and len(members) == 2:
            line = bytes(members[1])
            kind, key = msgspec.json.decode(line, type=list[object])[:2]
            return prefix_of(str(kind), str(key)), line + b"\n"
        if change.startswith(b'["-",') and len(members) == 3:
            _, kind, key = msgspec.json.decode(change, type=tuple[str, str, str])
            return prefix_of(kind, key), b""
    except (msgspec.MsgspecError, ValueError):
        pass
    raise RosterRefused("malformed", 'a line of a delta is ["+",row] or ["-",kind,second member]')


def _starts(body: bytes) -> "array[int]":
    """Return where each line begins."""
    if body and not body.endswith(b"\n"):
        raise RosterRefused("truncated", "the last line has no end")
    starts = array("L" if len(body) > 0xFFFF_FFFF else "I")
    at = 0
    while at < len(body):
        if len(starts) == ROWS_MAX:
            raise RosterRefused("malformed", f"it has more than {ROWS_MAX} rows")
        starts.append(at)
        at = body.index(b"\n", at) + 1
    return starts
