"""Which alarms of contacts are written: a few alike at once, then one each ten minutes.

Rule: a contact that chatters fills no journal, and two real events one after the other are both told at once.
"""

AGAIN_MS = 600_000
AT_ONCE_MAX = 3


class Sparing:
    """What was told of late, by its reason; a gate has few of them."""

    def __init__(self) -> None:
        self._free_ms: dict[str, int] = {}  # until when what was told has used up its share

    def take(self, reason: str, now_ms: int) -> bool:
        """Tell whether to write this one, and count it if so."""
        free_ms = max(now_ms, self._free_ms.get(reason, 0))
        if free_ms - now_ms > (AT_ONCE_MAX - 1) * AGAIN_MS:
            return False
        self._free_ms[reason] = free_ms + AGAIN_MS
        return True
