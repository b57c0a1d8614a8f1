"""Kinds of rosters that a school has; the values stand in the table of versions."""

from enum import StrEnum

from schemas import roster


class RosterKind(StrEnum):
    """Whom a roster is for: every device, or tills and the hub only."""

    DOORS = "doors"
    CANTEEN = "canteen"

    @property
    def header(self) -> dict[str, object]:
        """Return what a file's header says of it."""
        return {"kind": roster.CANTEEN} if self is RosterKind.CANTEEN else {}
