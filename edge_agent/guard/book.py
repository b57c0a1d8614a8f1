"""What the desk's roster tells: faces, guards with their PINs, and who may collect a child.

Rule: what the roster does not tell is shown as not known, never as a no or a yes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from edge_agent.rows import Rows
from schemas.structs import CollectorRow, FaceRow, StaffRow

ROLE = "guard"
RELATIONS = frozenset({"mother", "father", "grandparent", "sibling", "relative", "trustee", "other"})


@dataclass(frozen=True, slots=True)
class Collector:
    """Somebody who may collect a child today; `last_on` is empty for no bound.

    `key` is what records name them by; empty from a cloud that gives none.
    """

    name: str
    relation: str
    last_on: str
    key: str = ""


class Book:
    """Looks things up in the desk's roster of now."""

    def __init__(self, rows: Callable[[], Rows | None]) -> None:
        self._rows = rows

    def guards(self) -> list[StaffRow]:
        """Return who may sign in here, by name."""
        rows = (msgspec.json.decode(line, type=StaffRow) for line in self._lines("staff"))
        return sorted((row for row in rows if ROLE in row.roles), key=lambda row: row.name)

    def face(self, ref: str) -> str:
        """Return the digest of a person's photo; empty without one, or without their consent."""
        line = self._line("face", ref)
        return msgspec.json.decode(line, type=FaceRow).photo if line is not None else ""

    def faces(self) -> frozenset[str] | None:
        """Return the digests of all photos; None without a roster."""
        if self._rows() is None:
            return None
        return frozenset(msgspec.json.decode(line, type=FaceRow).photo for line in self._lines("face"))

    def collectors(self, ref: str, today: str) -> Sequence[Collector]:
        """Return who may collect a child on a day, named as 2026-09-21."""
        line = self._line("collector", ref)
        if line is None:
            return ()
        row = msgspec.json.decode(line, type=CollectorRow)
        keys = [*row.keys, *[""] * len(row.people)]
        return [
            Collector(name, relation if relation in RELATIONS else "other", last_on, key)
            for (name, relation, first_on, last_on), key in zip(row.people, keys, strict=False)
            if (not first_on or first_on <= today) and (not last_on or today <= last_on)
        ]

    def _lines(self, kind: str) -> Iterator[bytes]:
        rows = self._rows()
        return rows.lines(kind) if rows is not None else iter(())

    def _line(self, kind: str, key: str) -> bytes | None:
        rows = self._rows()
        return rows.line(kind, key) if rows is not None else None
