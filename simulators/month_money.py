"""How money comes in a simulated month: a bank over a poor line, cash at the office, siblings, leavers.

Rule: the bank's own book says what it owes; paper writes down what a payer was told, not what the ledger has.
"""

from dataclasses import dataclass
from datetime import date
from random import Random

from cloud.core.services import Services
from cloud.people.queries import person_of_ref
from cloud.topups.actions import Way, move, pay_back, promise_back, take_cash
from simulators.bank import SimulatedBank, State
from simulators.month_cloud import SYSTEM
from simulators.month_paper import BANK, OFFICE, Paper
from simulators.month_plan import LUNCH, Child, Plan
from simulators.month_school import School

FIRST_TIYN = 5_000_00
WEEKLY, AT_THE_OFFICE = 40, 12  # of a hundred families that pay


@dataclass(slots=True)
class Money:
    """The families' side of the books."""

    services: Services
    plan: Plan
    school: School
    paper: Paper
    bank: SimulatedBank
    rng: Random

    async def first(self) -> None:
        """Let families pay before the month begins, and some forget it."""
        for child in self.plan.children:
            if self.rng.randrange(100) < 85:
                await self._pay(child, FIRST_TIYN + self.rng.randrange(9_000_00))
        await self.settle()

    async def evening(self, on: date) -> None:
        """Let families pay once a week, each on its own day."""
        for child in self.plan.children:
            is_its_day = child.number % 5 == on.toordinal() % 5
            eats_free = any(right.meal == LUNCH and right.price_tiyn == 0 for right in child.rights)
            if is_its_day and child.is_here and self.rng.randrange(100) < (10 if eats_free else WEEKLY):
                await self._pay(child, self.rng.randrange(1, 9_000_00))
        await self.settle()

    async def settle(self) -> None:
        """Let the bank tell everything until all of it is answered; payers hear what became of it."""
        before = {txn for txn, payment in self.bank.book.items() if payment.state is State.ACCEPTED}
        await self.bank.settle()
        by_number = {child.pays_at: child for child in self.plan.children}
        for txn, payment in self.bank.book.items():
            if payment.state is State.ACCEPTED and txn not in before:
                self.paper.top_up(by_number[payment.account].number, payment.tiyn, BANK)

    async def another_sum(self) -> int:
        """Let the bank tell a payment once more, with another sum; return what it is answered."""
        accepted = [payment for payment in self.bank.book.values() if payment.state is State.ACCEPTED]
        payment = self.rng.choice(accepted)
        answer = await self.bank.tell(payment, tiyn=payment.tiyn + 1)
        return int(str(answer["result"]))

    async def transfer(self) -> bool:
        """Let a child give its sibling a part of its money; tell whether there was any."""
        pairs = [(self.plan.children[each.sibling], each) for each in self.plan.children if each.sibling is not None]
        able = [
            (one, other)
            for one, other in pairs
            if one.is_here and other.is_here and self.paper.accounts[one.number] > 0
        ]
        if not able:
            return False
        giver, taker = self.rng.choice(able)
        amount = self.rng.randrange(1, self.paper.accounts[giver.number] + 1)
        person = await person_of_ref(self.services, SYSTEM, giver.ref)
        await move(self.services, SYSTEM, giver=person, taker_ref=taker.ref, amount_tiyn=amount, once=self._once())
        self.paper.transfer(giver.number, taker.number, amount)
        return True

    async def leave(self, child: Child) -> None:
        """Let a child leave, with the money that is left, and a parent who pays once more."""
        await self.school.let_go(child)
        self.bank.pay(child.pays_at, 1_000_00)  # too late: the bank gives it back
        if self.paper.accounts[child.number] <= 0:
            return
        person = await person_of_ref(self.services, SYSTEM, child.ref)
        promise = await promise_back(self.services, SYSTEM, person, "№ 7 өтініш")
        amount = self.paper.leave(child.number)
        await pay_back(self.services, SYSTEM, self.school.id, promise, Way.CASH)
        self.paper.pay_out(amount)

    async def _pay(self, child: Child, amount_tiyn: int) -> None:
        if self.rng.randrange(100) >= AT_THE_OFFICE:
            self.bank.pay(child.pays_at, amount_tiyn)
            return
        person, once = await person_of_ref(self.services, SYSTEM, child.ref), self._once()
        for _ in range(1 + (self.rng.randrange(10) == 0)):  # now and then the form is sent twice
            await take_cash(self.services, SYSTEM, person, amount_tiyn, once)
        self.paper.top_up(child.number, amount_tiyn, OFFICE)

    def _once(self) -> str:
        return f"{self.rng.getrandbits(128):032x}"
