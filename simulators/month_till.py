"""A cashier of a simulated month: shows cards, compares the screen with paper, sells, overrules, and gives money back.

Rule: what the screen would take is compared with what the paper expects before every touch; what is sold is written
on paper from the paper's own expectation, never from the screen.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from edge_agent.till.desk import Desk, NotDone
from edge_agent.till.rules import Judgement
from edge_agent.till.stage import Look
from simulators.month_lan import Lan
from simulators.month_machine import Machine
from simulators.month_paper import Due, Paper, Sale
from simulators.month_plan import CASH, LUNCH, Child, Plan, Visit, menu_of
from simulators.month_school import PIN, School

# How often a cashier overrules each of these, of a hundred; the rest are sent away.
OVERRULES = {"had_it": 40, "allergy": 30, "no_money": 70, "day_limit": 50, "offline_limit": 70}
CHANGES_MAX = 3
VOIDS, REFUNDS = 0.03, 0.05
WHYS = ("қате басылды", "суып қалды", "аш бала", "пересчитали")


@dataclass(slots=True)
class Counts:
    """What happened, by a word, and what was found wrong."""

    happened: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def accuse(self, what: str) -> None:
        """Note something that must not be."""
        self.wrong.append(what)


@dataclass(slots=True)
class Cashier:
    """Who works at one till; `on` is the day by the calendar on the wall."""

    machine: Machine
    plan: Plan
    paper: Paper
    school: School
    lan: Lan
    counts: Counts
    rng: Random
    on: date = date.min
    shift: str = ""
    between: list[Callable[[], Awaitable[None]]] = field(default_factory=list)  # what happens before the next touch
    pending: list[Due] = field(default_factory=list)  # what was being written when the power failed
    _visit: Visit | None = None

    @property
    def till(self) -> str:
        return self.machine.device

    @property
    def desk(self) -> Desk:
        return self.machine.running.desk

    # A shift

    async def open(self) -> None:
        """Open a shift, unless one was left open; where the clock is not to be trusted, say which day it is.

        The till closes by itself one that was left open when its clock no longer knows the day.
        """
        if self.desk.shift is not None:
            self.counts.happened["shifts left open overnight"] += 1
            return
        program = self.machine.running
        is_good = program.timekeeper.now().is_good
        self.counts.happened["shifts opened by a named day"] += not is_good
        left_open, cashier = self.shift, self.rng.choice(self.school.cashiers)
        self.shift = await program.shifts.open(cashier, PIN, "" if is_good else str(self.on))
        self.paper.open(self.shift, self.till, self.on)
        if left_open:
            self.paper.shifts[left_open].is_closed = True
            self.counts.happened["shifts that the till closed by itself"] += 1

    async def close(self) -> None:
        """Close the shift, and compare what the till counts with paper."""
        if self.desk.shift is None:
            await self.open()
        totals = await self.machine.running.shifts.close()
        on_paper = self.paper.shifts[self.shift]
        on_paper.is_closed = True
        told = (totals.amount_tiyn, totals.cash_tiyn, totals.count)
        wanted = (on_paper.total_tiyn, on_paper.cash_tiyn, on_paper.count)
        if told != wanted:
            self._accuse(f"its closing says {told}, on paper {wanted}")
        self.counts.happened["shifts"] += 1
        self.shift = ""

    # Somebody comes

    async def serve(self, visit: Visit) -> None:
        """Serve somebody. Raises PowerCut when the machine dies over it."""
        self.counts.happened["visits"] += 1
        self._visit, self.pending = visit, []
        if self.desk.shift is None:  # the clock went wrong in the middle of it
            await self.open()
        child = None if visit.child is None else self.plan.children[visit.child]
        if child is not None and child.number not in self.paper.lists[self.till].rights:
            return  # has left, and this till knows it
        if self.desk.look().meal is None or self.desk.meal_key != visit.meal:
            self.desk.choose_meal(visit.meal)
        if child is None:
            self.desk.clear()
        else:
            await self._show(child)
        foods = visit.foods or ((menu_of(self.on, visit.meal).set, 1),)
        if not self._fill(foods):
            return
        while self.between:
            await self.between.pop()()
            self._fill(foods)  # a dish that has another version now has left the basket
        await self._touch(visit, child, foods)

    async def sell_unheard(self, child: Child) -> str:
        """Sell the lunch of a child's right at once; return why nothing was sold."""
        self.desk.choose_meal(LUNCH)
        await self._show(child)
        visit, foods = Visit(0, 0, LUNCH, child.number), [(menu_of(self.on, LUNCH).set, 1)]
        look, dues = self.desk.look(), self._expected(Visit(0, 0, LUNCH, child.number), child, foods)
        if look.judgement is None or look.judgement.objections:
            self.desk.clear()
            return "objections"
        return await self._sell(visit, look, look.judgement, dues, "") or ""

    async def again(self) -> None:
        """After a power cut: see whether it was sold, as the list on the screen has it; else sell it once more."""
        visit, dues = self._visit, self.pending
        self.pending = []
        found = [sold.sale.id for sold in self.machine.running.sales.of_shift(self.shift)]
        new = [sale for sale in reversed(found) if sale not in self.paper.sales]
        if visit is None:
            return
        if new and len(new) == len(dues):
            self._write(visit, dues, new, is_overruled=False)
            self.counts.happened["sold when the power failed"] += 1
        elif new:
            self.counts.accuse(
                f"{self.on} {self.till}: {len(new)} of {len(dues)} sales of one touch outlived a power cut"
            )
        else:
            self.counts.happened["not sold when the power failed"] += 1
            await self.serve(visit)

    async def _show(self, child: Child) -> None:
        """Show a child's card; who has none, or one that this till does not take, is found by name."""
        if child.has_card:
            stage = await self.desk.tap(self.machine.running.tap(child.uid))
            is_taken = stage.kind == "buyer" and stage.ref == child.ref
            if is_taken != (self.paper.lists[self.till].cards.get(child.number) == child.uid):
                self.counts.accuse(
                    f"{self.on} {self.till}: the card of child {child.number} gives {stage.reason or 'a sale'}"
                )
            if is_taken:
                return
        self.counts.happened["found by name"] += 1
        self.desk.present(child.ref)

    def _fill(self, foods: Sequence[tuple[str, int]]) -> bool:
        """Put together what is wanted: the set that is offered anyway, or dishes without it; tell whether it is."""
        look = self.desk.look()
        offered = {dish.key: dish.id for dish in look.menu.dishes}
        held = {line.dish.key: line.count for line in look.lines}
        wanted = {self.school.keys[food]: count for food, count in foods}
        if missing := [key for key in wanted if key not in offered]:
            self._accuse(f"the menu of {look.day.name} has no {[self.school.foods[key] for key in missing]}")
            self.desk.clear()
            return False
        if held != wanted:
            for key, count in wanted.items():
                self.desk.put(offered[key], count - held.get(key, 0))
            for key in held.keys() - wanted.keys():
                self.desk.put(offered[key], -held[key])
        return True

    # The touch

    async def _touch(self, visit: Visit, child: Child | None, foods: Sequence[tuple[str, int]]) -> None:
        why = ""
        for _ in range(CHANGES_MAX):
            look = self.desk.look()
            dues = self._expected(visit, child, foods)
            judgement = look.cash if visit.is_cash else look.judgement
            if judgement is None:
                self._accuse(f"nothing can be sold to {self._who(visit)}")
                return
            self._compare(judgement, dues, visit)
            why = why or self._why(judgement)
            if judgement.objections and not why:
                self._send_away(judgement.objections[0].reason)
                return
            refused = await self._sell(visit, look, judgement, dues, why)
            if refused is None:
                return
            if refused != "changed" and not (why := self._overruling(refused)):
                self._send_away(refused)
                return
        self.counts.happened["sent away: tried too often"] += 1

    async def _sell(self, visit: Visit, look: Look, judgement: Judgement, dues: Sequence[Due], why: str) -> str | None:
        """Touch the button; return why nothing was sold, or nothing when it was."""
        self.pending = list(dues)
        try:
            ids = await self.desk.sell(
                look.stage.turn, judgement.amount_tiyn, "cash" if visit.is_cash else "account", why
            )
        except NotDone as refused:
            self.pending = []
            self.counts.happened[f"refused: {refused.reason}"] += 1
            return refused.reason
        self.pending = []
        if len(ids) != len(dues):
            self._accuse(f"{len(ids)} sales for {len(dues)}")
        self._write(visit, dues, ids, is_overruled=bool(why and judgement.objections))
        return None

    def _write(self, visit: Visit, dues: Sequence[Due], ids: Sequence[str], *, is_overruled: bool) -> None:
        names = self.paper.lists[self.till].names
        is_asked = self.till == self.lan.hub or self.lan.is_near(self.till)
        for due, sale_id in zip(dues, ids, strict=False):
            called = tuple((names[food], count) for food, count in due.lines)
            child = visit.child if due.kind != CASH or visit.child is not None else None
            self.paper.sell(
                Sale(
                    sale_id, self.till, self.shift, child, visit.meal, self.on, due, called,
                    is_lonely=not is_asked and not visit.is_cash, is_overruled=is_overruled,
                )
            )  # fmt: skip
            self.counts.happened[f"sold: {due.kind}"] += 1
        self.counts.happened["overruled"] += is_overruled

    def _expected(self, visit: Visit, child: Child | None, foods: Sequence[tuple[str, int]]) -> list[Due]:
        if visit.is_cash or child is None:
            return [self.paper.cash_due(self.till, foods)]
        return self.paper.dues(self.till, child.number, visit.meal, self.on, foods)

    def _compare(self, judgement: Judgement, dues: Sequence[Due], visit: Visit) -> None:
        foods = self.school.foods
        shown = [
            Due(
                due.payment, due.amount_tiyn, due.amount_tiyn + due.subsidy_tiyn,
                tuple((foods[line.dish.key], line.count) for line in due.lines),
            )
            for due in judgement.dues
        ]  # fmt: skip
        if [_sorted(due) for due in shown] != [_sorted(due) for due in dues]:
            self.counts.accuse(
                f"{self.on} {self.till}: the screen has {shown} for {self._who(visit)}, paper {list(dues)}"
            )

    def _why(self, judgement: Judgement) -> str:
        """Return what the cashier says to overrule everything that is said against it; nothing to send them away."""
        whys = [self._overruling(objection.reason) for objection in judgement.objections]
        return whys[0] if whys and all(whys) else ""

    def _overruling(self, reason: str) -> str:
        return self.rng.choice(WHYS) if self.rng.randrange(100) < OVERRULES.get(reason, 0) else ""

    def _send_away(self, reason: str) -> None:
        self.counts.happened[f"sent away: {reason}"] += 1
        self.desk.clear()

    def _accuse(self, what: str) -> None:
        self.counts.accuse(f"{self.on} {self.till}: {what}")

    def _who(self, visit: Visit) -> str:
        return "a guest" if visit.child is None else f"child {visit.child} at {visit.meal}"

    # Money given back

    async def give_back(self) -> None:
        """Now and then take a sale of this shift back, or give a part of any sale back."""
        if self.desk.shift is None:
            return
        try:
            if self.rng.random() < VOIDS and (sale := self._one_of(self._own_sales())) is not None:
                await self._void(sale)
            if self.rng.random() < REFUNDS and (sale := self._one_of(self._known_sales())) is not None:
                await self._refund(sale)
        except NotDone as refused:
            self.counts.happened[f"nothing given back: {refused.reason}"] += 1
            if refused.reason != "disk":
                self._accuse(f"nothing can be given back: {refused.reason}")

    async def _void(self, sale: Sale) -> None:
        await self.machine.running.shifts.void(sale.id, self.rng.choice(WHYS))
        self.paper.void(sale.id)

    async def _refund(self, sale: Sale) -> None:
        amount = sale.remains_tiyn if self.rng.randrange(3) else self.rng.randrange(1, sale.remains_tiyn + 1)
        await self.machine.running.shifts.refund(sale.id, amount, self.rng.choice(WHYS))
        self.paper.refund(sale.id, amount, self.shift)
        self.counts.happened["refunds at another till"] += sale.till != self.till
        self.counts.happened["refunds in a later shift"] += sale.shift != self.shift

    def _one_of(self, sales: Sequence[Sale]) -> Sale | None:
        return self.rng.choice(sales) if sales else None

    def _own_sales(self) -> Sequence[Sale]:
        recent = self.paper.newest(60)
        return [sale for sale in recent if sale.shift == self.shift and not sale.is_void and not sale.returned_tiyn]

    def _known_sales(self) -> Sequence[Sale]:
        """Return what may be given back here: own sales, and those of tills that hear us; others might do it, too."""
        near = {self.till, *(self.lan.near() if self.lan.is_near(self.till) else ())}
        return [sale for sale in self.paper.newest(200) if sale.remains_tiyn and sale.till in near]


def _sorted(due: Due) -> Due:
    return Due(due.kind, due.paid_tiyn, due.full_tiyn, tuple(sorted(due.lines)))
