"""The card's side of EV2: mutual authentication and secure messaging, for DESFire EV2/EV3 and NTAG 424 DNA.

Written from NXP AN12343 and AN12196, apart from the reader's side: only AES itself is shared with it.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from random import Random

from edge_agent.cards.aes import BLOCK, MAC_BYTES, ZEROS, cmac, decrypt, encrypt, padded, short_mac, unpadded

FAILURES_IN_A_ROW_MAX, FAILURES_MAX, FORGIVEN_BY_SUCCESS = 50, 1_000, 10


class Status(IntEnum):
    """How a command ended, the second byte of a native answer's status word."""

    OK = 0x00
    NO_CHANGES = 0x0C
    ILLEGAL_COMMAND = 0x1C
    INTEGRITY_ERROR = 0x1E
    NO_SUCH_KEY = 0x40
    LENGTH_ERROR = 0x7E
    PERMISSION_DENIED = 0x9D
    PARAMETER_ERROR = 0x9E
    APPLICATION_NOT_FOUND = 0xA0
    AUTHENTICATION_DELAY = 0xAD
    AUTHENTICATION_ERROR = 0xAE
    MORE = 0xAF
    BOUNDARY_ERROR = 0xBE
    COMMAND_ABORTED = 0xCA
    DUPLICATE = 0xDE
    FILE_NOT_FOUND = 0xF0


class Declined(Exception):
    """A command that the card does not do; authentication is lost with it."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


@dataclass(slots=True)
class CardKey:
    """One key with its version, and how often it was tried in vain: in a row, and in all."""

    value: bytes = bytes(16)
    version: int = 0
    in_a_row: int = 0
    in_all: int = 0
    still_waits: int = 0

    def admit(self) -> None:
        """Raise Declined when the key may not be tried now: guesses cost more and more, and end at some time."""
        if self.in_all >= FAILURES_MAX:
            raise Declined(Status.PERMISSION_DENIED)
        if self.still_waits:
            self.still_waits -= 1
            raise Declined(Status.AUTHENTICATION_DELAY)

    def fail(self) -> None:
        """Count a try in vain; after fifty in a row each one costs answers of delay."""
        self.in_a_row += 1
        self.in_all += 1
        self.still_waits = max(0, self.in_a_row - FAILURES_IN_A_ROW_MAX + 1)

    def succeed(self) -> None:
        self.in_a_row = 0
        self.in_all = max(0, self.in_all - FORGIVEN_BY_SUCCESS)


@dataclass(slots=True)
class _Pending:
    """A challenge that was sent and not answered yet."""

    number: int
    key: CardKey
    rnd_b: bytes
    is_first: bool


@dataclass(slots=True)
class Session:
    """What a card knows of who talks to it; `number` is the key they proved."""

    rng: Random
    number: int | None = None
    _pending: _Pending | None = None
    _transaction: bytes = b""
    _counter: int = 0
    _encryption: bytes = field(default=b"", repr=False)
    _mac: bytes = field(default=b"", repr=False)

    @property
    def is_open(self) -> bool:
        return self.number is not None

    def end(self) -> None:
        """Forget who it was."""
        self.number = None
        self._pending = None
        self._transaction = b""

    def challenge(self, number: int, key: CardKey, *, is_first: bool) -> bytes:
        """Answer the first part of an authentication."""
        if not is_first and self.number is None:
            raise Declined(Status.ILLEGAL_COMMAND)
        key.admit()
        self._pending = _Pending(number, key, self.rng.randbytes(BLOCK), is_first)
        return encrypt(key.value, ZEROS, self._pending.rnd_b)

    @property
    def is_challenging(self) -> bool:
        return self._pending is not None

    def prove(self, response: bytes) -> bytes:
        """Answer the second part; raise Declined for a reader without the key."""
        pending, self._pending = self._pending, None
        if pending is None or len(response) != 2 * BLOCK:
            raise Declined(Status.LENGTH_ERROR)
        plain = decrypt(pending.key.value, ZEROS, response)
        rnd_a, shown = plain[:BLOCK], plain[BLOCK:]
        if shown != pending.rnd_b[1:] + pending.rnd_b[:1]:
            pending.key.fail()
            raise Declined(Status.AUTHENTICATION_ERROR)
        pending.key.succeed()
        self._begin(pending, rnd_a)
        turned = rnd_a[1:] + rnd_a[:1]
        capabilities = bytes(12)
        answer = self._transaction + turned + capabilities if pending.is_first else turned
        return encrypt(pending.key.value, ZEROS, answer)

    def unwrap(self, code: int, sent: bytes, header: int, *, is_encrypted: bool) -> bytes:
        """Return header and plain data of a protected command; raise Declined when it was tampered with."""
        body, told = sent[:-MAC_BYTES], sent[-MAC_BYTES:]
        if len(sent) < header + MAC_BYTES or told != short_mac(self._mac, bytes([code]) + self._context() + body):
            raise Declined(Status.INTEGRITY_ERROR)
        sealed = body[header:]
        if not is_encrypted or not sealed:
            return body
        if len(sealed) % BLOCK:
            raise Declined(Status.LENGTH_ERROR)
        try:
            plain = unpadded(decrypt(self._encryption, self._iv(b"\xa5\x5a"), sealed))
        except ValueError:
            raise Declined(Status.INTEGRITY_ERROR) from None
        return body[:header] + plain

    def wrap(self, plain: bytes, *, is_encrypted: bool) -> bytes:
        """Count the command and return its answer: protected, unless the command has ended the session."""
        if not self.is_open:
            return plain
        self._counter += 1
        sealed = encrypt(self._encryption, self._iv(b"\x5a\xa5"), padded(plain)) if is_encrypted and plain else plain
        return sealed + short_mac(self._mac, bytes([Status.OK]) + self._context() + sealed)

    def count(self) -> None:
        """Count a command that goes unprotected within the session."""
        self._counter += 1

    def _begin(self, pending: _Pending, rnd_a: bytes) -> None:
        if pending.is_first:
            self._transaction, self._counter = self.rng.randbytes(4), 0
        self.number = pending.number
        rnd_b = pending.rnd_b
        mixed = (int.from_bytes(rnd_a[2:8]) ^ int.from_bytes(rnd_b[:6])).to_bytes(6)
        both = b"\x00\x01\x00\x80" + rnd_a[:2] + mixed + rnd_b[6:] + rnd_a[8:]
        self._encryption = cmac(pending.key.value, b"\xa5\x5a" + both)
        self._mac = cmac(pending.key.value, b"\x5a\xa5" + both)

    def _context(self) -> bytes:
        return self._counter.to_bytes(2, "little") + self._transaction

    def _iv(self, label: bytes) -> bytes:
        told = label + self._transaction + self._counter.to_bytes(2, "little") + bytes(8)
        return encrypt(self._encryption, ZEROS, told)
