"""Characters put together into lines; pure."""

LINE_MAX = 512
# A reader types a card's number at once; what lies about for longer is half of one, from a reader that was unplugged.
GAP_MS_MAX = 1_000


class Lines:
    """Collects characters until a line ends. `dropped` counts lines that were too long or never finished."""

    def __init__(self) -> None:
        self.dropped = 0
        self._pending: list[str] = []
        self._last_at_ms = 0
        self._overflown = False

    def add(self, character: str, at_ms: int) -> str | None:
        """Take one character; return a whole line when it ends one that is not empty."""
        if self._pending and at_ms - self._last_at_ms > GAP_MS_MAX:
            self.drop()
        self._last_at_ms = at_ms
        if character in "\r\n":
            return self._end()
        if len(self._pending) >= LINE_MAX:
            self._overflown = True
        else:
            self._pending.append(character)
        return None

    def drop(self) -> None:
        """Forget the line that was begun."""
        self.dropped += bool(self._pending)
        self._pending.clear()
        self._overflown = False

    def _end(self) -> str | None:
        if self._overflown:
            self.drop()
            return None
        line = "".join(self._pending).strip()
        self._pending.clear()
        return line or None
