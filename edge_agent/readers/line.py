"""A reader or scanner that sends lines of text: over a serial line, a named pipe, or standard input."""

import os
import termios
import tty
from codecs import getincrementaldecoder
from collections.abc import AsyncGenerator
from contextlib import aclosing

from typing_extensions import override

from edge_agent.clock import Clock
from edge_agent.readers.credentials import Spelling
from edge_agent.readers.descriptor import chunks
from edge_agent.readers.lines import Lines
from edge_agent.readers.supervised import DeviceLost, SupervisedReader
from edge_agent.readers.tap import Tap

STANDARD_INPUT = "/dev/stdin"
_Utf8Decoder = getincrementaldecoder("utf-8")


class LineReader(SupervisedReader):
    """Yields a tap for every line that spells a credential."""

    def __init__(self, name: str, path: str, clock: Clock, spelling: Spelling, *, baud: int = 9_600) -> None:
        super().__init__(name, path, clock)
        self._spelling = spelling
        self._baud = baud

    @override
    async def _session(self) -> AsyncGenerator[Tap, None]:
        descriptor = self._open()
        try:
            self._found()
            lines, decoder = Lines(), _Utf8Decoder(errors="replace")
            async with aclosing(chunks(descriptor)) as arriving:
                async for chunk in arriving:
                    now_ms = self._clock.monotonic_ms()
                    for character in decoder.decode(chunk):
                        if line := lines.add(character, now_ms):
                            if credential := self._spelling.read(line):
                                yield self._tap(credential, self._spelling.medium)
                            else:
                                self._refuse()
                    self._refuse_lines(lines)
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        """Open for writing too: so a named pipe does not end when the last writer goes, and a modem line stays up."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise DeviceLost(f"cannot be opened: {error.strerror}") from None
        try:
            if os.isatty(descriptor) and self._path != STANDARD_INPUT:
                _set_serial(descriptor, self._baud)
        except termios.error as error:
            os.close(descriptor)
            raise DeviceLost(f"cannot be set to {self._baud} baud: {error}") from None
        return descriptor


def _set_serial(descriptor: int, baud: int) -> None:
    """Make a serial line raw, 8N1, without flow control."""
    tty.setraw(descriptor)
    attributes = termios.tcgetattr(descriptor)
    attributes[2] |= termios.CLOCAL | termios.CREAD
    attributes[4] = attributes[5] = getattr(termios, f"B{baud}")
    termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
