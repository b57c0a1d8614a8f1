"""What a card reader's chip is to the reader that polls it, and what some chips can do besides."""

import errno
from typing import Protocol, runtime_checkable

APDU_MAX = 261  # a short command: four bytes, a length, 255 bytes, a length (ISO/IEC 7816-4)


class ChipTrouble(Exception):
    """The chip did not answer as it should; the message says what was seen."""


class CardGone(Exception):
    """The card left the field, or fell silent, before it had said everything; the chip itself is well."""


class Chip(Protocol):
    """An opened chip. Every method may block for a second or so, and is called from one thread at a time."""

    def sense(self) -> bytes | None:
        """Return the UID of a card in the field (4, 7 or 10 bytes), None when there is none; raise ChipTrouble."""
        ...

    def close(self) -> None:
        """Let the line go, whatever state it is in; never raises."""
        ...


@runtime_checkable
class Conversing(Chip, Protocol):
    """What a Chip may be besides: one that carries APDUs to a card and back (ISO/IEC 14443-4).

    Every method may block for a second or so, in the thread that `sense` is called from. Between `hold` and `release`
    nothing else is asked of the chip; `release` follows every `hold`, whatever came between.
    """

    def hold(self) -> bytes | None:
        """Wake the card in the field for APDUs and keep it awake; return its UID.

        None when there is no card or it takes no APDUs. Raise ChipTrouble.
        """
        ...

    def exchange(self, apdu: bytes) -> bytes:
        """Send an APDU of at most APDU_MAX bytes; return the answer with its status word, at most 258 bytes.

        Raise CardGone when no answer comes: then `release`, and a later `hold` begins anew. Raise ChipTrouble.
        """
        ...

    def release(self) -> None:
        """Let the card go, so that `sense` sees it anew; raise ChipTrouble."""
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
