"""Denials collapse before they are given a number: like ones within a window become one record with a count.

Rule: the first of its like is written at once, unless it is a repeat or the journal is nearly full; a board's memory
keeps few kinds at a time, and what is pushed out is written with its count.
"""

WINDOW_MS = 10_000
CROWDED_WINDOW_MS = 600_000
KINDS_MAX = 8
COUNT_MAX = 1_000_000  # as the decision record allows

TYPE_CHECKING = False
if TYPE_CHECKING:
    Denial = tuple[str, str, str | None, str | None, str]  # direction, reason, person, token, medium


class Denials:
    """What was denied and is not written yet."""

    def __init__(self) -> None:
        self._runs: dict[Denial, list[int]] = {}  # denial: when its window ends, how many were not written
        self._pushed_out: list[tuple[Denial, int]] = []

    def take(self, denial: "Denial", now_ms: int, *, is_counted: bool, is_crowded: bool) -> bool:
        """Tell whether to write this one now; otherwise it is counted. `is_counted`: not even the first is written."""
        run = self._runs.get(denial)
        if run is not None and now_ms < run[0]:
            run[1] = min(COUNT_MAX, run[1] + 1)
            return False
        unwritten = run[1] if run is not None else 0
        if run is None and len(self._runs) >= KINDS_MAX:
            self._push_out()
        is_written = not unwritten and not is_counted
        ends_ms = now_ms + (CROWDED_WINDOW_MS if is_crowded else WINDOW_MS)
        self._runs[denial] = [ends_ms, unwritten + (0 if is_written else 1)]
        return is_written

    def due(self, now_ms: int) -> "list[tuple[Denial, int]]":
        """Return the counts whose window is over, to be written now."""
        ended = [denial for denial, run in self._runs.items() if now_ms >= run[0]]
        counts, self._pushed_out = self._pushed_out, []
        for denial in ended:
            count = self._runs.pop(denial)[1]
            if count:
                counts.append((denial, count))
        return counts

    def _push_out(self) -> None:
        soonest = min(self._runs, key=lambda denial: self._runs[denial][0])
        count = self._runs.pop(soonest)[1]
        if count:
            self._pushed_out.append((soonest, count))
