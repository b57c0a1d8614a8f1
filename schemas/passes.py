"""Passes: a code on a phone or on paper that stands for a card for a while, signed by the school and read offline.

Rule: what is written here is what `schemas/pass_text.py` reads, on an agent and on a microcontroller.
"""

import json
from base64 import b32encode
from dataclasses import dataclass

from schemas.pass_text import PREFIX, VERSION, members


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
        said = (VERSION, self.school, self.ref, self.serial, self.last_s, int(self.is_single))
        return json.dumps(said, separators=(",", ":")).encode()


def write(body: bytes, signature: bytes) -> str:
    """Return the text of a code."""
    return PREFIX + b32encode(body + signature).decode().rstrip("=")


def parse(body: bytes) -> Pass:
    """Return what a body says, once its signature was found right. Raises PassRefused."""
    return Pass(*members(body))
