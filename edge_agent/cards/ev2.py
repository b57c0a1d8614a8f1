"""EV2 authentication and secure messaging with AES-128, as DESFire EV2, EV3 and NTAG 424 DNA speak it; no I/O.

Sources: NXP AN12343 (3, 4) and AN12196 (5, 6). LRP, the other mode of NTAG 424 DNA, is not supported: a chip that was
switched to it cannot be switched back, and proves itself to nobody here.

Rule: a card that answers wrongly is NotGenuine, whatever was wrong; nothing it says before that is believed.
"""

import hmac
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

from edge_agent.cards.aes import BLOCK, MAC_BYTES, ZEROS, cmac, decrypt, encrypt, padded, short_mac, unpadded

AUTHENTICATE_FIRST, AUTHENTICATE_NON_FIRST, MORE = 0x71, 0x77, 0xAF
_COMMAND, _ANSWER = b"\xa5\x5a", b"\x5a\xa5"
_ENCRYPTION, _MAC = b"\xa5\x5a\x00\x01\x00\x80", b"\x5a\xa5\x00\x01\x00\x80"
_TI_BYTES = 4
_COUNTER_MAX = 0xFFFF


class NotGenuine(Exception):
    """What answers does not hold the key it should; the message says where it showed, and names no key or number."""


class CommMode(Enum):
    """How a command and its answer are protected."""

    PLAIN = "plain"
    MAC = "mac"
    FULL = "full"  # data are encrypted too


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The two keys of a session."""

    encryption: bytes = field(repr=False)
    mac: bytes = field(repr=False)


def session_keys(key: bytes, rnd_a: bytes, rnd_b: bytes) -> SessionKeys:
    """Return the keys of a session from the key and both sides' 16 random bytes."""
    mixed = bytes(one ^ other for one, other in zip(rnd_a[2:8], rnd_b[:6], strict=True))
    context = rnd_a[:2] + mixed + rnd_b[6:] + rnd_a[8:]
    return SessionKeys(cmac(key, _ENCRYPTION + context), cmac(key, _MAC + context))


def rotated(random: bytes) -> bytes:
    """Return the bytes with the first one at the end: how each side shows that it could read the other's."""
    return random[1:] + random[:1]


def key_data(new: bytes, version: int, old: bytes | None) -> bytes:
    """Return what ChangeKey carries; `old` is None for the key that was authenticated with."""
    if old is None:
        return new + bytes([version])
    check = zlib.crc32(new) ^ 0xFFFFFFFF  # without the last inversion, lowest byte first (AN12196, 6.16.1)
    mixed = bytes(one ^ other for one, other in zip(new, old, strict=True))
    return mixed + bytes([version]) + check.to_bytes(4, "little")


class Channel:
    """A session's secure messaging, the reader's side. `counter` is how many commands it has carried."""

    def __init__(self, keys: SessionKeys, transaction: bytes, counter: int = 0) -> None:
        self.keys = keys
        self.transaction = transaction
        self.counter = counter

    def protect(self, code: int, header: bytes, plain: bytes, mode: CommMode) -> bytes:
        """Return what follows a command's code; the header goes unencrypted in any mode."""
        sealed = plain
        if mode is CommMode.FULL and plain:
            sealed = encrypt(self.keys.encryption, self._iv(_COMMAND), padded(plain))
        if mode is CommMode.PLAIN:
            return header + sealed
        return header + sealed + short_mac(self.keys.mac, bytes([code]) + self._context() + header + sealed)

    def open(self, status: int, answer: bytes, mode: CommMode) -> bytes:
        """Count the command and return the data of its answer; raise NotGenuine."""
        self.counter += 1
        if self.counter > _COUNTER_MAX:
            raise NotGenuine("the session is too long")
        if mode is CommMode.PLAIN:
            return answer
        sealed, told = answer[:-MAC_BYTES], answer[-MAC_BYTES:]
        if not hmac.compare_digest(told, short_mac(self.keys.mac, bytes([status]) + self._context() + sealed)):
            raise NotGenuine("an answer's check code is wrong")
        if mode is CommMode.MAC or not sealed:
            return sealed
        with _believing_nothing("an answer cannot be deciphered"):
            return unpadded(decrypt(self.keys.encryption, self._iv(_ANSWER), sealed))

    def _context(self) -> bytes:
        return self.counter.to_bytes(2, "little") + self.transaction

    def _iv(self, label: bytes) -> bytes:
        counter = self.counter.to_bytes(2, "little")
        return encrypt(self.keys.encryption, ZEROS, label + self.transaction + counter + bytes(8))


class Handshake:
    """One mutual authentication by a key, the reader's side."""

    def __init__(self, key: bytes, rnd_a: bytes) -> None:
        """Take 16 random bytes, drawn for this one handshake."""
        self._key = key
        self._rnd_a = rnd_a
        self._rnd_b = b""

    def respond(self, challenge: bytes) -> bytes:
        """Return the answer to a card's challenge of 16 bytes; raise NotGenuine."""
        if len(challenge) != BLOCK:
            raise NotGenuine("the challenge is not of 16 bytes")
        self._rnd_b = decrypt(self._key, ZEROS, challenge)
        return encrypt(self._key, ZEROS, self._rnd_a + rotated(self._rnd_b))

    def begin(self, answer: bytes) -> Channel:
        """Return the channel of a first authentication, once the card has proved the key; raise NotGenuine."""
        if len(answer) != 2 * BLOCK:
            raise NotGenuine("the answer is not of 32 bytes")
        plain = decrypt(self._key, ZEROS, answer)
        self._check(plain[_TI_BYTES : _TI_BYTES + BLOCK])
        return Channel(session_keys(self._key, self._rnd_a, self._rnd_b), plain[:_TI_BYTES])

    def go_on(self, answer: bytes, before: Channel) -> Channel:
        """Return the channel of a further authentication within a session; raise NotGenuine."""
        if len(answer) != BLOCK:
            raise NotGenuine("the answer is not of 16 bytes")
        self._check(decrypt(self._key, ZEROS, answer))
        return Channel(session_keys(self._key, self._rnd_a, self._rnd_b), before.transaction, before.counter)

    def _check(self, shown: bytes) -> None:
        if not hmac.compare_digest(shown, rotated(self._rnd_a)):
            raise NotGenuine("the card does not hold the key")


@contextmanager
def _believing_nothing(doubt: str) -> Iterator[None]:
    try:
        yield
    except ValueError:
        raise NotGenuine(doubt) from None
