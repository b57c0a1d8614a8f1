"""Passes at a gate and at a till: the card that a signed code stands for, checked without a network.

Rule: a pass opens nothing by itself; it names a person, and the decision is made as for that person's card. One that is
good for a single use is over once it was used, but for a scanner that reads it again in the same moment. It is a secret
that can be copied, so that a doubt about its time, from which a card profits, keeps it out; a way out it always opens.

What was used is known to this agent alone, until it is started again: a pass of a minute needs no more.
"""

from collections import OrderedDict

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge_agent.actuators.actuator import Direction
from edge_agent.decision import PassShown
from edge_agent.readers.tap import Medium, Tap
from edge_agent.timekeeper import Stamp
from schemas.pass_text import SIGNED, PassRefused, read
from schemas.passes import Pass, parse
from schemas.structs import CardRow

USED_MAX = 10_000
SAME_MOMENT_MS = 2_000  # a scanner reads a code that is held to it again and again
_SECOND_MS = 1_000


class Passes:
    """Knows the school's key, and which passes were used up."""

    def __init__(self, school: str, public_key: bytes) -> None:
        """Take the 32 bytes of the school's Ed25519 key."""
        self._school = school
        self._key = Ed25519PublicKey.from_public_bytes(public_key)
        self._used: OrderedDict[str, tuple[str, int]] = OrderedDict()

    def believed(self, tap: Tap) -> Pass | None:
        """Return the pass that a tap showed, its signature checked; None when it is none of this school."""
        if tap.medium is not Medium.QR:
            return None
        try:
            body, signature = read(tap.credential.decode())
            self._key.verify(signature, SIGNED + body)
            shown = parse(body)
        except (PassRefused, UnicodeDecodeError, InvalidSignature):
            return None
        return shown if shown.school == self._school else None

    def standing(self, shown: Pass, tap: Tap, token: str, stamp: Stamp, direction: Direction) -> PassShown:
        """Return what a pass that was believed stands for."""
        is_late = shown.last_s * _SECOND_MS < stamp.wall_ms and stamp.quality != "none"
        is_doubtful = direction == "in" and not stamp.is_good
        is_over = is_late or is_doubtful or self._is_used(shown, tap.reader, stamp.monotonic_ms)
        return PassShown(CardRow(token=token, ref=shown.ref, state="active", not_after_ms=0), is_over)

    def take(self, tap: Tap, token: str, stamp: Stamp) -> PassShown | None:
        """Return the card that a tap's pass stands for at a till, used up by being shown; None where it shows none."""
        believed = self.believed(tap)
        if believed is None:
            return None
        shown = self.standing(believed, tap, token, stamp, "in")
        if not shown.is_over:
            self.use(believed, tap.reader, stamp)
        return shown

    def use(self, shown: Pass, reader: str, stamp: Stamp) -> None:
        """Note that somebody was let through with this pass."""
        if shown.is_single:
            self._used.setdefault(shown.serial, (reader, stamp.monotonic_ms))
            if len(self._used) > USED_MAX:
                self._used.popitem(last=False)

    def _is_used(self, shown: Pass, reader: str, now_ms: int) -> bool:
        if shown.serial not in self._used:
            return False
        used_at, used_ms = self._used[shown.serial]
        return reader != used_at or now_ms - used_ms > SAME_MOMENT_MS
