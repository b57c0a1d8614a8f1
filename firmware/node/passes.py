"""Passes at a gate that stands alone: the card that a signed code stands for, checked without a network.

Rule: as an agent's (`edge_agent/passes.py`). A pass opens nothing by itself; it names a person, and the decision is
made as for that person's card. A doubt about its time keeps it out, and never in. What was used is known until the next
start. A check takes a while, in which everything else goes on.
"""

from firmware.node.decision import PassShown
from firmware.node.ed25519 import Key
from firmware.node.roster import Card
from firmware.node.steps import done
from schemas.compact import NO_PROFILE
from schemas.pass_text import PREFIX, SIGNED, PassRefused, members, read

USED_MAX = 64  # good for one use; such a pass lasts a minute, in which a gate lets some forty people through
SAME_MOMENT_MS = 2_000  # a scanner reads a code that is held to it again and again
LOOKS_MAX = 3  # through rosters that come while a person is looked for
_SECOND_MS = 1_000

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.node.clock import Stamp
    from firmware.node.roster import Roster

    Said = tuple[str, str, str, int, bool]


class Believed:
    """A pass that the school has signed, and the card it stands for on the roster gone by."""

    def __init__(self, passes: "Passes", said: "Said", card: Card) -> None:
        self._passes = passes
        self._card = card
        _, self._ref, self._serial, self._last_s, self._is_single = said

    def standing(self, direction: str, stamp: "Stamp") -> PassShown:
        """Return what it stands for now."""
        is_late = self._last_s * _SECOND_MS < stamp.wall_ms and stamp.quality != "none"
        is_doubtful = direction == "in" and not stamp.is_good
        return PassShown(self._card, is_late or is_doubtful or self._passes.is_used(self._serial, stamp.monotonic_ms))

    def use(self, stamp: "Stamp") -> None:
        """Note that somebody was let through with it."""
        if self._is_single:
            self._passes.note_used(self._serial, stamp.monotonic_ms)


class Passes:
    """Knows the school's key, and which passes were used up."""

    def __init__(self, school: str, public_key: bytes, roster: "Callable[[], Roster | None]") -> None:
        """Take the 32 bytes of the school's key; `roster` returns the one gone by. Raises KeyRefused."""
        self._school = school
        self._key = Key(public_key)
        self._roster = roster
        self._used: list[tuple[str, int]] = []
        self._last: tuple[bytes, Said | None] = (b"", None)  # a code is held to a scanner, and read again

    async def prepare(self) -> None:
        """Make what the first check would wait for."""
        await done(self._key.preparing())

    async def believed(self, code: bytes) -> "Believed | None":
        """Return the pass that a code is; None when it is none of this school."""
        if self._last[0] != code:
            self._last = (code, await self._said(code))
        said = self._last[1]
        return None if said is None else Believed(self, said, await self._card(said[1]))

    def is_used(self, serial: str, now_ms: int) -> bool:
        """Tell whether a pass was used before this moment."""
        for each, used_ms in self._used:
            if each == serial:
                return now_ms - used_ms > SAME_MOMENT_MS
        return False

    def note_used(self, serial: str, now_ms: int) -> None:
        """Remember that a pass was used, from its first use on."""
        for each, _ in self._used:
            if each == serial:
                return
        self._used = self._used[1 - USED_MAX :] + [(serial, now_ms)]

    async def _said(self, code: bytes) -> "Said | None":
        try:
            body, signature = read(code.decode())
            if not await done(self._key.verifying(SIGNED + body, signature)):
                return None
            said = members(body)
        except (PassRefused, UnicodeError):
            return None
        return said if said[0] == self._school else None

    async def _card(self, ref: str) -> Card:
        """Return the card of a person; of one whom the roster does not know, a card of nobody."""
        found = None
        for _ in range(LOOKS_MAX):
            roster = self._roster()
            found = await done(roster.searching(ref)) if roster is not None else None
            if roster is self._roster():  # no newer one has come meanwhile
                break
        return found or Card(ref, 0, 0, NO_PROFILE)


def is_pass(code: bytes) -> bool:
    """Tell whether a code begins as a pass does."""
    return code.startswith(PREFIX.encode())
