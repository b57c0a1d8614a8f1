"""The projection of meals: tills' records become sales, postings of the ledger, and shifts, in one transaction.

Rule: what the tables hold and what the ledger's balances are is a function of the set of records met so far.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg

from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.ingest.cursor import LoggedRecord
from cloud.ingest.plan import clean
from cloud.ingest.reading import Unreadable, read_record
from cloud.ledger.posting import post_all
from cloud.meals import statements
from cloud.meals.rules import COST_MAX_TIYN, Book, Change, ChangeKind, Line, Payment, Place, Sale
from schemas import structs

CHANNEL = "esik_meals"  # the payload is the school's id
KINDS = frozenset({"item", "sale", "void", "refund", "override", "shift"})
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
Met = tuple[LoggedRecord, structs.AnyRecord]


class Meals:
    """Sales, shifts and their postings, by the cursor `meals`."""

    name = "meals"

    def __init__(self, services: Services) -> None:
        self._services = services

    async def apply(self, connection: asyncpg.Connection, records: Sequence[LoggedRecord]) -> None:
        """Write what tills recorded, school by school, and wake their pages."""
        schools: dict[int, list[Met]] = {}
        for row in records:
            if row.kind in KINDS and (record := _read(row)) is not None:
                schools.setdefault(row.school_id, []).append((row, record))
        for school_id, met in sorted(schools.items()):  # in one order, since each locks its school's ledger
            await self._apply_at(connection, school_id, met)

    async def _apply_at(self, connection: asyncpg.Connection, school_id: int, met: Sequence[Met]) -> None:
        book = await _load(connection, school_id, met)
        people = await _people(connection, school_id, met)
        for row, record in met:
            _meet(book, row, record, people)
        await _keep(connection, school_id, met, book)
        await post_all(connection, school_id, book.postings, self._services.clock.now())
        await notify(connection, CHANNEL, str(school_id))


async def _load(connection: asyncpg.Connection, school_id: int, met: Sequence[Met]) -> Book:
    ids = sorted({sale for _, record in met if (sale := _sale_of(record))})
    rows = await connection.fetch(statements.SALES, school_id, ids)
    sales = {row["id"]: _stored_sale(row) for row in rows}
    unknown = [each for each in ids if each not in sales]
    waiting: dict[str, list[Change]] = {}
    for row in await connection.fetch(statements.WAITING, school_id, unknown):
        waiting.setdefault(row["sale"], []).append(_stored_change(row))
    changes = [record.id for _, record in met if isinstance(record, structs.Void | structs.Refund)]
    return Book(
        sales=sales,
        costs={
            row["sale"]: row["cost"]
            for row in await connection.fetch(statements.COSTS, school_id, unknown, COST_MAX_TIYN)
        },
        waiting=waiting,
        known_lines=await _known_lines(connection, met),
        known_changes=frozenset(row["id"] for row in await connection.fetch(statements.CHANGES, school_id, changes)),
    )


async def _known_lines(connection: asyncpg.Connection, met: Sequence[Met]) -> frozenset[Place]:
    places = [(row.device, row.epoch, row.seq) for row, record in met if isinstance(record, structs.Item)]
    columns = [list(column) for column in zip(*places, strict=True)] or [[], [], []]
    return frozenset(Place(*row) for row in await connection.fetch(statements.LINES, *columns))


async def _people(connection: asyncpg.Connection, school_id: int, met: Iterable[Met]) -> frozenset[str]:
    """Return which of the persons named by records belong to the school."""
    refs = sorted({record.person for _, record in met if isinstance(record, structs.Sale) and record.person})
    return frozenset(row["ref"] for row in await connection.fetch(statements.PEOPLE, school_id, refs))


def _meet(book: Book, row: LoggedRecord, record: structs.AnyRecord, people: frozenset[str]) -> None:
    place, at = Place(row.device, row.epoch, row.seq), _at(row)
    match record:
        case structs.Item():
            book.meet_line(_line(place, record), at)
        case structs.Sale():
            book.meet_sale(_sale(place, record, at, people))
        case structs.Void():
            book.meet_change(_change(place, record, at, ChangeKind.VOID))
        case structs.Refund():
            book.meet_change(_change(place, record, at, ChangeKind.REFUND))
        case _:
            pass  # of overrides and shifts no money depends


async def _keep(connection: asyncpg.Connection, school_id: int, met: Sequence[Met], book: Book) -> None:
    places = [(Place(row.device, row.epoch, row.seq), _at(row), record) for row, record in met]
    lines = [_line(place, each) for place, _, each in places if isinstance(each, structs.Item)]
    rows: dict[str, list[tuple[object, ...]]] = {
        statements.KEEP_SALES: [_sale_row(book.sales[each]) for each in sorted(book.touched)],
        statements.KEEP_LINES: [
            (each.sale, *_place_row(each.place), each.dish, each.version, each.count, each.price_tiyn) for each in lines
        ],
        statements.KEEP_CHANGES: [_change_row(each) for each in book.changes.values()],
        statements.KEEP_OVERRIDES: [
            (each.sale, *_place_row(place), clean(each.rule), each.staff, clean(each.why))
            for place, _, each in places if isinstance(each, structs.Override)
        ],
        statements.KEEP_SHIFTS: _shift_rows(
            [(place, at, each) for place, at, each in places if isinstance(each, structs.Shift)]
        ),
    }  # fmt: skip
    for statement, of_it in rows.items():
        if of_it:
            await connection.execute(statement, school_id, *(list(column) for column in zip(*of_it, strict=True)))


def _read(row: LoggedRecord) -> structs.AnyRecord | None:
    try:
        return read_record(bytes(row.record))[0]
    except Unreadable:  # the log holds only what was readable; an older program than the writer's reads it now
        return None


def _at(row: LoggedRecord) -> datetime:
    return _EPOCH_START + timedelta(milliseconds=row.corrected_ms)


def _sale_of(record: structs.AnyRecord) -> str:
    if isinstance(record, structs.Sale):
        return record.id
    return record.sale if isinstance(record, structs.Item | structs.Void | structs.Refund) else ""


def _line(place: Place, record: structs.Item) -> Line:
    return Line(record.sale, place, record.dish, record.version, record.count, record.price_tiyn)


def _sale(place: Place, record: structs.Sale, at: datetime, people: frozenset[str]) -> Sale:
    person = record.person if record.person in people else ""
    return Sale(
        record.id, place, record.shift, clean(record.meal), Payment(record.payment), person or "",
        is_known=bool(person) or record.payment == "cash", amount_tiyn=record.amount_tiyn, at=at,
        clock=record.clock, is_unconfirmed=bool(record.unconfirmed),
    )  # fmt: skip


def _change(place: Place, record: structs.Void | structs.Refund, at: datetime, kind: ChangeKind) -> Change:
    return Change(
        record.id, kind, record.sale, place, record.amount_tiyn, record.staff, clean(record.reason), at
    )  # fmt: skip


def _stored_sale(row: asyncpg.Record) -> Sale:
    values = dict(row)
    place = Place(values.pop("device"), values.pop("epoch"), values.pop("seq"))
    return Sale(place=place, payment=Payment(values.pop("payment")), **values)


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
        change.staff, change.reason, change.at,
    )  # fmt: skip


def _shift_rows(told: Iterable[tuple[Place, datetime, structs.Shift]]) -> list[tuple[object, ...]]:
    """Return one row a shift: its opening and its closing may come together."""
    rows: dict[str, tuple[object, ...]] = {}
    for place, at, shift in told:
        opened = at if shift.outcome == "opened" else None
        closed = at if shift.outcome == "closed" else None
        row = (
            shift.id, place.device, clean(shift.till), shift.staff, opened, closed, shift.amount_tiyn, shift.cash_tiyn,
            shift.count,
        )  # fmt: skip
        before = rows.get(shift.id, row)
        rows[shift.id] = tuple(was if was is not None else new for was, new in zip(before, row, strict=True))
    return list(rows.values())
