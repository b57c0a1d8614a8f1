"""The sales of all tills that this one hears, folded from records: shifts, items, sales, voids, refunds, totals.

Rule: the state is a function of the set of records: any may come twice, and those of different tills in any order. A
sale never changes; what was voided or refunded is told by records of its own. What a drawer gave back is counted where
that was written, whichever till had sold.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import msgspec

from edge_agent.till.book import Day
from edge_agent.till.counted import Counted, Place
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

    place: Place
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
class Back:
    """A void or a refund of a sale."""

    place: Place
    sale: str
    amount_tiyn: int
    is_void: bool


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
    """A shift: who works it, what was sold in it, and what its till gave back meanwhile."""

    device: str
    opened: Shift | None = None
    closed: Shift | None = None
    sales: dict[str, None] = field(default_factory=dict)
    backs: dict[str, Back] = field(default_factory=dict)


class Sales:
    """What is known of sales; it keeps the newest SALES_MAX."""

    def __init__(self) -> None:
        self._sales: OrderedDict[str, Sold] = OrderedDict()
        self._by_person: dict[str, dict[str, None]] = {}
        self._items: OrderedDict[str, dict[Place, Item]] = OrderedDict()
        self._backs: dict[str, dict[str, Back]] = {}  # of each sale, by their own names
        self._shifts: OrderedDict[str, _Run] = OrderedDict()
        self._working: dict[str, str] = {}  # device -> shift, by the order of its records
        self._epochs: dict[str, OrderedDict[str, None]] = {}  # of each device, in the order in which it began them

    # What was written

    def observe(self, device: str, epoch: str, seq: int, record: bytes) -> None:
        """Take a record of this till or of another; records that are no sale's are passed over."""
        if not any(kind in record for kind in _KINDS):
            return
        try:
            found = _decode(record)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return
        place = Place(device, epoch, seq)
        self._note_epoch(place)
        match found:
            case Shift():
                self._shifted(device, found)
            case Item():
                self._listed(found, place)
            case Sale():
                self._sold(place, found)
            case Void() | Refund():
                self._given_back(place, found)
            case _:
                pass

    # What is asked

    def sold(self, sale_id: str) -> Sold | None:
        """Return a sale."""
        return self._sales.get(sale_id)

    def is_void(self, sale_id: str) -> bool:
        return any(back.is_void for back in self._backs_of(sale_id))

    def remains_tiyn(self, sale_id: str) -> int:
        """Return what may still be given back of a sale; nothing of one that was voided or is not known."""
        sold = self._sales.get(sale_id)
        return _left_tiyn(sold.sale, self._backs_of(sale_id)) if sold is not None else 0

    def open_shift(self, device: str) -> Shift | None:
        """Return the shift that is open at a till."""
        run = self._shifts.get(self._working.get(device, ""))
        return run.opened if run is not None and run.closed is None else None

    def of_shift(self, shift_id: str) -> Sequence[Sold]:
        """Return the sales of a shift, the newest first."""
        run = self._shifts.get(shift_id)
        found = (self._sales.get(sale_id) for sale_id in reversed(run.sales)) if run is not None else ()
        return [sold for sold in found if sold is not None]

    def elsewhere(self, shift_id: str, people: Collection[str] | None, limit: int) -> Sequence[Sold]:
        """Return sales of other shifts and tills, the newest first; only to some people, where they are given."""
        found = (
            sold for sold in reversed(self._sales.values())
            if sold.sale.shift != shift_id and (people is None or sold.sale.person in people)
        )  # fmt: skip
        return list(islice(found, limit))

    def totals(self, shift_id: str) -> Totals:
        """Return what a shift has taken so far, and given back, also of other shifts' and tills' sales."""
        run = self._shifts.get(shift_id)
        if run is None:
            return Totals()
        sales = self.of_shift(shift_id)
        undone = {back.sale for back in run.backs.values() if back.is_void and back.sale in run.sales}
        standing = [sold for sold in sales if sold.sale.id not in undone]
        given = [back for back in run.backs.values() if not (back.is_void and back.sale in undone)]
        cash_back = sum(back.amount_tiyn for back in given if self._is_cash(back.sale))
        account_back = sum(back.amount_tiyn for back in given) - cash_back
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

    def known(self, ref: str, *, meal: str, day: Day, counted: Counted, device: str) -> Known:
        """Return what is known of somebody at a meal, beside balances that know what is `counted`."""
        sales = [self._sales[sale_id] for sale_id in self._by_person.get(ref, ())]
        today = [sold for sold in self._standing(sales) if self._is_on(sold, day)]
        eaten = [sold for sold in today if sold.sale.meal == meal]
        own = [sold for sold in today if sold.place.device == device and sold.is_of_account]
        return Known(
            used=frozenset(item.dish for sold in eaten for item in sold.items),
            is_right_used=any(sold.is_by_right for sold in eaten),
            since_tiyn=sum(self._since_tiyn(sold, counted) for sold in sales if sold.is_of_account),
            today_tiyn=sum(self.remains_tiyn(sold.sale.id) for sold in today if sold.is_of_account),
            unconfirmed_tiyn=sum(self.remains_tiyn(sold.sale.id) for sold in own if sold.sale.unconfirmed),
        )

    def count_of(self, ref: str, device: str) -> int:
        """Return how many sales to somebody are known that a device made."""
        return sum(self._sales[sale_id].place.device == device for sale_id in self._by_person.get(ref, ()))

    def last_meal(self, ref: str, meal: str, day: Day) -> Sold | None:
        """Return the newest sale to somebody at a meal that stands."""
        sales = (self._sales[sale_id] for sale_id in reversed(self._by_person.get(ref, {})))
        return next((s for s in self._standing(sales) if s.sale.meal == meal and self._is_on(s, day)), None)

    # Folding

    def _note_epoch(self, place: Place) -> None:
        epochs = self._epochs.setdefault(place.device, OrderedDict())
        epochs.setdefault(place.epoch)
        if len(epochs) > EPOCHS_MAX:
            epochs.popitem(last=False)

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

    def _listed(self, item: Item, place: Place) -> None:
        if item.sale in self._sales:
            return
        self._items.setdefault(item.sale, {})[place] = item
        if len(self._items) > WAITING_MAX:
            self._items.popitem(last=False)

    def _sold(self, place: Place, sale: Sale) -> None:
        items = self._items.pop(sale.id, {})
        if sale.id in self._sales:
            return
        self._sales[sale.id] = Sold(place, sale, tuple(items.values()))
        self._shifts.setdefault(sale.shift, _Run(place.device)).sales[sale.id] = None
        if sale.person is not None:
            self._by_person.setdefault(sale.person, {})[sale.id] = None
        if len(self._sales) > SALES_MAX:
            self._forget(*self._sales.popitem(last=False))

    def _given_back(self, place: Place, record: Void | Refund) -> None:
        of_sale = self._backs.setdefault(record.sale, {})
        if record.id in of_sale:
            return
        back = of_sale[record.id] = Back(place, record.sale, record.amount_tiyn, isinstance(record, Void))
        run = self._shifts.get(self._working.get(place.device, ""))
        if run is not None:
            run.backs[record.id] = back

    def _forget(self, sale_id: str, sold: Sold) -> None:
        self._backs.pop(sale_id, None)
        if sold.sale.person is not None:
            of_person = self._by_person.get(sold.sale.person, {})
            of_person.pop(sale_id, None)
            if not of_person:
                self._by_person.pop(sold.sale.person, None)
        run = self._shifts.get(sold.sale.shift)
        if run is not None:
            run.sales.pop(sale_id, None)

    # Counting

    def _backs_of(self, sale_id: str) -> Collection[Back]:
        return self._backs.get(sale_id, {}).values()

    def _standing(self, sales: Iterable[Sold]) -> Iterator[Sold]:
        return (sold for sold in sales if not self.is_void(sold.sale.id))

    def _is_cash(self, sale_id: str) -> bool:
        sold = self._sales.get(sale_id)
        return sold is not None and sold.sale.payment == "cash"

    def _is_on(self, sold: Sold, day: Day) -> bool:
        """Tell whether a sale was made on a day: by its clock, or, where that was not right, by the cashier's word."""
        run = self._shifts.get(sold.sale.shift)
        named = run.opened.day if run is not None and run.opened is not None else None
        if named is not None and sold.sale.clock in _DOUBTED:
            return named == day.name
        return day.from_ms <= sold.sale.wall_ms < day.to_ms

    def _since_tiyn(self, sold: Sold, counted: Counted) -> int:
        """Return what is left of a sale, less what the balance has of it: nothing is given back before its sale is."""
        backs = self._backs_of(sold.sale.id)
        left_tiyn = _left_tiyn(sold.sale, backs)
        if not self._is_counted(sold.place, counted):
            return left_tiyn
        return left_tiyn - _left_tiyn(sold.sale, [back for back in backs if self._is_counted(back.place, counted)])

    def _is_counted(self, place: Place, counted: Counted) -> bool:
        epochs = list(self._epochs.get(place.device, ()))
        begun = epochs.index(place.epoch) + 1 if place.epoch in epochs else 0  # else it is older than all of these
        return counted.knows(place, epochs[begun:])


def _left_tiyn(sale: Sale, backs: Collection[Back]) -> int:
    if any(back.is_void for back in backs):
        return 0
    return max(0, sale.amount_tiyn - sum(back.amount_tiyn for back in backs))


def _paid(sales: Iterable[Sold], *ways: Payment) -> int:
    return sum(sold.sale.amount_tiyn for sold in sales if sold.sale.payment in ways)
