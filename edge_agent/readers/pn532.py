"""A PN532 card reader on a serial line, polled in a thread of its own and reopened when it was lost."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor

from typing_extensions import override

from edge_agent.clock import Clock
from edge_agent.readers.chip import CardGone, Chip, ChipTrouble, Conversing
from edge_agent.readers.nfcpy_opening import open_nfcpy
from edge_agent.readers.proving import Prover
from edge_agent.readers.supervised import DeviceLost, SupervisedReader
from edge_agent.readers.tap import Medium, Tap
from firmware.drivers.field import Field

POLL_PAUSE_S = 0.05
TROUBLES_MAX = 3  # in a row and over STALL_MS_MAX; then the chip is opened anew
STALL_MS_MAX = 1_000


class Pn532Reader(SupervisedReader):
    """Yields a tap for every card that comes into the field.

    `open_chip` takes the line's path and returns a Chip, or raises ChipTrouble; it blocks, as the chip does. `prover`
    asks a card that can prove itself to do so; without one every card is its UID.
    """

    def __init__(
        self,
        name: str,
        path: str,
        clock: Clock,
        open_chip: Callable[[str], Chip] = open_nfcpy,
        prover: Prover | None = None,
    ) -> None:
        super().__init__(name, path, clock)
        self._open_chip = open_chip
        self._prover = prover
        self._field = Field()

    @override
    async def _session(self) -> AsyncGenerator[Tap, None]:
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"reader.{self._name}")
        opening = thread.submit(self._open_chip, self._path)
        try:
            chip = await asyncio.wrap_future(opening)
            self._found()
            while True:
                seen = await self._sense(thread, chip)
                uid = self._field.look(seen, self._clock.monotonic_ms())
                if uid is not None and (tap := await self._told(thread, chip, uid)):
                    yield tap
                elif uid is not None:
                    self._field.forget()  # nothing came of this card: at the next look it is a new one
                await self._clock.sleep(POLL_PAUSE_S)
        except ChipTrouble as trouble:
            raise DeviceLost(str(trouble)) from None
        finally:
            # Waited for, so that the line is free before it is opened again.
            await asyncio.wrap_future(thread.submit(_close, opening))
            thread.shutdown(wait=False)

    async def _told(self, thread: ThreadPoolExecutor, chip: Chip, uid: bytes) -> Tap | None:
        """Return what a card is, after it proved it where it can; None when it left before it had."""
        if self._prover is None or not isinstance(chip, Conversing):
            return self._tap(uid, Medium.UID)
        try:
            proof = await asyncio.wrap_future(thread.submit(self._prover.prove, chip))
        except CardGone:
            return None
        except ChipTrouble:
            self.counts.troubles += 1
            return None
        if proof is None:
            return self._tap(uid, Medium.UID)
        return self._tap(proof.credential, proof.medium, proof.flaw)

    async def _sense(self, thread: ThreadPoolExecutor, chip: Chip) -> bytes | None:
        """Look once; wait out a stall of the line or the machine, since to open the chip anew takes half a second."""
        began_ms, troubles = self._clock.monotonic_ms(), 0
        while True:
            try:
                return await asyncio.wrap_future(thread.submit(chip.sense))
            except ChipTrouble:
                troubles += 1
                if troubles >= TROUBLES_MAX and self._clock.monotonic_ms() - began_ms >= STALL_MS_MAX:
                    raise
            self.counts.troubles += 1
            if troubles >= TROUBLES_MAX:
                await self._clock.sleep(POLL_PAUSE_S)


def _close(opening: Future[Chip]) -> None:
    """Close what was opened, if it was."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
