"""The two ways a head hangs on its agent: over the board's own USB, or over two wires and an UART; never waits."""

import select
import sys

CHUNK = 256
BREAK = b"\r\x03"  # what a person's tools say to stop a program; no frame of an agent that greets has it in it

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.drivers.given import Uart


class UartEnd:
    """`uart` is made with a timeout of 0."""

    def __init__(self, uart: "Uart") -> None:
        self.is_served = False
        self._uart = uart

    def read(self) -> bytes:
        """Return what has come."""
        return self._uart.read(CHUNK) or b""

    def write(self, content: bytes) -> None:
        self._uart.write(content)


class UsbEnd:
    """The board's console, taken for the agent: a byte 3 is a byte, and no wish to stop the program.

    Rule: while no agent serves this head (`is_served`), whoever says BREAK gets the console: so firmware is written.
    """

    def __init__(self) -> None:
        import micropython  # type: ignore[import-not-found]  # noqa: PLC0415  CPython has none

        self.is_served = False
        self._interrupt_by = micropython.kbd_intr
        self._interrupt_by(-1)
        self._last = b""
        self._ready = select.poll()
        self._ready.register(sys.stdin, select.POLLIN)

    def read(self) -> bytes:
        """Return what has come. Raises KeyboardInterrupt for BREAK."""
        found = b""
        while len(found) < CHUNK and self._ready.poll(0):
            one = sys.stdin.buffer.read(1)
            if not one:
                break
            found += one
        if not self.is_served and BREAK in self._last + found:
            self._interrupt_by(3)
            raise KeyboardInterrupt
        self._last = found[-1:] or self._last
        return found

    def write(self, content: bytes) -> None:
        sys.stdout.buffer.write(content)
