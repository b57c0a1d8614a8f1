"""Passes at a gate: the card that a signed code stands for, checked without a network.

Rule: a pass opens nothing by itself; it names a person, and the decision is made as for that person's card. One that is
good for a single use is over once it was used, but for a scanner that reads it again in the same moment.
"""

from collections import OrderedDict

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge_agent.readers.tap import Medium, Tap
from edge_agent.timekeeper import Stamp
from schemas.passes import SIGNED, Pass, PassRefused, parse, read
from schemas.structs import CardRow

USED_MAX = 10_000
SAME_MOMENT_MS = 10_000
_SECOND_MS = 1_000


class Passes:
    """Knows the school's key, and which passes were used up."""

    def __init__(self, school: str, public_key: bytes) -> None:
        """Take the 32 bytes of the school's Ed25519 key."""
        self._school = school
        self._key = Ed25519PublicKey.from_public_bytes(public_key)
        self._used: OrderedDict[str, int] = OrderedDict()

    def card_of(self, tap: Tap, token: str, stamp: Stamp) -> CardRow | None:
        """Return the card that a tap with a pass stands for; None when it is no pass of this school."""
        shown = self._believed(tap)
        if shown is None:
            return None
        not_after_ms = shown.last_s * _SECOND_MS
        if shown.is_single and self._is_used(shown.serial, stamp.monotonic_ms):
            not_after_ms = 1
        return CardRow(token=token, ref=shown.ref, state="active", not_after_ms=not_after_ms)

    def use(self, tap: Tap, stamp: Stamp) -> None:
        """Note that somebody was let through with this tap."""
        shown = self._believed(tap)
        if shown is not None and shown.is_single:
            self._used.setdefault(shown.serial, stamp.monotonic_ms)
            if len(self._used) > USED_MAX:
                self._used.popitem(last=False)

    def _is_used(self, serial: str, now_ms: int) -> bool:
        used_ms = self._used.get(serial)
        return used_ms is not None and now_ms - used_ms > SAME_MOMENT_MS

    def _believed(self, tap: Tap) -> Pass | None:
        if tap.medium is not Medium.QR:
            return None
        try:
            body, signature = read(tap.credential.decode())
            self._key.verify(signature, SIGNED + body)
            shown = parse(body)
        except (PassRefused, UnicodeDecodeError, InvalidSignature):
            return None
        return shown if shown.school == self._school else None
