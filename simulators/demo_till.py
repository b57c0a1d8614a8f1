"""The till of a demonstration: its agent, a cashier who opens the shift, and the children who come in and eat."""

import asyncio
import heapq
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx2
from typing_extensions import override

from simulators.cards import card_make
from simulators.crowd import SHOWN_MS, Ending, Visit
from simulators.demo_agents import DemoAgent
from simulators.demo_street import Wires
from simulators.pn532 import Pn532Line

READER = "till"
OWN_PAGE = {"x-requested-by": "esik-till", "sec-fetch-site": "same-origin"}
PAUSE_S = 0.5
NEXT_S = 2.5  # between two trays
EATS_PER_HUNDRED = 70
HUNGRY_S = (25.0, 90.0)  # after how long who came in stands at the till


@dataclass(frozen=True, slots=True)
class Shift:
    """Who opens the till's shift, and by which PIN."""

    staff: str
    pin: str


@dataclass(frozen=True, slots=True)
class DemoTill(DemoAgent):
    """The till's agent, with the port of its screen and its reader."""

    page_port: int = 0
    reader: Path = Path()

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.page_port}"

    @property
    @override
    def readers(self) -> int:
        return 1

    @override
    def settings(self, wires: Wires) -> list[str]:
        return [
            *DemoAgent.settings(self, wires),  # a class with slots has no super() of this kind
            "[[readers]]", f'name = "{READER}"', 'driver = "pn532"', f'path = "{self.reader}"',
            "[till]", f"port = {self.page_port}", f'readers = ["{READER}"]', 'touches = "none"',
        ]  # fmt: skip

    async def open(self, client: httpx2.AsyncClient, shift: Shift) -> None:
        """Open the shift, as soon as the till knows its cashier."""
        while True:
            if await self._is_opened(client, shift):
                return
            await asyncio.sleep(PAUSE_S)

    async def _is_opened(self, client: httpx2.AsyncClient, shift: Shift) -> bool:
        touch = {"staff": shift.staff, "pin": shift.pin}
        try:
            return (await client.post(f"{self.page}/act/open", json=touch, headers=OWN_PAGE)).is_success
        except (httpx2.HTTPError, OSError):
            return False


class Lunch:
    """The line before the till; who comes in joins it a little later."""

    def __init__(
        self,
        reader: Pn532Line,
        eaters: Mapping[str, bytes],
        rng: Random,
        *,
        awaited: Collection[str] = (),
        factor: float = 1.0,
    ) -> None:
        """`eaters` gives the card of everybody who may eat; of these who is `awaited` does, and soon.

        `factor` tells how much quicker than life all goes.
        """
        self._reader = reader
        self._eaters = eaters
        self._rng = rng
        self._awaited = awaited
        self._factor = factor
        self._line: list[tuple[float, str]] = []
        self._came = asyncio.Event()

    def saw(self, visit: Visit) -> None:
        """Hear of somebody at a gate."""
        movement = visit.movement
        if visit.ending is not Ending.PASSED or movement.direction != "in" or movement.person not in self._eaters:
            return
        is_awaited = movement.person in self._awaited
        if is_awaited or self._rng.randrange(100) < EATS_PER_HUNDRED:
            hungry_s = HUNGRY_S[0] if is_awaited else self._rng.uniform(*HUNGRY_S)
            heapq.heappush(self._line, (_now_s() + hungry_s / self._factor, movement.person))
            self._came.set()

    async def serve(self) -> None:
        """Let them show their cards one after the other, for ever."""
        while True:
            if not self._line:
                self._came.clear()
                await self._came.wait()
            due_s, _ = self._line[0]
            if (wait_s := due_s - _now_s()) > 0:
                await asyncio.sleep(min(wait_s, PAUSE_S))
                continue
            _, person = heapq.heappop(self._line)
            self._reader.present(card_make(self._eaters[person].hex()), SHOWN_MS)
            await asyncio.sleep(max(NEXT_S / self._factor, 2 * SHOWN_MS / 1_000))


def _now_s() -> float:
    return asyncio.get_running_loop().time()
