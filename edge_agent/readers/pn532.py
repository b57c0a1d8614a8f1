"""A PN532 card reader on a serial line, polled in a thread of its own and reopened when it was lost."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor

from typing_extensions import override

from edge_agent.clock import Clock
from edge_agent.readers.chip import Chip, ChipTrouble
from edge_agent.readers.field import Field
from edge_agent.readers.nfcpy_opening import open_nfcpy
from edge_agent.readers.supervised import DeviceLost, SupervisedReader
from edge_agent.readers.tap import Medium, Tap

POLL_PAUSE_S = 0.05
TROUBLES_MAX = 3  # in a row; then the chip is opened anew


class Pn532Reader(SupervisedReader):
    """Yields a tap for every card that comes into the field.

    `open_chip` takes the line's path and returns a Chip, or raises ChipTrouble; it blocks, as the chip does.
    """

    def __init__(self, name: str, path: str, clock: Clock, open_chip: Callable[[str], Chip] = open_nfcpy) -> None:
        super().__init__(name, path, clock)
        self._open_chip = open_chip

    @override
    async def _session(self) -> AsyncGenerator[Tap, None]:
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"reader.{self._name}")
        opening = thread.submit(self._open_chip, self._path)
        try:
            chip = await asyncio.wrap_future(opening)
            self._found()
            field = Field()
            while True:
                seen = await self._sense(thread, chip)
                if uid := field.look(seen, self._clock.monotonic_ms()):
                    yield self._tap(uid, Medium.UID)
                await self._clock.sleep(POLL_PAUSE_S)
        except ChipTrouble as trouble:
            raise DeviceLost(str(trouble)) from None
        finally:
            # Waited for, so that the line is free before it is opened again.
            await asyncio.wrap_future(thread.submit(_close, opening))
            thread.shutdown(wait=False)

    async def _sense(self, thread: ThreadPoolExecutor, chip: Chip) -> bytes | None:
        for _ in range(TROUBLES_MAX - 1):
            try:
                return await asyncio.wrap_future(thread.submit(chip.sense))
            except ChipTrouble:
                self.counts.troubles += 1
        return await asyncio.wrap_future(thread.submit(chip.sense))


def _close(opening: Future[Chip]) -> None:
    """Close what was opened, if it was."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
