"""A cashier's shift: opened by a PIN, closed with its totals; and what is taken back of its sales.

Rule: a sale is made void only in the shift that sold it and only whole; later, or in part, it is refunded, never by
more than remains of it. Both name who did it and why.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import date

from edge_agent.till.desk import Desk, NotDone
from edge_agent.till.paper import brief, closing_record, opening_record, refund_record, void_record
from edge_agent.till.pins import PinRefused, Pins
from edge_agent.till.sales import Totals
from edge_agent.timekeeper import Stamp
from schemas.structs import Shift, StaffRow

ROLE = "cashier"


@dataclass(slots=True)
class Shifts:
    """The shifts of one till."""

    desk: Desk
    pins: Pins
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self, staff: str, pin: str, day: str = "") -> str:
        """Open a shift and return its name; `day` is the cashier's word, needed of a doubtful clock. Raises NotDone.

        A shift that was left open, and that a doubtful clock has no day for, is closed with its totals.
        """
        async with self._lock:
            desk, stamp = self.desk, self.desk.around.timekeeper.now()
            till = desk.book.till if desk.book is not None else None
            if till is None:
                raise NotDone("no_till")
            if desk.shift is not None:
                raise NotDone("shift_open")
            named = None if stamp.is_good else _day_of(day)
            try:
                await self.pins.check(self._cashier(staff), pin)
            except PinRefused as refused:
                raise NotDone(refused.reason, (str(refused.wait_s),) if refused.wait_s else ()) from refused
            shift, closing = desk.fresh_id(), self._closing(desk.left_open, stamp)
            await desk.append(*closing, opening_record(shift, till.id, staff, stamp, named))
            desk.opened, desk.meal_key = shift, None
            desk.clear()
            return shift

    async def close(self) -> Totals:
        """Close the open shift, after the sale that is being made, and return what it took. Raises NotDone."""
        async with self._lock, self.desk.selling:
            shift = self._open()
            totals = self.desk.around.sales.totals(shift.id)
            await self.desk.append(*self._closing(shift, self.desk.around.timekeeper.now()))
            self.desk.clear()
            return totals

    async def void(self, sale_id: str, why: str) -> None:
        """Take back a sale of the open shift. Raises NotDone."""
        async with self._lock:
            shift, why = self._open(), _reason(why)
            sales = self.desk.around.sales
            sold = sales.sold(sale_id)
            if sold is None or sales.is_void(sale_id):
                raise NotDone("is_void" if sold is not None else "no_sale")
            if sold.sale.shift != shift.id:
                raise NotDone("other_shift")
            if sales.remains_tiyn(sale_id) != sold.sale.amount_tiyn:
                raise NotDone("is_refunded")
            stamp = self.desk.around.timekeeper.now()
            record = void_record(self.desk.fresh_id(), sale_id, sold.sale.amount_tiyn, shift.staff, why, stamp)
            await self.desk.append(record)
            self.desk.on_change()

    async def refund(self, sale_id: str, amount_tiyn: int, why: str) -> None:
        """Give back so much of a sale. Raises NotDone."""
        async with self._lock:
            shift, why = self._open(), _reason(why)
            sales = self.desk.around.sales
            if sales.sold(sale_id) is None:
                raise NotDone("no_sale")
            if not 0 < amount_tiyn <= sales.remains_tiyn(sale_id):
                raise NotDone("remains_less")
            stamp = self.desk.around.timekeeper.now()
            await self.desk.append(refund_record(self.desk.fresh_id(), sale_id, amount_tiyn, shift.staff, why, stamp))
            self.desk.on_change()

    def _closing(self, shift: Shift | None, stamp: Stamp) -> list[bytes]:
        """Return the record that closes a shift with its totals, if there is one to close."""
        if shift is None:
            return []
        totals = self.desk.around.sales.totals(shift.id)
        return [closing_record(shift.id, shift.till, shift.staff, stamp, totals)]

    def _open(self) -> Shift:
        shift = self.desk.shift
        if shift is None:
            raise NotDone("no_shift")
        return shift

    def _cashier(self, ref: str) -> StaffRow:
        book = self.desk.book
        found = next((staff for staff in book.staff(ROLE) if staff.ref == ref), None) if book is not None else None
        if found is None:
            raise NotDone("not_cashier")
        return found


def _day_of(said: str) -> str:
    if not said:
        raise NotDone("day_needed")
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError:
        raise NotDone("day_needed") from None


def _reason(why: str) -> str:
    why = brief(why)
    if not why:
        raise NotDone("why_needed")
    return why
