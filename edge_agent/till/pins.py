"""A cashier's PIN: argon2id, off the event loop, and a wait after a few wrong ones that a restart does not shorten.

Rule: a try is counted on the disk before it is judged. Of a PIN only whose it was and whether it fit is logged.
"""

import asyncio
from dataclasses import dataclass
from typing import Literal, Protocol

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from edge_agent.clock import Clock
from edge_agent.journal.entry import JournalBroken, JournalUnavailable
from schemas.structs import StaffRow

TRIES_MAX = 5
WAIT_S, WAIT_S_MAX = 60, 900
PIN_MAX = 32
log = structlog.get_logger()
_hasher = PasswordHasher()


class Notes(Protocol):
    """Where a count is kept: the journal."""

    async def remember(self, name: str, value: str) -> None:
        """Keep a small value durably. Raises JournalUnavailable."""
        ...

    async def recall(self, name: str) -> str | None:
        """Return a kept value, or None."""
        ...


class PinRefused(Exception):
    """The PIN was not taken; `wait_s` tells for how long none is."""

    def __init__(self, reason: Literal["pin_wrong", "pin_wait"], wait_s: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait_s = wait_s


@dataclass(slots=True)
class _Tries:
    count: int = 0
    until_ms: int = 0


class Pins:
    """Judges PINs, one at a time."""

    def __init__(self, notes: Notes, clock: Clock) -> None:
        self._notes = notes
        self._clock = clock
        self._tries: dict[str, _Tries] = {}
        self._lock = asyncio.Lock()

    async def check(self, staff: StaffRow, pin: str) -> None:
        """Return when the PIN is this cashier's. Raises PinRefused."""
        async with self._lock:
            tries = await self._known(staff.ref)
            left_ms = tries.until_ms - self._clock.monotonic_ms()
            if left_ms > 0:
                raise PinRefused("pin_wait", -(-left_ms // 1000))
            await self._count(staff.ref, tries)
            if not await asyncio.to_thread(_fits, staff.pin_hash, pin):
                log.warning("pin.refused", staff=staff.ref, tries=tries.count)
                raise PinRefused("pin_wrong", max(0, tries.until_ms - self._clock.monotonic_ms()) // 1000)
            await self._forget(staff.ref)
            log.info("pin.taken", staff=staff.ref)

    async def _known(self, ref: str) -> _Tries:
        """Return the tries of somebody; after a restart those that are on the disk, with their wait begun anew."""
        if ref not in self._tries:
            try:
                said = await self._notes.recall(_name(ref)) or "0"
            except (JournalUnavailable, JournalBroken):
                said = "0"
            count = int(said) if said.isdecimal() else 0
            self._tries[ref] = _Tries(count, self._clock.monotonic_ms() + _wait_s(count) * 1000)
        return self._tries[ref]

    async def _count(self, ref: str, tries: _Tries) -> None:
        tries.count += 1
        tries.until_ms = self._clock.monotonic_ms() + _wait_s(tries.count) * 1000
        await self._keep(ref, tries.count)

    async def _forget(self, ref: str) -> None:
        self._tries[ref] = _Tries()
        await self._keep(ref, 0)

    async def _keep(self, ref: str, count: int) -> None:
        """Keep a count; a disk that takes nothing must not keep the canteen closed: memory counts on."""
        try:
            await self._notes.remember(_name(ref), str(count))
        except (JournalUnavailable, JournalBroken) as error:
            log.error("pin.uncounted", staff=ref, error=str(error))  # noqa: TRY400 # its words say all


def _name(ref: str) -> str:
    return f"pin:{ref}"


def _wait_s(count: int) -> int:
    """Return how long no PIN is taken after so many wrong ones in a row."""
    doublings = min(count - TRIES_MAX, 8)
    return 0 if doublings < 0 else min(WAIT_S << doublings, WAIT_S_MAX)


def _fits(pin_hash: str, pin: str) -> bool:
    try:
        return _hasher.verify(pin_hash, pin[:PIN_MAX])
    except (VerificationError, InvalidHashError):
        return False
