"""The personalisation station: cards are put on a reader one after another, made the school's, and listed.

Rule: a card counts once it has proved itself. One that was pulled away, or could not be made, is said so and costs
nothing: put back, it is finished.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from edge_agent.cards.making import CardNotMade, Made, Maker
from edge_agent.clock import Clock
from edge_agent.readers.chip import CardGone, ChipTrouble, Conversing
from edge_agent.readers.tap import is_random

LOOK_PAUSE_S = 0.05
GONE_LOOKS = 3  # without the card, until the next one is waited for
TROUBLES_MAX = 5  # of the reader in a row, until it is given up
PULLED = "it was pulled away before it was finished: put it back"
STUMBLED = "the reader did not answer: leave the card where it is"
SILENT = "it takes no commands: it is no card that can prove itself"


@dataclass(frozen=True, slots=True)
class Failed:
    """A card that is not the school's yet; the text says why, and what to do."""

    reason: str


class Station:
    """One reader of a station. The chip is asked in a thread, as it blocks."""

    def __init__(self, chip: Conversing, maker: Maker, clock: Clock) -> None:
        self._chip = chip
        self._maker = maker
        self._clock = clock

    async def cards(self) -> AsyncGenerator[Made | Failed, None]:
        """Yield what became of each card that was put on, for as long as anybody listens. Raises ChipTrouble."""
        while True:
            shown = await self._wait_for_card()
            outcome = await self._make()
            yield outcome
            if outcome not in {Failed(PULLED), Failed(STUMBLED)}:
                await self._wait_for_another(shown)

    async def _make(self) -> Made | Failed:
        try:
            return await asyncio.to_thread(self._maker.make, self._chip) or Failed(SILENT)
        except CardNotMade as refused:
            return Failed(str(refused))
        except CardGone:
            return Failed(PULLED)
        except ChipTrouble:
            return Failed(STUMBLED)

    async def _sense(self) -> bytes | None:
        """Look once, and again while the reader stumbles; raise ChipTrouble when it goes on to."""
        for _ in range(TROUBLES_MAX - 1):
            try:
                return await asyncio.to_thread(self._chip.sense)
            except ChipTrouble:
                await self._clock.sleep(LOOK_PAUSE_S)
        return await asyncio.to_thread(self._chip.sense)

    async def _wait_for_card(self) -> bytes:
        while (shown := await self._sense()) is None:
            await self._clock.sleep(LOOK_PAUSE_S)
        return shown

    async def _wait_for_another(self, before: bytes) -> None:
        """Wait until the card is away, or another lies there; of two with random UIDs nobody can tell."""
        misses = 0
        while misses < GONE_LOOKS:
            shown = await self._sense()
            if shown is not None and shown != before and not is_random(shown):
                return
            misses = misses + 1 if shown is None else 0
            await self._clock.sleep(LOOK_PAUSE_S)
