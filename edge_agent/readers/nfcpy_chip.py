"""A PN532 driven by nfcpy.

nfcpy switches the chip to 921,600 baud and never finds it again when the program was killed in between: the next one
speaks 115,200 to it. So a chip that does not answer is looked for at the other speeds and called back.
"""

import logging
import termios
from typing import Any

import nfc
import nfc.clf.pn53x
import nfc.clf.pn532
import nfc.clf.transport
import nfc.tag.tt4

from edge_agent.readers.chip import CardGone, ChipTrouble, line_trouble
from edge_agent.readers.pn532_speed import call_back

# It logs card numbers when it is debugged, and every trouble that is reported here in other words.
logging.getLogger("nfc").setLevel(logging.CRITICAL)

# What nfcpy lets through: of the line (a pulled cable is a termios.error), of frames cut short, of the chip.
_TROUBLES = (OSError, termios.error, IndexError, nfc.clf.pn53x.Chipset.Error)
_SILENCES = (nfc.clf.CommunicationError, nfc.tag.TagCommandError)  # of the card
_TAKES_APDUS = 0x20  # in SEL_RES


class NfcpyChip:
    """An opened chip."""

    def __init__(self, line: Any, device: Any) -> None:
        self._line = line
        self._frontend = nfc.ContactlessFrontend()
        self._frontend.device = device
        self._target = nfc.clf.RemoteTarget("106A")
        self._tag: Any = None

    def sense(self) -> bytes | None:
        found = self._sense()
        return bytes(found.sdd_res) if found is not None and found.sdd_res else None

    def hold(self) -> bytes | None:
        found = self._sense()
        if found is None or not found.sdd_res or not found.sel_res[0] & _TAKES_APDUS:
            return None
        try:
            self._tag = nfc.tag.tt4.Type4ATag(self._frontend, found)
        except _SILENCES:
            return None
        except _TROUBLES as error:
            raise ChipTrouble(line_trouble(error)) from None
        return bytes(found.sdd_res)

    def exchange(self, apdu: bytes) -> bytes:
        assert self._tag is not None, "a card must be held first"  # noqa: S101
        try:
            return bytes(self._tag.transceive(apdu))
        except _SILENCES:
            raise CardGone("the card fell silent") from None
        except _TROUBLES as error:
            raise ChipTrouble(line_trouble(error)) from None

    def release(self) -> None:
        """Leave the rest to the next look, which begins with the field switched off."""
        self._tag = None

    def _sense(self) -> Any:
        try:
            return self._frontend.sense(self._target, iterations=1)
        except _TROUBLES as error:
            raise ChipTrouble(line_trouble(error)) from None

    def close(self) -> None:
        try:
            self._frontend.close()
        except _TROUBLES:
            pass
        finally:
            _let_go(self._line)


def open_chip(path: str) -> NfcpyChip:
    """Open the PN532 on a serial line; raise ChipTrouble when there is none that answers."""
    try:
        return _open(path)
    except ChipTrouble:
        if not call_back(path):
            raise
    return _open(path)


def _open(path: str) -> NfcpyChip:
    line = None
    try:
        line = nfc.clf.transport.TTY(path)
        device = nfc.clf.pn532.init(line)
        device._path = path  # noqa: SLF001  what nfcpy itself does after init
        return NfcpyChip(line, device)
    except _TROUBLES as error:
        _let_go(line)
        raise ChipTrouble(line_trouble(error)) from None


def _let_go(line: Any) -> None:
    """Close the serial line even when it is gone, so that its descriptor is not leaked."""
    tty = line.tty if line is not None else None
    if tty is not None:
        line.tty = None
        tty.close()
