"""Denials collapse before they are given a number: like ones within a window become one record with a count.

Rule: the first of its like is written at once, unless it is a repeat or the journal is nearly full; nothing is kept of
more than so many kinds at a time.
"""

from dataclasses import dataclass, replace

from edge_agent.actuators.actuator import Direction
from edge_agent.decision import Reason

WINDOW_MS = 10_000
CROWDED_WINDOW_MS = 600_000
KINDS_MAX = 256
COUNT_MAX = 1_000_000  # as the decision record allows


@dataclass(frozen=True, slots=True)
class Denial:
    """What makes two denials alike."""

    direction: Direction
    reason: Reason
    person: str | None
    token: str | None
    medium: str
    roster: int


@dataclass(slots=True)
class _Run:
    ends_ms: int
    count: int = 0


class Denials:
    """The denials of one gate that are counted and not yet written."""

    def __init__(self) -> None:
        self._runs: dict[Denial, _Run] = {}
        self._pushed_out: list[tuple[Denial, int]] = []

    def take(self, denial: Denial, now_ms: int, *, is_crowded: bool) -> bool:
        """Tell whether to write this one now; otherwise it is counted. `now_ms` is monotonic."""
        if is_crowded:
            denial = replace(denial, person=None, token=None)
        run = self._runs.get(denial)
        if run is not None and now_ms < run.ends_ms:
            run.count += 1
            return False
        is_first = run is None or run.count == 0
        is_counted = is_crowded or denial.reason == "repeat" or not is_first
        self._begin(denial, now_ms + (CROWDED_WINDOW_MS if is_crowded else WINDOW_MS), run)
        if is_counted:
            self._runs[denial].count += 1
        return not is_counted

    def due(self, now_ms: int) -> list[tuple[Denial, int]]:
        """Return the counts whose window is over, to be written now."""
        ended = [(denial, run.count) for denial, run in self._runs.items() if now_ms >= run.ends_ms]
        for denial, _ in ended:
            del self._runs[denial]
        pushed_out, self._pushed_out = self._pushed_out, []
        return pushed_out + [(denial, min(count, COUNT_MAX)) for denial, count in ended if count]

    def all(self) -> list[tuple[Denial, int]]:
        """Return all counts, before the program ends."""
        return self.due(max((run.ends_ms for run in self._runs.values()), default=0))

    def _begin(self, denial: Denial, ends_ms: int, before: _Run | None) -> None:
        if before is None and len(self._runs) >= KINDS_MAX:
            oldest = next(iter(self._runs))
            if count := self._runs.pop(oldest).count:
                self._pushed_out.append((oldest, count))
        self._runs.pop(denial, None)
        self._runs[denial] = _Run(ends_ms, before.count if before is not None else 0)
