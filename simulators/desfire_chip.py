"""What DESFire and NTAG 424 DNA have in common: native commands in APDUs, keys with versions, protected answers.

A chip keeps its memory when it leaves the field, and forgets who it talked to.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from random import Random

from simulators.desfire_session import CardKey, Declined, Session, Status

NATIVE, ISO = 0x90, 0x00
FREE, NEVER = 0xE, 0xF


class Protection(Enum):
    """How a command and its answer are protected once somebody is authenticated."""

    PLAIN = 0
    MAC = 1
    FULL = 3


@dataclass(slots=True)
class DataFile:
    """A standard data file; rights are key numbers, FREE or NEVER."""

    content: bytearray
    protection: Protection
    read: int
    write: int
    read_write: int
    change: int

    @property
    def rights(self) -> bytes:
        """The two bytes that commands write rights by."""
        return bytes([self.read_write << 4 | self.change, self.read << 4 | self.write])

    def set_rights(self, told: bytes) -> None:
        """Take them."""
        self.read_write, self.change = told[0] >> 4, told[0] & 0xF
        self.read, self.write = told[1] >> 4, told[1] & 0xF


Verb = Callable[[bytes], bytes]


@dataclass(slots=True)
class Native:
    """One native command: what does it, how long its unencrypted header is, and how it is protected in a session.

    Without a protection of its own it has that of the file which its first byte names.
    """

    verb: Verb
    header: int
    protection: Protection | None


class Chip:
    """One chip. `transmit` answers an APDU; `uid` is its own, whatever anticollision says."""

    def __init__(self, uid: bytes, rng: Random, *, has_random_uid: bool = False) -> None:
        self.uid = uid
        self.has_random_uid = has_random_uid
        self.session = Session(rng)
        self.said = 0  # APDUs heard so far
        self._more: list[bytes] = []

    # What a family of chips is

    @property
    def keys(self) -> list[CardKey]:
        """The keys of what is selected; none where there are none by AES."""
        raise NotImplementedError

    @property
    def hardware(self) -> bytes:
        """The seven bytes of hardware and of software that GetVersion begins with."""
        raise NotImplementedError

    def file(self, number: int) -> DataFile:
        """Return a file of what is selected; raise Declined."""
        raise NotImplementedError

    def commands(self) -> dict[int, Native]:
        """Return the native commands besides those of authentication."""
        return {
            0x51: Native(self._get_card_uid, 0, Protection.FULL),
            0x64: Native(self._get_key_version, 1, Protection.MAC),
            0xF5: Native(self._get_file_settings, 1, Protection.MAC),
            0x8D: Native(self._write, 7, None),
            0xAD: Native(self._read, 7, None),
            0xBD: Native(self._read, 7, None),
            0xC4: Native(self._change_key, 1, Protection.FULL),
        }

    def iso(self, apdu: bytes) -> bytes:
        """Answer a command of ISO/IEC 7816-4."""
        raise NotImplementedError

    # What happens to it

    def lose_power(self) -> None:
        """Leave the field."""
        self.session.end()
        self._more.clear()

    def transmit(self, apdu: bytes) -> bytes:
        """Answer an APDU, status word included."""
        self.said += 1
        if len(apdu) < 4:
            return b"\x67\x00"
        if apdu[0] == ISO:
            return self.iso(apdu)
        if apdu[0] != NATIVE:
            return b"\x6e\x00"
        sent = apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
        try:
            return self._native(apdu[1], sent)
        except Declined as declined:
            self.session.end()
            self._more.clear()
            return bytes([0x91, declined.status])

    def _native(self, code: int, sent: bytes) -> bytes:
        if code == 0xAF:
            return self._go_on(sent)
        self._more.clear()
        if code in {0x71, 0x77}:
            number = _first(sent)
            challenge = self.session.challenge(number, self.key(number), is_first=code == 0x71)
            return challenge + bytes([0x91, Status.MORE])
        if code == 0x60:
            return self._get_version()
        if code not in (known := self.commands()):
            raise Declined(Status.ILLEGAL_COMMAND)
        return self._do(code, known[code], sent) + bytes([0x91, Status.OK])

    def _do(self, code: int, native: Native, sent: bytes) -> bytes:
        """Do a command under the protection that it has while somebody is authenticated."""
        if not self.session.is_open:
            return native.verb(sent)
        protection = native.protection or self.file(_first(sent)).protection
        if protection is Protection.PLAIN:
            self.session.count()
            return native.verb(sent)
        is_encrypted = protection is Protection.FULL
        plain = self.session.unwrap(code, sent, native.header, is_encrypted=is_encrypted)
        return self.session.wrap(native.verb(plain), is_encrypted=is_encrypted)

    def _go_on(self, sent: bytes) -> bytes:
        if self.session.is_challenging:
            return self.session.prove(sent) + bytes([0x91, Status.OK])
        if not self._more:
            raise Declined(Status.COMMAND_ABORTED)
        part = self._more.pop(0)
        return part + bytes([0x91, Status.MORE if self._more else Status.OK])

    def key(self, number: int) -> CardKey:
        """Return a key of what is selected; raise Declined."""
        if number >= len(self.keys):
            raise Declined(Status.NO_SUCH_KEY if self.keys else Status.AUTHENTICATION_ERROR)
        return self.keys[number]

    def require(self, *rights: int) -> None:
        """Raise Declined unless one of the rights is free or was proven."""
        if not {FREE, self.session.number} & {right for right in rights if right != NEVER}:
            raise Declined(Status.PERMISSION_DENIED)

    # Commands that both families have

    def _get_version(self) -> bytes:
        shown = bytes(7) if self.has_random_uid else self.uid
        parts = [self.hardware[:7], self.hardware[7:], shown + bytes.fromhex("ba5eba11ca") + bytes.fromhex("2326")]
        self._more = parts[1:]
        return parts[0] + bytes([0x91, Status.MORE])

    def _get_card_uid(self, _sent: bytes) -> bytes:
        if self.session.number is None:
            raise Declined(Status.AUTHENTICATION_ERROR)
        return self.uid

    def _get_key_version(self, sent: bytes) -> bytes:
        return bytes([self.key(_first(sent)).version])

    def _read(self, sent: bytes) -> bytes:
        found = self.file(_first(sent))
        if len(sent) != 7:
            raise Declined(Status.LENGTH_ERROR)
        self.require(found.read, found.read_write)
        begin, length = three(sent[1:4]), three(sent[4:7])
        end = begin + length if length else len(found.content)
        if end > len(found.content):
            raise Declined(Status.BOUNDARY_ERROR)
        return self.shown(found)[begin:end]

    def shown(self, found: DataFile) -> bytes:
        """Return a file as it is read."""
        return bytes(found.content)

    def _write(self, sent: bytes) -> bytes:
        found = self.file(_first(sent))
        if len(sent) < 7 or three(sent[4:7]) != len(sent) - 7:
            raise Declined(Status.LENGTH_ERROR)
        self.require(found.write, found.read_write)
        begin, content = three(sent[1:4]), sent[7:]
        if begin + len(content) > len(found.content):
            raise Declined(Status.BOUNDARY_ERROR)
        found.content[begin : begin + len(content)] = content
        return b""

    def _get_file_settings(self, sent: bytes) -> bytes:
        found = self.file(_first(sent))
        mirrored, more = self.mirrored_settings(found)
        return (
            bytes([0, mirrored | found.protection.value])
            + found.rights
            + len(found.content).to_bytes(3, "little")
            + more
        )

    def mirrored_settings(self, _found: DataFile) -> tuple[int, bytes]:
        """Return what the settings of a file tell about mirroring: a bit of the options, and what follows the size."""
        return 0, b""

    def _change_key(self, sent: bytes) -> bytes:
        """Change a key, on the word of key 0."""
        if self.session.number != 0:
            raise Declined(Status.PERMISSION_DENIED if self.session.number is not None else Status.AUTHENTICATION_ERROR)
        number, told = _first(sent), sent[1:]
        key = self.key(number)
        if number == self.session.number:
            if len(told) != 17:
                raise Declined(Status.LENGTH_ERROR)
            key.value, key.version = told[:16], told[16]
            self.session.end()  # what the session stood on is gone
            return b""
        if len(told) != 21:
            raise Declined(Status.LENGTH_ERROR)
        new = bytes(one ^ other for one, other in zip(told[:16], key.value, strict=True))
        if zlib.crc32(new) ^ 0xFFFFFFFF != int.from_bytes(told[17:], "little"):
            raise Declined(Status.INTEGRITY_ERROR)
        key.value, key.version = new, told[16]
        return b""


def _first(sent: bytes) -> int:
    if not sent:
        raise Declined(Status.LENGTH_ERROR)
    return sent[0]


def three(number: bytes) -> int:
    """Return a number of three bytes, lowest first, as commands give places and lengths."""
    return int.from_bytes(number, "little")
