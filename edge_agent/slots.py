"""Two places on the disk for a roster: the one gone by, and the one before it.

Rule: what is refused leaves both as they were. A newer roster replaces the older slot, whole, by a rename after an
fsync; the newest one that verifies is the one gone by, so that no pointer can be wrong.

A slot holds the file as it came, which is signed, and after a delta the body that it yields, whose digest the signed
header names.
"""

import asyncio
import json
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge_agent.roster import Roster, header_of
from schemas.roster import RosterRefused, open_file

SLOTS = ("roster-a", "roster-b")
_NEW = ".new"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A slot that cannot be gone by, and why."""

    slot: str
    reason: str
    text: str


class Slots:
    """The two slots in a folder. Its calls block; `Shelf` is for an event loop."""

    def __init__(self, folder: Path, school: str, public_key: bytes) -> None:
        """`public_key` is the school's roster key, 32 bytes of Ed25519."""
        self.refusals: list[Refusal] = []
        self._folder = folder
        self._school = school
        self._key = Ed25519PublicKey.from_public_bytes(public_key)
        self._held: Roster | None = None
        self._slot = SLOTS[1]

    def load(self) -> Roster | None:
        """Return the newest roster that verifies, however old; None when there is none. `refusals` says what did not.

        An expired one is returned too: what a gate does with it is the policy's.
        """
        self.refusals = []
        for slot in SLOTS:
            roster = self._read(slot)
            if roster is not None and (self._held is None or roster.version > self._held.version):
                self._held, self._slot = roster, slot
        return self._held

    def flip(self, file: bytes, now_ms: int) -> Roster:
        """Verify a snapshot or a delta, write it to the older slot, and return its roster from now on gone by.

        `now_ms` is wall time, or 0 when the clock is not good: then age is not judged. Raises RosterRefused with a
        reason of `schemas.roster`, or OSError when the disk does not take it; then the roster held stays.
        """
        held = self._held
        header, body = open_file(file, self._verify, self._school, held.version if held is not None else 0, now_ms)
        is_delta = bool(header["base"])
        if is_delta:
            if held is None or header["base"] != held.version:
                here = held.version if held is not None else 0
                raise RosterRefused("base", f"it builds on version {header['base']}, here is {here}")
            body = held.with_changes(body)
        roster = _roster(header, body)
        slot = SLOTS[1 - SLOTS.index(self._slot)]
        self._write(slot, file, body if is_delta else b"")
        self._held, self._slot = roster, slot
        return roster

    def held(self) -> Roster | None:
        """Return the roster gone by; its `version` and `body` are what a delta builds on."""
        return self._held

    def _read(self, slot: str) -> Roster | None:
        try:
            content = (self._folder / slot).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self.refusals.append(Refusal(slot, "unreadable", str(error)))
            return None
        try:
            return self._opened(content)
        except RosterRefused as error:
            self.refusals.append(Refusal(slot, error.reason, str(error)))
            return None

    def _opened(self, content: bytes) -> Roster:
        end = content.find(b"\n") + 1 + _length(content)
        header, body = open_file(content[:end], self._verify, self._school, 0, 0)
        if header["base"]:
            return _roster(header, content[end:])
        if len(content) > end:
            raise RosterRefused("malformed", "more follows a snapshot in its slot")
        return _roster(header, body)

    def _verify(self, signature: bytes, message: bytes) -> bool:
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def _write(self, slot: str, file: bytes, body: bytes) -> None:
        """Put a slot in place at one instant: written beside it, synced, renamed, and the folder synced."""
        self._folder.mkdir(parents=True, exist_ok=True)
        new = self._folder / (slot + _NEW)
        try:
            with new.open("wb") as written:
                written.write(file)
                written.write(body)
                written.flush()
                os.fsync(written.fileno())
            new.replace(self._folder / slot)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Shelf:
    """The roster gone by, for everybody in the event loop; a newer one is verified and written in a thread."""

    def __init__(self, slots: Slots, roster: Roster | None) -> None:
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


def _roster(header: dict[str, object], body: bytes) -> Roster:
    """Return the roster of a verified header and the body it yields, if that is the one it promises."""
    if sha256(body).hexdigest() != header["digest"]:
        raise RosterRefused("digest", "its content is not what the header promises")
    return Roster(header_of(header), body)


def _length(content: bytes) -> int:
    """Return the length that the header in a slot names; it is verified afterwards."""
    try:
        length = json.loads(content.partition(b"\n")[0])["length"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise RosterRefused("malformed", "the first line is not a header") from None
    if not isinstance(length, int) or length < 0:
        raise RosterRefused("malformed", "the header has no proper length")
    return length
