"""SUN messages of NTAG 424 DNA: a link that a chip writes anew at each reading (NXP AN12196, 3 and 4); pure.

A message names the chip and how often it was read, encrypted and with a check code. It cannot be made without the
keys, but it can be carried: one that was caught and never shown is good once. So the last count is to be kept.
"""

import hmac
import re
from dataclasses import dataclass

from edge_agent.cards.aes import ZEROS, cmac, decrypt, short_mac
from edge_agent.cards.ev2 import NotGenuine

UID_BYTES = 7
COUNTER_BYTES = 3
URL_MAX = 256
_BOTH_MIRRORED = 0xC7  # the tag of the encrypted part: a UID of seven bytes, and the counter
_FILE_ENCRYPTION, _FILE_MAC = b"\xc3\x3c\x00\x01\x00\x80", b"\x3c\xc3\x00\x01\x00\x80"
_MESSAGE = re.compile(r"[?&]e=([0-9A-Fa-f]{32})&c=([0-9A-Fa-f]{16})")


@dataclass(frozen=True, slots=True)
class Message:
    """What a link carries: the encrypted part and the check code."""

    sealed: bytes
    code: bytes


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What the encrypted part says, before the check code was tried: believe it only afterwards."""

    uid: bytes
    counter: int


def read_link(link: str) -> Message | None:
    """Return the message in a link, None when it holds none."""
    found = _MESSAGE.search(link[:URL_MAX])
    return Message(bytes.fromhex(found[1]), bytes.fromhex(found[2])) if found is not None else None


def mirrored(meta_key: bytes, message: Message) -> Mirrored | None:
    """Return what was encrypted by the key of a school's chips; None when it was another key."""
    plain = decrypt(meta_key, ZEROS, message.sealed)
    if plain[0] != _BOTH_MIRRORED:
        return None
    end = 1 + UID_BYTES + COUNTER_BYTES
    return Mirrored(plain[1 : 1 + UID_BYTES], int.from_bytes(plain[1 + UID_BYTES : end], "little"))


def session_mac_key(file_key: bytes, said: Mirrored) -> bytes:
    """Return the key of one reading's check code."""
    return cmac(file_key, _FILE_MAC + _context(said))


def session_encryption_key(file_key: bytes, said: Mirrored) -> bytes:
    """Return the key that mirrored file data are encrypted by; our cards mirror none."""
    return cmac(file_key, _FILE_ENCRYPTION + _context(said))


def check(file_key: bytes, said: Mirrored, message: Message) -> None:
    """Raise NotGenuine unless the chip's own key made the check code; nothing of the link itself goes into it."""
    if not hmac.compare_digest(message.code, short_mac(session_mac_key(file_key, said), b"")):
        raise NotGenuine("the link's check code is wrong")


def _context(said: Mirrored) -> bytes:
    return said.uid + said.counter.to_bytes(COUNTER_BYTES, "little")
