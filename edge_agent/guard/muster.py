"""Musters: a muster begins, people are called until it ends; a fold of records of this agent and its peers.

Rule: the answer depends on the set of records, not on their order of arrival: of one person the call of the highest
turn counts, as with orders.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec

from edge_agent.folding import read_if
from edge_agent.regime import turn_after
from edge_agent.timekeeper import Stamp
from schemas.structs import Muster, RollCall

Call = Literal["here", "missing", "undone"]
BEGUN_MAX = 64
CALLS_MAX = 20_000
LASTS_MS = 24 * 3_600_000  # what nobody has ended is over after so long
_BEGIN = (b'{"k":"muster"', b'{"k":"roll_call"')
_decode = msgspec.json.Decoder(Muster | RollCall).decode
_Order = tuple[int, str, str, int]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, order=True)
class Begun:
    """A muster, by what puts it before or behind others."""

    turn: int
    device: str
    epoch: str
    seq: int
    id: str
    wall_ms: int
    staff: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Called:
    """What was said last of somebody; `by` is who of the staff, or the link of a phone."""

    turn: int
    device: str
    epoch: str
    seq: int
    outcome: Call
    wall_ms: int
    by: str = ""


class Musters:
    """A fold of `muster` and `roll_call` records."""

    def __init__(self) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._begun: dict[str, Begun] = {}
        self._ended: dict[str, _Order] = {}
        self._calls: dict[str, dict[str, Called]] = {}
        self._turn = 0

    def next_turn(self, stamp: Stamp) -> int:
        """Return a turn above all known."""
        return turn_after(self._turn, stamp)

    def current(self, now_ms: int) -> Begun | None:
        """Return the muster that is on: of several the one that sorts last. `now_ms` is wall time."""
        return max(self.open(now_ms), default=None)

    def open(self, now_ms: int) -> list[Begun]:
        """Return all musters that nobody has ended: two desks may have begun one each in the same moment."""
        return [
            each for each in self._begun.values() if each.id not in self._ended and now_ms - each.wall_ms < LASTS_MS
        ]

    def calls(self, now_ms: int) -> Mapping[str, Called]:
        """Return what was said last of each person, by reference, and of each visitor, by visit."""
        found: dict[str, Called] = {}
        for muster in self.open(now_ms):
            for key, called in self._calls.get(muster.id, {}).items():
                found[key] = max(called, found.get(key, called))
        return found

    def observe(self, device: str, epoch: str, seq: int, record: bytes) -> None:
        """Take a record of this agent or a peer."""
        found = read_if(_BEGIN, _decode, record)
        if found is None:
            return
        self._turn = max(self._turn, found.turn)
        match found:
            case Muster(outcome="begun"):
                begun = Begun(found.turn, device, epoch, seq, found.id, found.wall_ms, found.staff or "")
                _keep(self._begun, found.id, max(begun, self._begun.get(found.id, begun)), BEGUN_MAX)
            case Muster(outcome="ended"):
                _keep(self._ended, found.id, (found.turn, device, epoch, seq), BEGUN_MAX)
            case RollCall():
                self._called(found, (found.turn, device, epoch, seq))
            case _:
                return
        self.on_change()

    def _called(self, found: RollCall, order: _Order) -> None:
        key = found.person or found.visit
        if key is None:
            return
        calls = self._calls.get(found.id)
        if calls is None:
            calls = {}
            _keep(self._calls, found.id, calls, BEGUN_MAX)
        called = Called(*order, found.outcome, found.wall_ms, found.staff or found.phone or "")
        if key in calls or len(calls) < CALLS_MAX:
            calls[key] = max(called, calls.get(key, called))


def _keep(kept: dict[str, Value], key: str, value: Value, most: int) -> None:
    if key not in kept and len(kept) >= most:
        del kept[next(iter(kept))]
    kept[key] = value
