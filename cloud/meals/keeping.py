"""The book of a school's sales is loaded from tables and kept in them, in the caller's transaction.

Rule: the caller holds the lock of the school's ledger, so that nobody else changes what was loaded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from cloud.ingest.instants import DOUBTED
from cloud.meals import statements
from cloud.meals.book import COST_MAX_TIYN, Book, LineOf
from cloud.meals.rules import Change, ChangeKind, Odd, Oddness, Payment, Place, Run, Sale, Stand


@dataclass(slots=True)
class Wanted:
    """What is to be loaded: what some records are about."""

    sales: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    places: set[Place] = field(default_factory=set)  # of sales and changes
    lines: set[Place] = field(default_factory=set)
    runs: set[tuple[str, str]] = field(default_factory=set)  # device and shift of each sale
    told_runs: set[tuple[str, str]] = field(default_factory=set)  # of each shift
    open_at: set[tuple[str, int]] = field(default_factory=set)  # device and position: which shift was open there
    devices: set[str] = field(default_factory=set)


async def load(connection: asyncpg.Connection, school_id: int, wanted: Wanted) -> Book:
    """Return the book as far as it concerns what is wanted."""
    odd = await _odd(connection, school_id, wanted)
    waiting = {each.told.id for each in odd.values() if isinstance(each.told, Sale)}
    ids = sorted(wanted.sales | waiting)
    sales = {row["id"]: stored_sale(row) for row in await connection.fetch(statements.SALES, school_id, ids)}
    apart = [each for each in ids if each not in sales or each in waiting]
    return Book(
        sales=sales,
        costs=await _costs(connection, school_id, apart),
        changes={
            row["id"]: _stored_change(row)
            for row in await connection.fetch(statements.CHANGES, school_id, ids, sorted(wanted.changes))
        },
        runs=await _runs(connection, school_id, wanted, [*sales.values(), *(each.told for each in odd.values())]),
        stands=[Stand(**row) for row in await connection.fetch(statements.STANDS, school_id, sorted(wanted.devices))],
        odd=odd,
        known_lines=await _known_lines(connection, wanted.lines),
        namesakes=await _namesakes(connection, school_id, [each.told for each in odd.values()]),
    )


async def keep(connection: asyncpg.Connection, school_id: int, book: Book) -> None:
    """Keep what has changed in a book, but for its postings."""
    sales = [book.sales[each] for each in sorted(book.touched)]
    await write(
        connection,
        school_id,
        {
            statements.DROP_ODD: [_place_row(place) for place in sorted(book.released)],
            statements.KEEP_ODD: [
                (*_odd_row(odd), book.day_named(odd.told))
                for place in sorted(book.set_apart)
                for odd in [book.odd[place]]
            ],
            statements.KEEP_SALES: [_sale_row(each) for each in sales],
            statements.KEEP_CHANGES: [_change_row(book.changes[each]) for each in sorted(book.changed)],
            statements.NAME_DAYS: sorted({(s.place.device, s.shift) for s in sales if s.clock in DOUBTED}),
        },
    )


async def write(
    connection: asyncpg.Connection, school_id: int, rows: Mapping[str, Sequence[tuple[object, ...]]]
) -> None:
    """Execute statements, each with the columns of its rows; those without rows are left out."""
    for statement, of_it in rows.items():
        if of_it:
            await connection.execute(statement, school_id, *(list(column) for column in zip(*of_it, strict=True)))


def stored_sale(row: asyncpg.Record) -> Sale:
    """Return a sale as it was kept."""
    values = dict(row)
    place = Place(values.pop("device"), values.pop("epoch"), values.pop("seq"))
    return Sale(place=place, payment=Payment(values.pop("payment")), **values)


def stored_odd(row: asyncpg.Record) -> Odd:
    """Return what was set apart."""
    place = Place(row["device"], row["epoch"], row["seq"])
    told: Sale | Change
    if row["record"] == "sale":
        told = Sale(
            row["id"], place, row["shift"], row["meal"], Payment(row["payment"]), row["ref"] if row["is_known"] else "",
            row["is_known"], row["amount_tiyn"], row["at"], row["clock"], row["is_unconfirmed"],
        )  # fmt: skip
    else:
        told = Change(
            row["id"], ChangeKind(row["record"]), row["sale"], place, row["amount_tiyn"], row["staff"], row["reason"],
            row["at"], row["clock"], row["position"],
        )  # fmt: skip
    return Odd(Oddness(row["why"]), told, is_decided=row["decision"] != "")


async def _odd(connection: asyncpg.Connection, school_id: int, wanted: Wanted) -> dict[Place, Odd]:
    places = [_place_row(place) for place in sorted(wanted.places)]
    rows = await connection.fetch(statements.ODD_AT, *_columns(places, 3)) if places else []
    if wanted.told_runs:
        rows += await connection.fetch(statements.ODD_OF_RUNS, school_id, *_columns(sorted(wanted.told_runs), 2))
    return {odd.told.place: odd for odd in map(stored_odd, rows)}


async def _namesakes(
    connection: asyncpg.Connection, school_id: int, told: Iterable[Sale | Change]
) -> dict[LineOf, set[int]]:
    """Return the numbers of all sales that were set apart and bear the ids of these, whatever was decided of them."""
    of = sorted({(each.place.device, each.place.epoch) for each in told if isinstance(each, Sale)})
    ids = sorted({each.id for each in told if isinstance(each, Sale)})
    found: dict[LineOf, set[int]] = {}
    for row in await connection.fetch(statements.NAMESAKES, school_id, ids, *_columns(of, 2)) if ids else ():
        found.setdefault((row["id"], row["device"], row["epoch"]), set()).add(row["seq"])
    return found


async def _runs(
    connection: asyncpg.Connection, school_id: int, wanted: Wanted, known: Iterable[Sale | Change]
) -> dict[tuple[str, str], Run]:
    """Return the shifts that are asked for, and those of what is known already and had no clock."""
    runs, open_at = wanted.runs | wanted.told_runs, set(wanted.open_at)
    for each in known:
        if each.clock in DOUBTED and isinstance(each, Sale):
            runs.add((each.place.device, each.shift))
        elif each.clock in DOUBTED and isinstance(each, Change):
            open_at.add((each.place.device, each.position))
    asked = *_columns(sorted(runs), 2), *_columns(sorted(open_at), 2)
    return {
        (row["device"], row["shift"]): Run(**row) for row in await connection.fetch(statements.RUNS, school_id, *asked)
    }


async def _costs(connection: asyncpg.Connection, school_id: int, sales: list[str]) -> dict[tuple[str, str, str], int]:
    rows = await connection.fetch(statements.COSTS, school_id, sales, COST_MAX_TIYN)
    return {(row["sale"], row["device"], row["epoch"]): row["cost"] for row in rows}


async def _known_lines(connection: asyncpg.Connection, places: Iterable[Place]) -> frozenset[Place]:
    rows = await connection.fetch(statements.LINES, *_columns([_place_row(place) for place in sorted(places)], 3))
    return frozenset(Place(*row) for row in rows)


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _stored_change(row: asyncpg.Record) -> Change:
    values = dict(row)
    place = Place(values.pop("device"), values.pop("epoch"), values.pop("seq"))
    return Change(place=place, kind=ChangeKind(values.pop("kind")), **values)


def _place_row(place: Place) -> tuple[str, str, int]:
    return place.device, place.epoch, place.seq


def _sale_row(sale: Sale) -> tuple[object, ...]:
    return (
        sale.id, *_place_row(sale.place), sale.shift, sale.meal, sale.payment.value, sale.person, sale.is_known,
        sale.amount_tiyn, sale.full_tiyn, sale.returned_tiyn, sale.is_void, sale.is_unconfirmed, sale.clock, sale.at,
    )  # fmt: skip


def _change_row(change: Change) -> tuple[object, ...]:
    return (
        change.id, change.kind.value, change.sale, *_place_row(change.place), change.amount_tiyn, change.given_tiyn,
        change.staff, change.reason, change.at, change.clock, change.position,
    )  # fmt: skip


def _odd_row(odd: Odd) -> tuple[object, ...]:
    place, told = _place_row(odd.told.place), odd.told
    if isinstance(told, Sale):
        return (
            *place, odd.why.value, "sale", told.id, told.id, told.shift, told.meal, told.payment.value, told.person,
            told.is_known, told.amount_tiyn, told.is_unconfirmed, "", "", told.clock, told.at, 0,
        )  # fmt: skip
    return (
        *place, odd.why.value, told.kind.value, told.id, told.sale, "", "", "", "", True, told.amount_tiyn, False,
        told.staff, told.reason, told.clock, told.at, told.position,
    )  # fmt: skip
