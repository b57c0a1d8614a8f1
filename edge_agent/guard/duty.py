"""Who is on duty at the desk: signed in by a PIN of the roster, in one browser each, until signed out or the night.

Rule: a sign-in is a secret that only its browser has; here stands its digest. Whom the roster names no more as a guard
is on duty no more.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.clock import Clock
from edge_agent.guard.refusal import NotDone
from edge_agent.till.pins import PinRefused, Pins
from schemas.structs import StaffRow

SIGNED_MS = 14 * 3_600_000
SIGNED_MAX = 16


@dataclass(frozen=True, slots=True)
class _Signed:
    staff: str
    until_ms: int  # monotonic


class Duty:
    """The sign-ins of one desk; a restart ends them."""

    def __init__(self, pins: Pins, clock: Clock, guards: Callable[[], list[StaffRow]]) -> None:
        self._pins = pins
        self._clock = clock
        self._guards = guards
        self._signed: dict[str, _Signed] = {}

    async def sign_in(self, ref: str, pin: str) -> str:
        """Return the secret of a new sign-in. Raises NotDone."""
        guard = next((each for each in self._guards() if each.ref == ref), None)
        if guard is None:
            raise NotDone("not_guard")
        try:
            await self._pins.check(guard, pin)
        except PinRefused as refused:
            raise NotDone(refused.reason, (str(refused.wait_s),) if refused.wait_s else ()) from refused
        if len(self._signed) >= SIGNED_MAX:
            del self._signed[next(iter(self._signed))]
        secret = secrets.token_urlsafe(32)
        self._signed[digest_of(secret)] = _Signed(ref, self._clock.monotonic_ms() + SIGNED_MS)
        return secret

    def sign_out(self, secret: str) -> None:
        """End a sign-in, if there is one."""
        self._signed.pop(digest_of(secret), None)

    def who(self, secret: str) -> str:
        """Return who has signed in by a secret; empty when nobody has, or no more."""
        key = digest_of(secret)
        signed = self._signed.get(key)
        if signed is None:
            return ""
        if signed.until_ms <= self._clock.monotonic_ms() or signed.staff not in {each.ref for each in self._guards()}:
            del self._signed[key]
            return ""
        return signed.staff


def digest_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
