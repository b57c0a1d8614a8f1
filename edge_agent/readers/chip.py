"""What a card reader's chip is to the reader that polls it."""

import errno
from typing import Protocol


class ChipTrouble(Exception):
    """The chip did not answer as it should; the message says what was seen."""


class Chip(Protocol):
    """An opened chip. Every method may block for a second or so, and is called from one thread at a time."""

    def sense(self) -> bytes | None:
        """Return the UID of a card in the field (4, 7 or 10 bytes), None when there is none; raise ChipTrouble."""
        ...

    def close(self) -> None:
        """Let the line go, whatever state it is in; never raises."""
        ...


def line_trouble(error: Exception) -> str:
    """Say what is wrong with a chip's line and, where it is known, what to do."""
    match getattr(error, "errno", None):
        case errno.ENOENT:
            return "there is no such device: is the cable in, and is the path right?"
        case errno.EACCES:
            return "permission denied: the agent's user must be in the group that owns the device (dialout)"
        case errno.ENODEV:
            return "no PN532 answers on this line: is it set to UART, and wired TX to RX?"
        case _:
            return f"{type(error).__name__}: {error}"[:120]
