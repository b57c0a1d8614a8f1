"""The roll of a muster: who was inside when it began or came in since, and what is known of each of them now.

Rule: who has shown a card since, or was called, is off the list of who is looked for, and on it again when that is
undone. It is made a piece at a time: somebody may stand at a gate meanwhile.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from edge_agent.guard.muster import Begun, Called, Musters
from edge_agent.guard.people import class_order
from edge_agent.guard.visits import Visit, Visits
from edge_agent.roster import Roster
from edge_agent.timekeeper import Stamp
from edge_agent.view import View, Whereabouts

PIECE = 100
LONG_AGO_MS = 18 * 3_600_000  # who came in before that has probably left by no gate
State = Literal["open", "here", "missing", "seen"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody on the roll. `key` is the reference, or a visitor's visit; `at_ms` is when the state became so."""

    key: str
    name: str
    group: str
    state: State
    at_ms: int = 0
    gate: str = ""
    is_long_ago: bool = False
    visit: Visit | None = None


@dataclass(frozen=True, slots=True)
class Roll:
    """A whole roll. Of who is looked for `open` and `missing` count; `found` are all others."""

    muster: Begun
    entries: Sequence[Entry]

    @property
    def total(self) -> int:
        return sum(not each.is_long_ago or each.state != "open" for each in self.entries)

    @property
    def found(self) -> int:
        return sum(each.state in ("here", "seen") for each in self.entries)

    @property
    def missing(self) -> int:
        return sum(each.state == "missing" for each in self.entries)

    def groups(self) -> list[tuple[str, list[Entry]]]:
        """Return the entries by class, staff (an empty name) behind them; visitors and who came long ago apart."""
        usual = [each for each in self.entries if each.visit is None and not each.is_long_ago]
        usual.sort(key=lambda each: (class_order(each.group), each.name))
        return [(name, list(group)) for name, group in groupby(usual, key=lambda each: each.group)]

    def visitors(self) -> list[Entry]:
        return [each for each in self.entries if each.visit is not None]

    def long_ago(self) -> list[Entry]:
        """Return who came in on an earlier day and left by no gate."""
        return sorted((each for each in self.entries if each.is_long_ago), key=lambda each: each.name)


class Rolls:
    """Makes the roll of the muster that is on."""

    def __init__(
        self, view: View, roster: Callable[[], Roster | None], musters: Musters, visits: Visits,
        now: Callable[[], Stamp],
    ) -> None:  # fmt: skip
        self._view = view
        self._roster = roster
        self._musters = musters
        self._visits = visits
        self._now = now

    async def make(self) -> Roll | None:
        """Return the roll of now; None while no muster is on."""
        now_ms = self._now().wall_ms
        muster = self._musters.current(now_ms)
        if muster is None:
            return None
        calls = self._musters.calls(now_ms)
        entries: list[Entry] = []
        for number, ref in enumerate(_all_of(self._view.traces(), calls)):
            entry = self._person(ref, muster, calls)
            if entry is not None:
                entries.append(entry)
            if number % PIECE == 0:
                await asyncio.sleep(0)
        return Roll(muster, [*entries, *self._visitors(muster, calls)])

    def _person(self, ref: str, muster: Begun, calls: Mapping[str, Called]) -> Entry | None:
        """Return somebody's entry; None for who is none of this muster's business."""
        called, seen = calls.get(ref), self._view.whereabouts(ref)
        since_ms = self._view.was_inside(ref, muster.wall_ms)
        is_seen = seen is not None and seen.since_ms > muster.wall_ms
        if since_ms is None and called is None and not (is_seen and seen is not None and seen.is_inside):
            return None
        roster = self._roster()
        person = roster.person(ref) if roster is not None else None
        name, group = (person.name, person.class_name) if person is not None else (ref, "")
        state, at_ms, gate = _state(called, seen if is_seen else None)
        is_long_ago = state == "open" and since_ms is not None and 0 < since_ms < muster.wall_ms - LONG_AGO_MS
        return Entry(ref, name, group, state, at_ms, gate, is_long_ago)

    def _visitors(self, muster: Begun, calls: Mapping[str, Called]) -> Iterable[Entry]:
        for visit in [*self._visits.inside(), *self._visits.left_since(muster.wall_ms)]:
            state, at_ms, _ = _state(calls.get(visit.id), None)
            if visit.out_ms is not None:
                state, at_ms = "seen", visit.out_ms
            yield Entry(visit.id, visit.badge, "", state, at_ms, visit.gate if visit.out_ms else "", visit=visit)


def _all_of(traces: Iterable[str], calls: Mapping[str, Called]) -> list[str]:
    known = dict.fromkeys(traces)
    return [*known, *(key for key in calls if key not in known and len(key) < 16)]  # a visit's name is longer


def _state(called: Called | None, seen: Whereabouts | None) -> tuple[State, int, str]:
    """Return the state, since when, and at which gate."""
    said = called if called is not None and called.outcome != "undone" else None
    if said is not None and said.outcome == "here":
        return "here", said.wall_ms, ""
    if seen is not None and (said is None or seen.since_ms > said.wall_ms):
        return "seen", seen.since_ms, seen.gate
    if said is not None:
        return "missing", said.wall_ms, ""
    return "open", 0, ""
