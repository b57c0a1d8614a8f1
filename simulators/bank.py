"""A bank that tells payments by Kaspi's biller protocol over a poor line: slow, repeating itself, and losing answers.

Rule: it repeats a payment until it hears an answer, and gives the payer the money back unless the answer was 0. So its
own book, once it has settled, is what the other side must hold.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

from simulators.clock import SimulatedClock

ZONE = ZoneInfo("Asia/Almaty")
ROUNDS_MAX = 200
TIMEOUT_S = 30.0
Query = Mapping[str, str]
Answer = Mapping[str, object]
Line = Callable[[Query], Awaitable[Answer]]


class State(Enum):
    """What became of a payment, as far as the bank knows."""

    TOLD = "told"  # and not answered yet
    ACCEPTED = "accepted"
    RETURNED = "returned"  # to the payer


class Unsettled(Exception):
    """The other side has not answered for too long."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How poor the line is: chances of one telling."""

    lost_before: float = 0.0  # the request never comes
    lost_after: float = 0.0  # it comes, and the answer does not
    slow: float = 0.0  # the answer comes after the bank has given up waiting
    twice: float = 0.0  # it comes twice


POOR = Faults(lost_before=0.15, lost_after=0.2, slow=0.15, twice=0.3)


@dataclass(slots=True)
class Payment:
    """Money that somebody paid at the bank."""

    txn: str
    account: str
    tiyn: int
    at: datetime
    state: State = State.TOLD
    result: int | None = None
    receipts: set[str] = field(default_factory=set)  # numbers the other side gave it: one, if it is right
    tellings: int = 0


@dataclass(slots=True)
class SimulatedBank:
    """The bank: `pay` takes money at a counter, `settle` tells everything until all of it is answered."""

    line: Line
    clock: SimulatedClock
    rng: random.Random
    faults: Faults = Faults()
    book: dict[str, Payment] = field(default_factory=dict)

    async def check(self, account: str) -> Answer:
        """Ask whether an account takes money, as the bank's app does when somebody types its number."""
        query = {"command": "check", "txn_id": str(self.rng.randrange(10**12)), "account": account, "sum": "200.00"}
        return await self.line(query)

    def pay(self, account: str, tiyn: int) -> Payment:
        """Take money from a payer."""
        payment = Payment(str(2_000_000_000 + len(self.book)), account, tiyn, self.clock.now())
        self.book[payment.txn] = payment
        return payment

    async def settle(self) -> None:
        """Tell every payment, in no order, until each is answered. Raises Unsettled."""
        for _ in range(ROUNDS_MAX):
            open_ones = [payment for payment in self.book.values() if payment.state is State.TOLD]
            if not open_ones:
                return
            self.rng.shuffle(open_ones)
            for payment in open_ones:
                await self._tell_over_the_line(payment)
        raise Unsettled

    async def tell(self, payment: Payment, *, tiyn: int | None = None) -> Answer:
        """Tell a payment once, over a line without faults; with another sum, as a bank never should."""
        payment.tellings += 1
        sum_tiyn = payment.tiyn if tiyn is None else tiyn
        at = payment.at.astimezone(ZONE)
        return await self.line(
            {
                "command": "pay", "txn_id": payment.txn, "account": payment.account,
                "sum": f"{sum_tiyn // 100}.{sum_tiyn % 100:02d}", "txn_date": f"{at:%Y%m%d%H%M%S}",
            }
        )  # fmt: skip

    @property
    def accepted_tiyn(self) -> int:
        """Return how much the bank owes the other side."""
        return sum(payment.tiyn for payment in self.book.values() if payment.state is State.ACCEPTED)

    async def _tell_over_the_line(self, payment: Payment) -> None:
        if self._chance(self.faults.lost_before):
            return
        answer = await self.tell(payment)
        if self._chance(self.faults.twice):
            answer = await self.tell(payment)
        if self._chance(self.faults.slow):
            self.clock.advance(TIMEOUT_S)
            return
        if not self._chance(self.faults.lost_after):
            self._hear(payment, answer)
        self.clock.advance(1)

    def _hear(self, payment: Payment, answer: Answer) -> None:
        payment.result = int(str(answer["result"]))
        payment.state = State.ACCEPTED if payment.result == 0 else State.RETURNED
        if "prv_txn_id" in answer:
            payment.receipts.add(str(answer["prv_txn_id"]))

    def _chance(self, of: float) -> bool:
        return self.rng.random() < of
