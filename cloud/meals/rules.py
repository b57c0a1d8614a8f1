"""What tills' records mean for money: a book that meets them one by one, in any order, and says what to post. Pure.

Rule: after the same records the balances are the same, whatever their order. A sale is posted when it is met, with the
lines met so far; a line that comes later is posted by itself. What is taken back waits for its sale, and is at most
what remains: a refund of a refund has no sale, and is never posted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from cloud.ledger import postings
from cloud.ledger.kinds import AccountKind
from cloud.ledger.rules import REVENUE, SUBSIDY, Account, Posting

COST_MAX_TIYN = 10**9  # of all lines of a sale: ten million tenge; what a broken till tells beyond is not believed


class ChangeKind(StrEnum):
    """How a sale is taken back: all of it as if it had not been, or a part of the money."""

    VOID = "void"
    REFUND = "refund"


class Payment(StrEnum):
    """How a meal is paid, as in the record."""

    ACCOUNT = "account"
    FREE = "free"
    SUBSIDISED = "subsidised"
    CASH = "cash"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a record stands: what makes its posting happen once."""

    device: str
    epoch: str
    seq: int

    @property
    def key(self) -> str:
        return f"record:{self.device}:{self.epoch}:{self.seq}"


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale as it is known so far; `person` is a reference of this school, or empty."""

    id: str
    place: Place
    shift: str
    meal: str
    payment: Payment
    person: str
    is_known: bool  # false: it was for somebody that the school does not have
    amount_tiyn: int
    at: datetime
    clock: str
    is_unconfirmed: bool
    full_tiyn: int = 0
    returned_tiyn: int = 0
    is_void: bool = False

    @property
    def payer(self) -> Account | None:
        """Return whose account pays; none for a person that nobody knows."""
        if self.payment is Payment.CASH:
            return Account(AccountKind.CASH, self.place.device.lstrip("-") or "till")
        return Account.of(self.person) if self.person else None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a sale."""

    sale: str
    place: Place
    dish: str
    version: int
    count: int
    price_tiyn: int

    @property
    def cost_tiyn(self) -> int:
        return self.count * self.price_tiyn


@dataclass(frozen=True, slots=True)
class Change:
    """A void or a refund; `given_tiyn` is what of it was given back, none while its sale is not known."""

    id: str
    kind: ChangeKind
    sale: str
    place: Place
    amount_tiyn: int
    staff: str
    reason: str
    at: datetime
    given_tiyn: int | None = None


@dataclass(slots=True)
class Book:
    """A school's sales that some records concern, as they were kept; then as they are after those records.

    `costs` are of the lines, and `waiting` the changes, of sales that are not known yet.
    """

    sales: dict[str, Sale] = field(default_factory=dict)
    costs: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, list[Change]] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)  # met now, or booked now
    known_lines: frozenset[Place] = frozenset()  # that were met before, as when the log is read anew
    known_changes: frozenset[str] = frozenset()  # ids that were met before
    touched: set[str] = field(default_factory=set)  # sales to keep
    postings: list[Posting] = field(default_factory=list)

    def meet_line(self, line: Line, at: datetime) -> None:
        """Meet a line: it belongs to a sale that comes, or is late for one that came."""
        if line.place in self.known_lines:
            return
        sale = self.sales.get(line.sale)
        before = self.costs.get(line.sale, 0) if sale is None else sale.full_tiyn
        if before + line.cost_tiyn > COST_MAX_TIYN:
            return
        if sale is None:
            self.costs[line.sale] = before + line.cost_tiyn
            return
        self._keep(replace(sale, full_tiyn=sale.full_tiyn + line.cost_tiyn))
        if sale.payer is not None and not sale.is_void:
            self._post(postings.sale(line.place.key, at, sale.payer, paid_tiyn=0, subsidy_tiyn=line.cost_tiyn))

    def meet_sale(self, sale: Sale) -> None:
        """Meet a sale; a second one of the same id is not believed."""
        if sale.id in self.sales:
            return
        sale = replace(sale, full_tiyn=self.costs.pop(sale.id, 0))
        self._keep(sale)
        if sale.payer is not None:
            owed = sale.full_tiyn - sale.amount_tiyn
            self._post(
                postings.sale(sale.place.key, sale.at, sale.payer, paid_tiyn=sale.amount_tiyn, subsidy_tiyn=owed)
            )
        for change in sorted(self.waiting.pop(sale.id, []), key=lambda each: each.place):
            self._take_back(change)

    def meet_change(self, change: Change) -> None:
        """Meet a void or a refund, once for its id."""
        if change.id in self.changes or change.id in self.known_changes:
            return
        self.changes[change.id] = change
        if change.sale in self.sales:
            self._take_back(change)
        else:
            self.waiting.setdefault(change.sale, []).append(change)

    def _take_back(self, change: Change) -> None:
        sale = self.sales[change.sale]
        remains = sale.amount_tiyn - sale.returned_tiyn
        given = remains if change.kind is ChangeKind.VOID else min(change.amount_tiyn, remains)
        self.changes[change.id] = replace(change, given_tiyn=given)
        is_void = sale.is_void or change.kind is ChangeKind.VOID
        self._keep(replace(sale, returned_tiyn=sale.returned_tiyn + given, is_void=is_void))
        if sale.payer is None:
            return
        if change.kind is ChangeKind.REFUND:
            self._post(postings.refund(change.place.key, change.at, sale.payer, paid_tiyn=given, subsidy_tiyn=0))
        elif not sale.is_void:
            owed = sale.full_tiyn - sale.amount_tiyn
            self._post(postings.void(change.place.key, change.at, sale.payer, paid_tiyn=given, subsidy_tiyn=owed))

    def _keep(self, sale: Sale) -> None:
        self.sales[sale.id] = sale
        self.touched.add(sale.id)

    def _post(self, posting: Posting) -> None:
        if posting.lines:  # else no money moves, as for a free meal that costs nothing
            self.postings.append(posting)


def balances_of(sales: Mapping[str, Sale]) -> dict[Account, int]:
    """Return what sales must have moved, of each account: for tests and for the check after an outage."""
    moved: dict[Account, int] = {}
    for sale in sales.values():
        if sale.payer is None:
            continue
        kept = sale.amount_tiyn - sale.returned_tiyn
        owed = 0 if sale.is_void else sale.full_tiyn - sale.amount_tiyn
        for account, amount in ((sale.payer, kept), (SUBSIDY, owed), (REVENUE, -kept - owed)):
            moved[account] = moved.get(account, 0) + amount
    return {account: amount for account, amount in moved.items() if amount}
