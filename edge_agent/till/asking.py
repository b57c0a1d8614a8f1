"""Claims over the hub's broker: a till asks, the hub answers; where the till is the hub itself, it asks itself.

Rule: nobody waits longer than the settings say. A later answer is not heard, and its grant lapses at the hub.
"""

import asyncio
from random import Random
from typing import Protocol

from edge_agent.till.claiming import HubDesk
from edge_agent.till.claims import Claim, Outcome
from schemas.structs import ClaimAsk, ClaimTold, Frame

ASKED_MAX = 64


class HubLine(Protocol):
    """The way to the hub: its broker, as this agent is connected to it."""

    @property
    def is_hub(self) -> bool:
        """Tell whether this agent is the hub."""
        ...

    @property
    def is_hub_near(self) -> bool:
        """Tell whether the hub is on its broker, and so are we."""
        ...

    def send(self, frame: Frame, to: str = "") -> bool:
        """Send a frame under our own name, or as the hub under another device's; tell whether there was a way."""
        ...


class HubClaims:
    """A till's claims, by the hub; and the hub's answers to the others."""

    def __init__(self, line: HubLine, desk: HubDesk, rng: Random, wait_s: float) -> None:
        self._line = line
        self._desk = desk
        self._rng = rng
        self._wait_s = wait_s
        self._asked: dict[str, asyncio.Future[Outcome]] = {}
        self._answering: set[asyncio.Task[None]] = set()

    @property
    def is_near(self) -> bool:
        return self._line.is_hub or self._line.is_hub_near

    async def ask(self, claim: Claim) -> Outcome:
        """Return the hub's answer, or `silent`."""
        try:
            async with asyncio.timeout(self._wait_s):
                if self._line.is_hub:
                    return await self._desk.answer(claim)
                return await self._ask_hub(claim)
        except TimeoutError:
            return "silent"

    def heard(self, device: str, frame: Frame, *, is_to_us: bool) -> None:
        """Take a frame of the hub's broker: a question if we are the hub, an answer if it is to us."""
        if isinstance(frame, ClaimTold) and is_to_us:
            waiting = self._asked.get(frame.nonce)
            if waiting is not None and not waiting.done():
                waiting.set_result(frame.outcome)
        elif isinstance(frame, ClaimAsk) and self._line.is_hub and len(self._answering) < ASKED_MAX:
            task = asyncio.get_running_loop().create_task(self._answer(device, frame), name="claim.answer")
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _ask_hub(self, claim: Claim) -> Outcome:
        nonce = f"{self._rng.getrandbits(64):016x}"
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._asked[nonce] = answer
        question = ClaimAsk(
            nonce=nonce, id=claim.sale, person=claim.person, meal=claim.meal, day=claim.day,
            amount_tiyn=claim.amount_tiyn, by_right=claim.is_by_right,
        )  # fmt: skip
        try:
            return await answer if self._line.send(question) else "silent"
        finally:
            del self._asked[nonce]

    async def _answer(self, device: str, asked: ClaimAsk) -> None:
        claim = Claim(asked.id, asked.person, asked.meal, asked.day, asked.amount_tiyn, asked.by_right)
        outcome = await self._desk.answer(claim)
        if outcome != "silent":
            self._line.send(ClaimTold(nonce=asked.nonce, outcome=outcome), to=device)
