"""Kinds of rosters that a school has; the values stand in the table of versions."""

from enum import StrEnum


class RosterKind(StrEnum):
    """Whom a roster is for: every device; tills and the hub only; devices with a guard's screen."""

    DOORS = "doors"
    CANTEEN = "canteen"
    DESK = "desk"

    @property
    def header(self) -> dict[str, object]:
        """Return what a file's header says of it."""
        return {} if self is RosterKind.DOORS else {"kind": self.value}
