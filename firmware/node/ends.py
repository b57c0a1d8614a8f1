"""The two ways a head hangs on its agent: over the board's own USB, or over two wires and an UART; never waits."""

import select
import sys

CHUNK = 256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.drivers.given import Uart


class UartEnd:
    """`uart` is made with a timeout of 0."""

    def __init__(self, uart: "Uart") -> None:
        self._uart = uart

    def read(self) -> bytes:
        """Return what has come."""
        return self._uart.read(CHUNK) or b""

    def write(self, content: bytes) -> None:
        self._uart.write(content)


class UsbEnd:
    """The board's console, taken for the agent: a byte 3 is a byte, and no wish to stop the program."""

    def __init__(self) -> None:
        import micropython  # type: ignore[import-not-found]  # noqa: PLC0415  CPython has none

        micropython.kbd_intr(-1)
        self._ready = select.poll()
        self._ready.register(sys.stdin, select.POLLIN)

    def read(self) -> bytes:
        """Return what has come."""
        found = b""
        while len(found) < CHUNK and self._ready.poll(0):
            found += sys.stdin.buffer.read(1)
        return found

    def write(self, content: bytes) -> None:
        sys.stdout.buffer.write(content)
