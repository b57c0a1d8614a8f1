"""Two places on the disk for a roster of one kind: the one gone by, and the one before it.

Rule: what is refused leaves both as they were. A newer roster replaces the older slot, whole, by a rename after an
fsync; the newest one that verifies is the one gone by, so that no pointer can be wrong.

A slot holds the file as it came, which is signed, and after a delta the body that it yields, whose digest the signed
header names. The canteen's slots are sealed besides: PINs and balances stand in them.
"""

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Generic, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge_agent.roster import Header, Roster, header_of
from edge_agent.rows import Rows
from edge_agent.sealed import Sealed, SealedBroken
from schemas.roster import CANTEEN, DESK, DOORS, RosterRefused, open_file

SLOTS = ("roster-a", "roster-b")
_NEW = ".new"
Held = TypeVar("Held", bound=Rows)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A slot that cannot be gone by, and why."""

    slot: str
    reason: str
    text: str


class Pair(Generic[Held]):
    """The two slots of a kind in a folder. Its calls block; `Shelf` is for an event loop."""

    def __init__(
        self, folder: Path, school: str, public_key: bytes, kind: str, make: Callable[[Header, bytes], Held],
        sealed: Sealed | None = None,
    ) -> None:  # fmt: skip
        """`public_key` is the school's roster key, 32 bytes of Ed25519; `sealed` is how files lie on the disk."""
        self.refusals: list[Refusal] = []
        self._folder = folder
        self._school = school
        self._key = Ed25519PublicKey.from_public_bytes(public_key)
        self._kind = kind
        self._make = make
        self._sealed = sealed
        self._held: Held | None = None
        self._slot = SLOTS[1]

    def load(self) -> Held | None:
        """Return the newest roster that verifies, however old; None when there is none. `refusals` says what did not.

        An expired one is returned too: what a gate does with it is the policy's.
        """
        self.refusals = []
        for slot in SLOTS:
            roster = self._read(slot)
            if roster is not None and (self._held is None or roster.version > self._held.version):
                self._held, self._slot = roster, slot
        return self._held

    def flip(self, file: bytes, now_ms: int) -> Held:
        """Verify a snapshot or a delta, write it to the older slot, and return its roster from now on gone by.

        `now_ms` is wall time, or 0 when the clock is not good: then age is not judged. Raises RosterRefused with a
        reason of `schemas.roster`, or OSError when the disk does not take it; then the roster held stays.
        """
        held = self._held
        header, body = self._open(file, held.version if held is not None else 0, now_ms)
        is_delta = bool(header["base"])
        if is_delta:
            if held is None or header["base"] != held.version:
                here = held.version if held is not None else 0
                raise RosterRefused("base", f"it builds on version {header['base']}, here is {here}")
            body = held.with_changes(body)
        roster = self._made(header, body)
        slot = SLOTS[1 - SLOTS.index(self._slot)]
        self._write(slot, file + body if is_delta else file)
        self._held, self._slot = roster, slot
        return roster

    def wipe(self) -> None:
        """Keep nothing any more: not on the disk, nor here. Raises OSError when the disk does not let go."""
        self._held = None
        for name in [*SLOTS, *(slot + _NEW for slot in SLOTS)]:
            (self._folder / name).unlink(missing_ok=True)
        if self._folder.exists():
            _sync(self._folder)

    def held(self) -> Held | None:
        """Return the roster gone by; its `version` and `body` are what a delta builds on."""
        return self._held

    def _read(self, slot: str) -> Held | None:
        try:
            content = (self._folder / slot).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self.refusals.append(Refusal(slot, "unreadable", str(error)))
            return None
        try:
            return self._opened(content if self._sealed is None else self._sealed.opened(content, self._kind))
        except RosterRefused as error:
            self.refusals.append(Refusal(slot, error.reason, str(error)))
        except SealedBroken as error:
            self.refusals.append(Refusal(slot, "unsealed", str(error)))
        return None

    def _opened(self, content: bytes) -> Held:
        end = content.find(b"\n") + 1 + _length(content)
        header, body = self._open(content[:end], 0, 0)
        if header["base"]:
            return self._made(header, content[end:])
        if len(content) > end:
            raise RosterRefused("malformed", "more follows a snapshot in its slot")
        return self._made(header, body)

    def _open(self, file: bytes, version: int, now_ms: int) -> tuple[dict[str, object], bytes]:
        return open_file(file, self._verify, self._school, version, now_ms, self._kind)

    def _made(self, header: dict[str, object], body: bytes) -> Held:
        """Return the roster of a verified header and the body it yields, if that is the one it promises."""
        if sha256(body).hexdigest() != header["digest"]:
            raise RosterRefused("digest", "its content is not what the header promises")
        return self._make(header_of(header), body)

    def _verify(self, signature: bytes, message: bytes) -> bool:
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def _write(self, slot: str, content: bytes) -> None:
        """Put a slot in place at one instant: written beside it, synced, renamed, and the folder synced."""
        self._folder.mkdir(parents=True, exist_ok=True)
        new = self._folder / (slot + _NEW)
        try:
            with new.open("wb") as written:
                written.write(content if self._sealed is None else self._sealed.sealed(content, self._kind))
                written.flush()
                os.fsync(written.fileno())
            new.replace(self._folder / slot)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        _sync(self._folder)


class Slots(Pair[Roster]):
    """The slots of the doors' roster."""

    def __init__(self, folder: Path, school: str, public_key: bytes) -> None:
        super().__init__(folder, school, public_key, DOORS, Roster)


class CanteenSlots(Pair[Rows]):
    """The slots of the canteen's roster, which only tills and the hub have."""

    def __init__(self, folder: Path, school: str, public_key: bytes, sealed: Sealed) -> None:
        super().__init__(folder, school, public_key, CANTEEN, Rows, sealed)


class DeskSlots(Pair[Rows]):
    """The slots of the desk's roster, which only devices with a guard's screen have."""

    def __init__(self, folder: Path, school: str, public_key: bytes, sealed: Sealed) -> None:
        super().__init__(folder, school, public_key, DESK, Rows, sealed)


class Shelf(Generic[Held]):
    """The roster gone by, for everybody in the event loop; a newer one is verified and written in a thread."""

    def __init__(self, slots: Pair[Held], roster: Held | None) -> None:
        self.roster = roster
        self._slots = slots
        self._turn = asyncio.Lock()

    @property
    def version(self) -> int:
        """Return the version gone by; 0 when there is none."""
        return self.roster.version if self.roster is not None else 0

    async def offer(self, file: bytes, now_ms: int) -> int:
        """Take a file if it may be gone by, and return its version. Raises as `Slots.flip` does."""
        async with self._turn:
            self.roster = await asyncio.to_thread(self._slots.flip, file, now_ms)
        return self.version

    async def wipe(self) -> None:
        """Keep nothing any more. Raises OSError."""
        async with self._turn:
            self.roster = None
            await asyncio.to_thread(self._slots.wipe)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _length(content: bytes) -> int:
    """Return the length that the header in a slot names; it is verified afterwards."""
    try:
        length = json.loads(content.partition(b"\n")[0])["length"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise RosterRefused("malformed", "the first line is not a header") from None
    if not isinstance(length, int) or length < 0:
        raise RosterRefused("malformed", "the header has no proper length")
    return length
