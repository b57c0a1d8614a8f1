"""A door as its settings describe it: one lane, the readers beside it, and what it does when something is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from edge_agent.actuators.actuator import Direction
from edge_agent.decision import Missing


@dataclass(frozen=True, slots=True)
class Door:
    """One lane. `readers` says which way somebody goes who shows a card to a reader.

    `roster_missing` is for entry while there is no roster at all; `disk_full` is for entry while the journal cannot
    take a record: "open" lets through and counts the loss, "deny" does not. The way out always opens.
    """

    gate: str
    readers: Mapping[str, Direction]
    roster_missing: Missing = "deny"
    disk_full: Literal["open", "deny"] = "open"
