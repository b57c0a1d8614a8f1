"""Passes: a code on a phone or on paper that stands for a card for a while, signed by the school and read offline.

Rule: a pass is the text "ESIK:" and, in base32 without padding, a body and its Ed25519 signature by the school's key
for rosters. The signature is over the words below and the body. All letters are of a QR code's alphanumeric kind.

The body is JSON, compact: [1, school, person reference, serial, last second (of Unix time), 1 if good for one use].
"""

import json
from base64 import b32decode, b32encode
from dataclasses import dataclass

VERSION = 1
PREFIX = "ESIK:"
SIGNED = b"esik/v1/pass\n"  # no other text that this key signs begins so
SIGNATURE_BYTES = 64
TEXT_MAX = 400
_MEMBERS = (int, str, str, str, int, int)


class PassRefused(ValueError):
    """The text is no pass of this form."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Whose it is and how long it is good. `serial` is 16 hex digits, drawn for each pass."""

    school: str
    ref: str
    serial: str
    last_s: int
    is_single: bool

    def body(self) -> bytes:
        """Return the bytes of the body; what is signed is `SIGNED` and these."""
        members = (VERSION, self.school, self.ref, self.serial, self.last_s, int(self.is_single))
        return json.dumps(members, separators=(",", ":")).encode()


def write(body: bytes, signature: bytes) -> str:
    """Return the text of a code."""
    return PREFIX + b32encode(body + signature).decode().rstrip("=")


def read(text: str) -> tuple[bytes, bytes]:
    """Return body and signature of a text, unchecked. Raises PassRefused."""
    if not text.startswith(PREFIX) or len(text) > TEXT_MAX:
        raise PassRefused("it does not begin as a pass does, or is too long")
    letters = text[len(PREFIX) :]
    try:
        signed = b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError:
        raise PassRefused("it is not base32") from None
    if len(signed) <= SIGNATURE_BYTES:
        raise PassRefused("it has no body")
    return signed[:-SIGNATURE_BYTES], signed[-SIGNATURE_BYTES:]


def parse(body: bytes) -> Pass:
    """Return what a body says, once its signature was found right. Raises PassRefused."""
    try:
        members = json.loads(body)
    except ValueError:
        raise PassRefused("its body is not JSON") from None
    if not isinstance(members, list) or len(members) < len(_MEMBERS) or members[0] != VERSION:
        raise PassRefused("its body is not of this version")
    if not all(type(member) is kind for member, kind in zip(members, _MEMBERS, strict=False)):
        raise PassRefused("its body has other members")
    _, school, ref, serial, last_s, is_single = members[: len(_MEMBERS)]
    return Pass(school, ref, serial, last_s, bool(is_single))
