"""Who was let through and what the passage contacts said of it; a machine without pins or clock.

Rule: one grant at a time. It ends by a passage, or when its time is up; only then the next one opens. A passage that
nobody was let through for is forced. Calls return effects, tuples that begin with one of the words below.
"""

OPEN = "open"  # direction: pulse its relay
WENT = "went"  # outcome, direction, Grant or None

PASSED, NO_PASSAGE, WRONG_DIRECTION, FORCED = "passed", "no_passage", "wrong_direction", "forced"
WAITING_MAX = 4
_OTHER = {"in": "out", "out": "in"}

TYPE_CHECKING = False
if TYPE_CHECKING:
    Effects = list[tuple[object, ...]]


class Grant:
    """Somebody was let through; `seq` is the decision's, None when it could not be written."""

    def __init__(self, direction: str, person: "str | None", seq: "int | None") -> None:
        self.direction = direction
        self.person = person
        self.seq = seq


class Passages:
    """One lane. Without a sensor a grant ends by time, and nothing is told of it."""

    def __init__(self, *, passage_ms: int, pulse_ms: int, has_sensor: bool) -> None:
        self._window_ms = passage_ms if has_sensor else 2 * pulse_ms
        self._has_sensor = has_sensor
        self._grant: Grant | None = None
        self._ends_ms = 0
        self._waiting: list[Grant] = []

    def grant(self, grant: Grant, now_ms: int) -> "Effects":
        """Let one person through, now or after those before; one too many is told as nobody's passage."""
        if len(self._waiting) >= WAITING_MAX:
            return self._told(NO_PASSAGE, grant.direction, grant)
        self._waiting.append(grant)
        return self.tick(now_ms)

    def went(self, direction: str, now_ms: int, *, is_burning: bool) -> "Effects":
        """Hear that a passage contact has closed."""
        grant = self._grant
        if grant is None:
            return self._told(PASSED if is_burning else FORCED, direction, None)
        if grant.direction == direction:
            return self._end(PASSED, direction, now_ms)
        if is_burning:  # everybody leaves, whoever waits to come in
            return self._told(PASSED, direction, None)
        return self._end(WRONG_DIRECTION, direction, now_ms)

    def tick(self, now_ms: int) -> "Effects":
        """End a grant whose time is up, and open for the next."""
        if self._grant is not None and now_ms >= self._ends_ms:
            return self._end(NO_PASSAGE, self._grant.direction, now_ms)
        return self._next(now_ms)

    def _end(self, outcome: str, direction: str, now_ms: int) -> "Effects":
        grant, self._grant = self._grant, None
        return self._told(outcome, direction, grant) + self._next(now_ms)

    def _next(self, now_ms: int) -> "Effects":
        if self._grant is not None or not self._waiting:
            return []
        self._grant = self._waiting.pop(0)
        self._ends_ms = now_ms + self._window_ms
        return [(OPEN, self._grant.direction)]

    def _told(self, outcome: str, direction: str, grant: "Grant | None") -> "Effects":
        return [(WENT, outcome, direction, grant)] if self._has_sensor else []
