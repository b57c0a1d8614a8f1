"""What a till writes: the records of sales, voids, refunds, refusals and shifts, as bytes.

Rule: a sale's items and what was overruled stand before it, and all of it is appended as one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import msgspec

from edge_agent.till.rules import Due
from edge_agent.till.sales import Totals
from edge_agent.timekeeper import Quality, Stamp
from schemas import structs

WHY_MAX = 24  # characters of a reason: in Kazakh or Russian they take two bytes each


class _Stamped(TypedDict):
    monotonic_ms: int
    wall_ms: int
    clock: Quality


@dataclass(frozen=True, slots=True)
class Override:
    """A cashier overrules what speaks against a sale, and says why."""

    staff: str
    why: str


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale to be written."""

    id: str
    shift: str
    meal: str
    due: Due
    person: str | None = None
    is_confirmed: bool = True
    overruled: Sequence[str] = ()


def sale_records(sale: Sale, stamp: Stamp, override: Override | None) -> list[bytes]:
    """Return a sale's records in their order: its items, what was overruled, itself."""
    when = _stamped(stamp)
    items = [
        structs.Item(
            **when, sale=sale.id, dish=line.dish.key, version=line.dish.version, count=line.count,
            price_tiyn=line.dish.price_tiyn,
        )
        for line in sale.due.lines
    ]  # fmt: skip
    overrides: list[structs.Override] = []
    if override is not None:
        why = brief(override.why)
        overrides = [
            structs.Override(**when, sale=sale.id, rule=rule, staff=override.staff, why=why) for rule in sale.overruled
        ]
    completed = structs.Sale(
        **when,
        id=sale.id,
        shift=sale.shift,
        meal=sale.meal,
        amount_tiyn=sale.due.amount_tiyn,
        payment=sale.due.payment,
        person=sale.person,
        unconfirmed=None if sale.is_confirmed else True,
    )
    return [msgspec.json.encode(record) for record in (*items, *overrides, completed)]


def void_record(void: str, sale: str, amount_tiyn: int, staff: str, why: str, stamp: Stamp) -> bytes:
    """Return the record that takes a sale back."""
    return msgspec.json.encode(
        structs.Void(**_stamped(stamp), id=void, sale=sale, amount_tiyn=amount_tiyn, staff=staff, reason=brief(why))
    )


def refund_record(refund: str, sale: str, amount_tiyn: int, staff: str, why: str, stamp: Stamp) -> bytes:
    """Return the record that gives money back."""
    return msgspec.json.encode(
        structs.Refund(**_stamped(stamp), id=refund, sale=sale, amount_tiyn=amount_tiyn, staff=staff, reason=brief(why))
    )


def refusal_record(meal: str, person: str, reason: str, stamp: Stamp) -> bytes:
    """Return the record that nothing was sold, and why."""
    return msgspec.json.encode(structs.Refusal(**_stamped(stamp), meal=meal, person=person, reason=reason))


def opening_record(shift: str, till: str, staff: str, stamp: Stamp, day: str | None) -> bytes:
    """Return the record that a shift was opened."""
    return msgspec.json.encode(
        structs.Shift(**_stamped(stamp), id=shift, till=till, outcome="opened", staff=staff, day=day)
    )


def closing_record(shift: str, till: str, staff: str, stamp: Stamp, totals: Totals) -> bytes:
    """Return the record that a shift was closed, with what it took."""
    return msgspec.json.encode(
        structs.Shift(
            **_stamped(stamp), id=shift, till=till, outcome="closed", staff=staff, amount_tiyn=totals.amount_tiyn,
            cash_tiyn=totals.cash_tiyn, count=totals.count,
        )
    )  # fmt: skip


def brief(why: str) -> str:
    """Return a reason as a record can hold it: one line, and not longer than fits."""
    return " ".join(why.split())[:WHY_MAX].strip()


def _stamped(stamp: Stamp) -> _Stamped:
    return {"monotonic_ms": stamp.monotonic_ms, "wall_ms": stamp.wall_ms, "clock": stamp.quality}
