"""What a guard ordered for all gates of the school, as far as this agent knows: its own records and its peers'.

Rule: the answer depends on the set of records, not on their order of arrival: the highest turn counts. A turn is above
every one that its writer knew, whatever clocks say; and no lower than the seconds of this era by a clock that is good,
so that who has forgotten all others is heard, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec

from edge_agent.folding import read_if
from edge_agent.timekeeper import Stamp
from schemas.structs import GateRow, Regime

OrderedMode = Literal["normal", "lock_down", "fire"]
FireRule = Literal["open", "usual"]
LockdownRule = Literal["shut", "shut_both", "open", "usual"]
TURN_MAX = 1_000_000_000  # as the record allows
ERA_MS = 1_767_225_600_000  # 2026-01-01
_BEGINS = b'{"k":"regime"'
_decode = msgspec.json.Decoder(Regime).decode


@dataclass(frozen=True, slots=True, order=True)
class Ordered:
    """An order, by what puts it before or behind others; `device` and what follows name its record."""

    turn: int
    device: str
    epoch: str
    seq: int
    mode: OrderedMode
    wall_ms: int
    staff: str = ""

    @property
    def name(self) -> str:
        """Return what names it for good."""
        return f"{self.turn} {self.device} {self.epoch} {self.seq}"


@dataclass(frozen=True, slots=True)
class GateRule:
    """What a guard's order does at a gate, as the school has set it. A fire shuts no gate."""

    fire: FireRule = "open"
    lockdown: LockdownRule = "shut"


def rule_of(row: GateRow | None) -> GateRule:
    """Return the rule of a gate; of one that the roster does not know, or whose words a later program wrote, the usual.

    A fire opens, a lockdown closes the way in.
    """
    if row is None:
        return GateRule()
    lockdown: LockdownRule = "shut"
    match row.lockdown:
        case "shut_both" | "open" | "usual" as said:
            lockdown = said
        case _:
            pass
    return GateRule("usual" if row.fire == "usual" else "open", lockdown)


def turn_after(known: int, stamp: Stamp) -> int:
    """Return a turn above a known one. A clock that runs far ahead must not use the numbers up."""
    seconds = max(0, stamp.wall_ms - ERA_MS) // 1_000 if stamp.is_good else 0
    return min(max(known + 1, min(seconds, TURN_MAX // 2)), TURN_MAX)


class Regimes:
    """A fold of `regime` records."""

    def __init__(self) -> None:
        self.current: Ordered | None = None
        self.listeners: list[Callable[[], None]] = []

    @property
    def mode(self) -> OrderedMode:
        return self.current.mode if self.current is not None else "normal"

    def next_turn(self, stamp: Stamp) -> int:
        """Return the turn of an order that is to count more than all known."""
        return turn_after(self.current.turn if self.current is not None else 0, stamp)

    def observe(self, device: str, epoch: str, seq: int, record: bytes) -> None:
        """Take a record of this agent or a peer."""
        found = read_if(_BEGINS, _decode, record)
        if found is None:
            return
        self.take(Ordered(found.turn, device, epoch, seq, found.mode, found.wall_ms, found.staff or ""))

    def take(self, ordered: Ordered) -> None:
        """Take an order for the one that counts, if none counts more."""
        if self.current is None or self.current < ordered:
            self.current = ordered
            for each in self.listeners:
                each()
