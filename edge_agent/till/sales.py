"""The sales of all tills that this one hears, folded from records: shifts, items, sales, voids, refunds, totals.

Rule: the state is a function of the set of records: any may come twice, and those of different tills in any order. A
sale never changes; what was voided or refunded is told by records of its own, and never more than was paid.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from edge_agent.till.book import Day
from edge_agent.till.rules import Known, Payment
from schemas.structs import AnyRecord, Item, Refund, Sale, Shift, Void

SALES_MAX = 50_000
SHIFTS_MAX = 2_000
WAITING_MAX = 2_000
EPOCHS_MAX = 64
_KINDS = (b'"k":"item"', b'"k":"sale"', b'"k":"void"', b'"k":"refund"', b'"k":"shift"')
_DOUBTED = ("floor", "none")
_decode = msgspec.json.Decoder(AnyRecord).decode


@dataclass(frozen=True, slots=True)
class Sold:
    """A completed sale with its lines."""

    device: str
    epoch: str
    seq: int
    sale: Sale
    items: Sequence[Item]

    @property
    def is_of_account(self) -> bool:
        return self.sale.payment in ("account", "subsidised")

    @property
    def is_by_right(self) -> bool:
        return self.sale.payment in ("free", "subsidised")

    @property
    def full_tiyn(self) -> int:
        """Return the price of all lines; what was not paid of it is the subsidy's."""
        return sum(item.price_tiyn * item.count for item in self.items) or self.sale.amount_tiyn


@dataclass(frozen=True, slots=True)
class Totals:
    """What a shift has taken. Money given back is taken off where it was given back, not where it was paid."""

    count: int = 0
    account_tiyn: int = 0
    cash_tiyn: int = 0
    free_count: int = 0
    subsidised_count: int = 0
    subsidy_tiyn: int = 0
    void_count: int = 0
    refund_tiyn: int = 0

    @property
    def amount_tiyn(self) -> int:
        return self.account_tiyn + self.cash_tiyn


@dataclass(slots=True)
class _Run:
    """A shift: who works it, and what was sold and given back in it."""

    device: str
    opened: Shift | None = None
    closed: Shift | None = None
    sales: dict[str, None] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)


class Sales:
    """What is known of sales; it keeps the newest SALES_MAX."""

    def __init__(self) -> None:
        self._sales: OrderedDict[str, Sold] = OrderedDict()
        self._by_person: dict[str, dict[str, None]] = {}
        self._items: OrderedDict[str, dict[tuple[str, str, int], Item]] = OrderedDict()
        self._voids: dict[str, Void] = {}
        self._refunds: dict[str, dict[str, Refund]] = {}
        self._shifts: OrderedDict[str, _Run] = OrderedDict()
        self._working: dict[str, str] = {}  # device -> shift, by the order of its records
        self._sent: dict[str, int] = {}  # our own epochs that the cloud may lack something of

    # What was written

    def observe(self, device: str, epoch: str, seq: int, record: bytes) -> None:
        """Take a record of this till or of another; records that are no sale's are passed over."""
        if not any(kind in record for kind in _KINDS):
            return
        try:
            found = _decode(record)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return
        match found:
            case Shift():
                self._shifted(device, found)
            case Item():
                self._listed(found, (device, epoch, seq))
            case Sale():
                self._sold(device, epoch, seq, found)
            case Void():
                self._voids.setdefault(found.sale, found)
            case Refund():
                self._refunded(device, found)
            case _:
                pass

    def sent(self, epoch: str, upto: int) -> None:
        """Note up to where the cloud has an epoch of our own; one that was never named it has all of."""
        self._sent[epoch] = max(upto, self._sent.get(epoch, 0))
        if len(self._sent) > EPOCHS_MAX:
            del self._sent[next(iter(self._sent))]

    # What is asked

    def sold(self, sale_id: str) -> Sold | None:
        """Return a sale."""
        return self._sales.get(sale_id)

    def is_void(self, sale_id: str) -> bool:
        return sale_id in self._voids

    def remains_tiyn(self, sale_id: str) -> int:
        """Return what may still be given back of a sale; nothing of one that was voided or is not known."""
        sold = self._sales.get(sale_id)
        if sold is None or self.is_void(sale_id):
            return 0
        return max(0, sold.sale.amount_tiyn - self._given_back_tiyn(sale_id))

    def open_shift(self, device: str) -> Shift | None:
        """Return the shift that is open at a till."""
        run = self._shifts.get(self._working.get(device, ""))
        return run.opened if run is not None and run.closed is None else None

    def of_shift(self, shift_id: str) -> Sequence[Sold]:
        """Return the sales of a shift, the newest first."""
        run = self._shifts.get(shift_id)
        found = (self._sales.get(sale_id) for sale_id in reversed(run.sales)) if run is not None else ()
        return [sold for sold in found if sold is not None]

    def totals(self, shift_id: str) -> Totals:
        """Return what a shift has taken so far."""
        run = self._shifts.get(shift_id)
        if run is None:
            return Totals()
        sales = self.of_shift(shift_id)
        standing = [sold for sold in sales if not self.is_void(sold.sale.id)]
        refunds = (refund for refund in run.refunds.values() if not self.is_void(refund.sale))
        back = [(refund, self._sales.get(refund.sale)) for refund in refunds]
        cash_back = sum(refund.amount_tiyn for refund, sold in back if sold is not None and not sold.is_of_account)
        account_back = sum(refund.amount_tiyn for refund, sold in back if sold is None or sold.is_of_account)
        return Totals(
            count=len(standing),
            account_tiyn=_paid(standing, "account", "subsidised") - account_back,
            cash_tiyn=_paid(standing, "cash") - cash_back,
            free_count=sum(sold.sale.payment == "free" for sold in standing),
            subsidised_count=sum(sold.sale.payment == "subsidised" for sold in standing),
            subsidy_tiyn=sum(sold.full_tiyn - sold.sale.amount_tiyn for sold in standing if sold.is_by_right),
            void_count=len(sales) - len(standing),
            refund_tiyn=cash_back + account_back,
        )

    def known(self, ref: str, *, meal: str, day: Day, as_of_ms: int, device: str) -> Known:
        """Return what is known of somebody at a meal."""
        sales = [self._sales[sale_id] for sale_id in self._by_person.get(ref, ())]
        today = [sold for sold in self._standing(sales) if self._is_on(sold, day)]
        eaten = [sold for sold in today if sold.sale.meal == meal]
        unconfirmed = [sold for sold in today if sold.device == device and sold.sale.unconfirmed and sold.is_of_account]
        return Known(
            used=frozenset(item.dish for sold in eaten for item in sold.items),
            is_right_used=any(sold.is_by_right for sold in eaten),
            since_tiyn=sum(self._since_tiyn(sold, as_of_ms) for sold in sales if sold.is_of_account),
            today_tiyn=sum(self.remains_tiyn(sold.sale.id) for sold in today if sold.is_of_account),
            unconfirmed_tiyn=sum(self.remains_tiyn(sold.sale.id) for sold in unconfirmed),
        )

    def last_meal(self, ref: str, meal: str, day: Day) -> Sold | None:
        """Return the newest sale to somebody at a meal that stands."""
        sales = (self._sales[sale_id] for sale_id in reversed(self._by_person.get(ref, {})))
        return next((s for s in self._standing(sales) if s.sale.meal == meal and self._is_on(s, day)), None)

    # Folding

    def _shifted(self, device: str, shift: Shift) -> None:
        run = self._shifts.setdefault(shift.id, _Run(device))
        if shift.outcome == "opened" and run.opened is None:
            run.opened = shift
            if run.closed is None:
                self._working[device] = shift.id
        elif shift.outcome == "closed" and run.closed is None:
            run.closed = shift
        if len(self._shifts) > SHIFTS_MAX:
            self._shifts.popitem(last=False)

    def _listed(self, item: Item, key: tuple[str, str, int]) -> None:
        if item.sale in self._sales:
            return
        self._items.setdefault(item.sale, {})[key] = item
        if len(self._items) > WAITING_MAX:
            self._items.popitem(last=False)

    def _sold(self, device: str, epoch: str, seq: int, sale: Sale) -> None:
        items = self._items.pop(sale.id, {})
        if sale.id in self._sales:
            return
        self._sales[sale.id] = Sold(device, epoch, seq, sale, tuple(items.values()))
        self._shifts.setdefault(sale.shift, _Run(device)).sales[sale.id] = None
        if sale.person is not None:
            self._by_person.setdefault(sale.person, {})[sale.id] = None
        if len(self._sales) > SALES_MAX:
            self._forget(*self._sales.popitem(last=False))

    def _refunded(self, device: str, refund: Refund) -> None:
        of_sale = self._refunds.setdefault(refund.sale, {})
        if refund.id in of_sale:
            return
        of_sale[refund.id] = refund
        run = self._shifts.get(self._working.get(device, ""))
        if run is not None:
            run.refunds[refund.id] = refund

    def _forget(self, sale_id: str, sold: Sold) -> None:
        self._voids.pop(sale_id, None)
        self._refunds.pop(sale_id, None)
        if sold.sale.person is not None:
            of_person = self._by_person.get(sold.sale.person, {})
            of_person.pop(sale_id, None)
            if not of_person:
                self._by_person.pop(sold.sale.person, None)
        run = self._shifts.get(sold.sale.shift)
        if run is not None:
            run.sales.pop(sale_id, None)

    # Counting

    def _standing(self, sales: Iterable[Sold]) -> Iterator[Sold]:
        return (sold for sold in sales if not self.is_void(sold.sale.id))

    def _is_on(self, sold: Sold, day: Day) -> bool:
        """Tell whether a sale was made on a day: by its clock, or, where that was not right, by the cashier's word."""
        run = self._shifts.get(sold.sale.shift)
        named = run.opened.day if run is not None and run.opened is not None else None
        if named is not None and sold.sale.clock in _DOUBTED:
            return named == day.name
        return day.from_ms <= sold.sale.wall_ms < day.to_ms

    def _given_back_tiyn(self, sale_id: str) -> int:
        return sum(refund.amount_tiyn for refund in self._refunds.get(sale_id, {}).values())

    def _since_tiyn(self, sold: Sold, as_of_ms: int) -> int:
        """Return what a sale, its void and its refunds have changed since a balance.

        A balance is of the newest record that is in it, of any till: what the cloud lacks, or has no sure time, counts.
        """
        is_lacking = sold.seq > self._sent.get(sold.epoch, sold.seq)

        def is_since(record: Sale | Void | Refund) -> bool:
            return is_lacking or record.wall_ms > as_of_ms or record.clock in _DOUBTED

        sale = sold.sale
        paid = sale.amount_tiyn if is_since(sale) else 0
        void = self._voids.get(sale.id)
        if void is not None:
            return paid - (sale.amount_tiyn if is_since(void) else 0)
        refunds = self._refunds.get(sale.id, {}).values()
        return paid - min(sale.amount_tiyn, sum(refund.amount_tiyn for refund in refunds if is_since(refund)))


def _paid(sales: Iterable[Sold], *ways: Payment) -> int:
    return sum(sold.sale.amount_tiyn for sold in sales if sold.sale.payment in ways)
