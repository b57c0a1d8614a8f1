"""The text of a pass, and what stands in it. The same file runs on CPython and MicroPython.

Rule: a pass is the text "ESIK:" and, in base32 without padding, a body and its Ed25519 signature by the school's key
for rosters. The signature is over the words below and the body. All letters are of a QR code's alphanumeric kind. There
is one text for a body and a signature, and no other is read.

The body is JSON, compact: [1, school, person reference, serial, last second (of Unix time), 1 if good for one use].
"""

import json

VERSION = 1
PREFIX = "ESIK:"
SIGNED = b"esik/v1/pass\n"  # no other text that this key signs begins so
SIGNATURE_BYTES = 64
TEXT_MAX = 400
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # RFC 4648, 6
_MEMBERS = (int, str, str, str, int, int)


class PassRefused(ValueError):
    """The text is no pass of this form."""


def read(text: str) -> "tuple[bytes, bytes]":
    """Return body and signature of a text, unchecked. Raises PassRefused."""
    if not text.startswith(PREFIX) or len(text) > TEXT_MAX:
        raise PassRefused("it does not begin as a pass does, or is too long")
    signed = _decoded(text[len(PREFIX) :])
    if len(signed) <= SIGNATURE_BYTES:
        raise PassRefused("it has no body")
    return signed[:-SIGNATURE_BYTES], signed[-SIGNATURE_BYTES:]


def members(body: bytes) -> "tuple[str, str, str, int, bool]":
    """Return (school, reference, serial, last second, good for one use) of a body whose signature was found right.

    Raises PassRefused.
    """
    try:
        found = json.loads(body)
    except (ValueError, RuntimeError):  # CPython's RecursionError is a RuntimeError.
        raise PassRefused("its body is not JSON") from None
    if not isinstance(found, list) or len(found) < len(_MEMBERS) or found[0] != VERSION:
        raise PassRefused("its body is not of this version")
    if not all(type(member) is kind for member, kind in zip(found, _MEMBERS)):
        raise PassRefused("its body has other members")
    return found[1], found[2], found[3], found[4], bool(found[5])


def _decoded(letters: str) -> bytes:
    """Return the bytes that base32 without padding says. Raises PassRefused."""
    content, held, bits = bytearray(), 0, 0
    for letter in letters:
        value = _LETTERS.find(letter)
        if value < 0:
            raise PassRefused("it is not base32")
        held, bits = (held << 5 | value) & 0xFFF, bits + 5
        if bits >= 8:
            bits -= 8
            content.append(held >> bits & 0xFF)
    if bits >= 5 or held & ((1 << bits) - 1):
        raise PassRefused("it is not base32 to its end")
    return bytes(content)
