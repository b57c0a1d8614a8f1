"""An ESC/POS receipt printer; this module alone knows python-escpos, which writes what such printers read."""

import socket
from collections.abc import Sequence
from pathlib import Path

from escpos.printer import Dummy

PORT = 9100  # raw printing
TIMEOUT_S = 5.0
# Printers know no Kazakh letters: the nearest ones stand for them, as on every receipt of the country.
_NEAREST = str.maketrans("ӘәҒғҚқҢңӨөҰұҮүҺһІі\N{NARROW NO-BREAK SPACE}\N{MINUS SIGN}×–—", "АаГгКкНнОоУуУуХхИи -x--")


class EscposPrinter:
    """A printer at a device's path, `host` or `host:port`; opened anew for each receipt, so that it may be away."""

    def __init__(self, place: str) -> None:
        self._place = place

    def print(self, lines: Sequence[str]) -> None:
        """Print and cut. Raises OSError."""
        sent = written(lines)
        if self._place.startswith("/"):
            with Path(self._place).open("ab", buffering=0) as device:
                device.write(sent)
            return
        host, _, port = self._place.partition(":")
        address = host, int(port) if port.isdecimal() else PORT
        with socket.create_connection(address, TIMEOUT_S) as printer:
            printer.sendall(sent)


def written(lines: Sequence[str]) -> bytes:
    """Return what a printer is sent for some lines and a cut, in whichever code pages it needs."""
    made = Dummy()
    made.text("\n".join(line.translate(_NEAREST) for line in lines) + "\n")
    made.cut()
    output: bytes = made.output
    return output
