"""What a careful person with a pencil would have at the end of a school's month: the judge of all other books.

Rule: plain sums, and no code of the product. A till sells by the newest list it has fetched and by what it has heard
of the others; money given back is taken from the drawer that gave it; a right gives one set of a meal on a day.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from simulators.month_plan import ACCOUNT, CASH, FREE, SETS, SUBSIDISED, Child, Right

OFFICE, BANK, BUDGET, EARNED, PROMISED = "office", "bank", "budget", "earned", "promised"


@dataclass(frozen=True, slots=True)
class PriceList:
    """What a school told its tills at one moment."""

    prices: Mapping[str, int]
    names: Mapping[str, str]  # in Kazakh, as a receipt has them
    rights: Mapping[int, tuple[Right, ...]]  # by child; who is not at the school is not here
    cards: Mapping[int, bytes]  # by child, what is read from a card that is taken


@dataclass(frozen=True, slots=True)
class Due:
    """What one sale should be."""

    kind: str
    paid_tiyn: int
    full_tiyn: int
    lines: tuple[tuple[str, int], ...]  # food and how many

    @property
    def is_by_right(self) -> bool:
        return self.kind in (FREE, SUBSIDISED)


@dataclass(slots=True)
class Sale:
    """A sale that was made."""

    id: str
    till: str
    shift: str
    child: int | None
    meal: str
    on: date
    due: Due
    names: tuple[tuple[str, int], ...]  # of the dishes, as they were called then
    is_lonely: bool = False  # nobody but this till knew of it when it was made
    is_overruled: bool = False
    is_void: bool = False
    returned_tiyn: int = 0

    @property
    def remains_tiyn(self) -> int:
        return 0 if self.is_void else self.due.paid_tiyn - self.returned_tiyn


@dataclass(slots=True)
class Shift:
    """What should be in a drawer, and on the closing's paper."""

    till: str
    on: date
    total_tiyn: int = 0
    cash_tiyn: int = 0
    count: int = 0
    is_closed: bool = False


@dataclass(slots=True)
class Paper:
    """The books of one school, in plain additions."""

    sales: dict[str, Sale] = field(default_factory=dict)
    shifts: dict[str, Shift] = field(default_factory=dict)
    accounts: Counter[int] = field(default_factory=Counter)  # what is held for each child
    drawers: Counter[str] = field(default_factory=Counter)  # cash at each till
    pockets: Counter[str] = field(default_factory=Counter)  # the office's cash, the bank's, what the budget owes, ...
    lists: dict[str, PriceList] = field(default_factory=dict)  # what each till goes by
    refunds: int = 0
    voids: int = 0
    _used: dict[str, Counter[tuple[int, str, date]]] = field(default_factory=dict)  # rights, as each till knows
    _untold: dict[str, list[tuple[int, str, date, int]]] = field(default_factory=dict)
    _late: dict[str, list[tuple[int, str, date, int]]] = field(default_factory=dict)  # what each till is yet to hear

    # What tills know

    def fetched(self, till: str, told: PriceList) -> None:
        """Note that a till goes by a newer list."""
        self.lists[till] = told

    def meet(self, tills: Collection[str]) -> None:
        """Let tills that hear each other tell what they know of rights that were used."""
        for till in tills:
            told, self._untold[till] = self._untold.get(till, []), []
            for child, meal, on, by in told:
                for other in self._used:
                    if other != till and other in tills:
                        self._used[other][child, meal, on] += by
                    elif other != till:
                        self._late.setdefault(other, []).append((child, meal, on, by))
        for till in tills:
            for child, meal, on, by in self._late.pop(till, []):
                self._used[till][child, meal, on] += by

    def enter(self, till: str) -> None:
        """Begin to keep what a till knows."""
        self._used.setdefault(till, Counter())

    def is_used(self, till: str, child: int, meal: str, on: date) -> bool:
        """Tell whether a till knows that a child's right was used."""
        return self._used[till][child, meal, on] > 0

    def dues(self, till: str, child: int | None, meal: str, on: date, foods: Sequence[tuple[str, int]]) -> list[Due]:
        """Return what a till should sell: by right as far as that goes, and the rest to the account."""
        prices = self.lists[till].prices
        right = self._right(till, child, meal, on)
        the_set = next((food for food, _ in foods if food in SETS), "")
        if right is None or not the_set:
            return [_due(ACCOUNT, foods, prices)]
        covered = Due(right.kind, min(right.price_tiyn, prices[the_set]), prices[the_set], ((the_set, 1),))
        rest = [(food, count - (food == the_set)) for food, count in foods if count > (food == the_set)]
        return [covered, *([_due(ACCOUNT, rest, prices)] if rest else [])]

    def cash_due(self, till: str, foods: Sequence[tuple[str, int]]) -> Due:
        """Return what a till should sell for cash."""
        return _due(CASH, foods, self.lists[till].prices)

    def _right(self, till: str, child: int | None, meal: str, on: date) -> Right | None:
        if child is None or self.is_used(till, child, meal, on):
            return None
        held = [right for right in self.lists[till].rights.get(child, ()) if right.holds(meal, on)]
        return min(held, key=lambda right: (right.price_tiyn, right.kind != FREE), default=None)

    # What happens

    def open(self, shift: str, till: str, on: date) -> None:
        """Note that a shift was opened."""
        self.shifts[shift] = Shift(till, on)

    def sell(self, sale: Sale) -> None:
        """Note a sale, and what it moves."""
        assert sale.id not in self.sales, "a receipt's number is used once"  # noqa: S101
        self.sales[sale.id] = sale
        self._move(sale, sale.till, sale.due.paid_tiyn)
        self.pockets[BUDGET] += sale.due.full_tiyn - sale.due.paid_tiyn
        self.pockets[EARNED] += sale.due.full_tiyn
        shift = self.shifts[sale.shift]
        shift.count += 1
        self._count(shift, sale, sale.due.paid_tiyn)
        self._use(sale, sale.till, 1)

    def void(self, sale_id: str) -> None:
        """Note that a sale was taken back as if it had not been, at its own till and in its own shift."""
        sale = self.sales[sale_id]
        sale.is_void = True
        self.voids += 1
        self._move(sale, sale.till, -sale.due.paid_tiyn)
        self.pockets[BUDGET] -= sale.due.full_tiyn - sale.due.paid_tiyn
        self.pockets[EARNED] -= sale.due.full_tiyn
        shift = self.shifts[sale.shift]
        shift.count -= 1
        self._count(shift, sale, -sale.due.paid_tiyn)
        self._use(sale, sale.till, -1)

    def refund(self, sale_id: str, amount_tiyn: int, shift: str) -> None:
        """Note that a part of a sale was given back, out of the drawer of a shift."""
        sale = self.sales[sale_id]
        assert 0 < amount_tiyn <= sale.remains_tiyn, "nobody gives back more than there was"  # noqa: S101
        sale.returned_tiyn += amount_tiyn
        self.refunds += 1
        self._move(sale, self.shifts[shift].till, -amount_tiyn)
        self.pockets[EARNED] -= amount_tiyn
        self._count(self.shifts[shift], sale, -amount_tiyn)

    def top_up(self, child: int, amount_tiyn: int, pocket: str) -> None:
        """Note money that came: into the office's drawer, or to the bank."""
        self.accounts[child] += amount_tiyn
        self.pockets[pocket] += amount_tiyn

    def transfer(self, giver: int, taker: int, amount_tiyn: int) -> None:
        """Note money that went from a child to a sibling."""
        self.accounts[giver] -= amount_tiyn
        self.accounts[taker] += amount_tiyn

    def leave(self, child: int) -> int:
        """Note that a leaver's money is promised back, and return how much."""
        amount = self.accounts[child]
        self.accounts[child] = 0
        self.pockets[PROMISED] += amount
        return amount

    def pay_out(self, amount_tiyn: int) -> None:
        """Note that a promise was paid in cash."""
        self.pockets[PROMISED] -= amount_tiyn
        self.pockets[OFFICE] -= amount_tiyn

    # What is asked in the end

    def standing(self) -> Iterator[Sale]:
        """Yield the sales that were not made void."""
        return (sale for sale in self.sales.values() if not sale.is_void)

    def newest(self, count: int) -> list[Sale]:
        """Return so many of the newest sales."""
        return [sale for sale, _ in zip(reversed(self.sales.values()), range(count), strict=False)]

    def by_day(self) -> Counter[tuple[date, str, str]]:
        """Return how many meals were sold, by day, meal and way of paying."""
        return Counter((sale.on, sale.meal, sale.due.kind) for sale in self.standing())

    def second_meals(self) -> Counter[date]:
        """Return how many meals by right were one too many, by day: tills that did not hear each other."""
        found: Counter[date] = Counter()
        for (_, _, on), count in Counter(
            (sale.child, sale.meal, sale.on) for sale in self.standing() if sale.due.is_by_right
        ).items():
            found[on] += count - 1
        return +found

    # Sums

    def _move(self, sale: Sale, till: str, amount_tiyn: int) -> None:
        if sale.due.kind == CASH:
            self.drawers[till] += amount_tiyn
        elif sale.child is not None:
            self.accounts[sale.child] -= amount_tiyn

    def _count(self, shift: Shift, sale: Sale, amount_tiyn: int) -> None:
        shift.total_tiyn += amount_tiyn
        shift.cash_tiyn += amount_tiyn if sale.due.kind == CASH else 0

    def _use(self, sale: Sale, till: str, by: int) -> None:
        if sale.due.is_by_right and sale.child is not None:
            self._used[till][sale.child, sale.meal, sale.on] += by
            self._untold.setdefault(till, []).append((sale.child, sale.meal, sale.on, by))


def price_list(children: Sequence[Child], prices: Mapping[str, int], names: Mapping[str, str]) -> PriceList:
    """Return what a school tells its tills now."""
    here = [child for child in children if child.is_here]
    return PriceList(
        dict(prices), dict(names), {child.number: child.rights for child in here},
        {child.number: child.uid for child in here if child.has_card},
    )  # fmt: skip


def _due(kind: str, foods: Sequence[tuple[str, int]], prices: Mapping[str, int]) -> Due:
    cost = sum(prices[food] * count for food, count in foods)
    return Due(kind, cost, cost, tuple(foods))
