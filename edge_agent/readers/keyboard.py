"""A USB reader that pretends to be a keyboard, read from its Linux input device and kept from everybody else."""

import fcntl
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing

from typing_extensions import override

from edge_agent.clock import Clock
from edge_agent.readers.credentials import Spelling
from edge_agent.readers.descriptor import chunks
from edge_agent.readers.key_events import Typist
from edge_agent.readers.supervised import DeviceLost, SupervisedReader
from edge_agent.readers.tap import Tap

EVIOCGRAB = 0x4004_4590  # _IOW('E', 0x90, int), linux/input.h


class KeyboardReader(SupervisedReader):
    """Yields a tap for every line that the reader types and that spells a credential."""

    def __init__(self, name: str, path: str, clock: Clock, spelling: Spelling, *, grab: bool = True) -> None:
        super().__init__(name, path, clock)
        self._spelling = spelling
        self._grab = grab

    @override
    async def _session(self) -> AsyncGenerator[Tap, None]:
        descriptor = self._open()
        try:
            self._found()
            typist = Typist()
            async with aclosing(chunks(descriptor)) as arriving:
                async for chunk in arriving:
                    for line in typist.feed(chunk):
                        if credential := self._spelling.read(line):
                            yield self._tap(credential, self._spelling.medium)
                        else:
                            self._refuse()
                    self._refuse_lines(typist.lines)
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise DeviceLost(f"cannot be opened: {error.strerror}") from None
        try:
            if self._grab:
                fcntl.ioctl(descriptor, EVIOCGRAB, 1)
        except OSError as error:
            os.close(descriptor)
            raise DeviceLost(f"cannot be taken for this agent alone: {error.strerror}") from None
        return descriptor
