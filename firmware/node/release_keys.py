"""The keys that may sign programs for this board, as whoever flashed it pinned them: `/release.pub`.

Rule: the file comes over the cable, never from a cloud, and no update changes it. Without it a board takes no updates.
A line is a public key of Ed25519 in 64 hex digits; any of them may have signed.
"""

import gc
from binascii import unhexlify

from firmware.node.steps import done
from schemas.release import CONTEXT, SIGNATURE_DIGITS

PINNED = "release.pub"
KEYS_MAX = 8  # an old one and a new one, with room to spare
_DIGITS = 64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.boot import Files


class ReleaseKeys:
    """The pinned keys. What checks signatures is loaded when there is one to check: a gate may have no other use."""

    def __init__(self, publics: "list[bytes]") -> None:
        self._publics = publics

    @property
    def are_pinned(self) -> bool:
        """Tell whether there is any."""
        return bool(self._publics)

    async def have_signed(self, file: bytes) -> bool:
        """Tell whether one of the keys has signed a manifest file (schemas/release.py), of which nothing is copied.

        It takes seconds on a board; everything else goes on meanwhile.
        """
        from firmware.node.ed25519 import Key, KeyRefused  # noqa: PLC0415

        try:
            signature = unhexlify(file[:SIGNATURE_DIGITS])
        except ValueError:
            return False
        if file[SIGNATURE_DIGITS : SIGNATURE_DIGITS + 1] != b"\n":
            return False
        body = memoryview(file)[SIGNATURE_DIGITS + 1 :]
        for public in self._publics:
            gc.collect()
            try:
                key = Key(public)
            except KeyRefused:
                continue
            if await done(key.verifying(body, signature, CONTEXT)):
                return True
        return False


def pinned(files: "Files") -> ReleaseKeys:
    """Return the keys of a board, none when it has no such file. Raises ValueError when that is no list of keys."""
    content = files.read(PINNED)
    return ReleaseKeys([] if content is None else read_keys(content))


def read_keys(content: bytes) -> "list[bytes]":
    """Return the keys in a file. Raises ValueError."""
    lines = [line for line in content.replace(b"\r", b"").split(b"\n") if line]
    if not 1 <= len(lines) <= KEYS_MAX:
        raise ValueError("1 to %d lines are wanted" % KEYS_MAX)
    if [line for line in lines if len(line) != _DIGITS]:
        raise ValueError("each line has %d hex digits" % _DIGITS)
    return [unhexlify(line) for line in lines]
