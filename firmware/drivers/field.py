"""Which looks into a reader's field are taps; pure, on an agent and on a microcontroller.

A card that stays is one tap, another card is another tap at once, and the same card again is one only after it was
surely away: at the edge of a field a card comes and goes many times a second. Away means that looks at least so far
apart saw nothing: a reader that did not look for a while, since it or its machine was busy, has not seen a card leave.
"""

AWAY_MS_MIN = 300
UNSEEN_MS_MAX = 5_000  # who did not look for so long cannot tell that the card stayed
RANDOM_UID_FIRST = 0x08
SINGLE_SIZE = 4


def is_random(uid: bytes) -> bool:
    """Tell whether a UID was drawn by lot (ISO/IEC 14443-3: of single size, beginning with 08)."""
    return len(uid) == SINGLE_SIZE and uid[0] == RANDOM_UID_FIRST


class Field:
    """What lies on the reader; kept while its chip is started again."""

    def __init__(self) -> None:
        self._present: bytes | None = None
        self._looked_at_ms = 0
        self._empty_since_ms: int | None = None

    def look(self, uid: "bytes | None", now_ms: int) -> "bytes | None":
        """Take what one look saw at a time; return the UID when this is a tap."""
        if now_ms - self._looked_at_ms > UNSEEN_MS_MAX:
            self.forget()
        self._looked_at_ms = now_ms
        if uid is None:
            if self._empty_since_ms is None:
                self._empty_since_ms = now_ms
            if now_ms - self._empty_since_ms >= AWAY_MS_MIN:
                self._present = None
            return None
        is_same = self._present is not None and _is_same(self._present, uid)
        self._present = uid
        self._empty_since_ms = None
        return None if is_same else uid

    def forget(self) -> None:
        """Take whatever is seen next as a tap: nothing came of the last one."""
        self._present = self._empty_since_ms = None


def _is_same(before: bytes, now: bytes) -> bool:
    """Tell whether it may be the same card; one with random UIDs draws anew at every look, which restarts the field."""
    return before == now or (is_random(before) and is_random(now))
