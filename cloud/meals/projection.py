"""The projection of meals: tills' records become sales, postings of the ledger, and shifts, in one transaction.

Rule: what the tables hold and what the ledger's balances are is a function of the set of records met so far, and of
what the office decided about those that may not count.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import asyncpg

from cloud.core.page_wakeups import wake_pages
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.ingest.cursor import LoggedRecord
from cloud.ingest.instants import DOUBTED
from cloud.ingest.plan import clean
from cloud.ledger.posting import AT_ONCE, lock, post_all
from cloud.meals import reading, statements
from cloud.meals.book import Book
from cloud.meals.counted import note_counted
from cloud.meals.keeping import Wanted, keep, load, write
from cloud.meals.reading import Met
from schemas import structs

CHANNEL = "esik_meals"  # the payload is the school's id


class Meals:
    """Sales, shifts and their postings, by the cursor `meals`."""

    name = "meals"

    def __init__(self, services: Services) -> None:
        self._services = services

    async def apply(self, connection: asyncpg.Connection, records: Sequence[LoggedRecord]) -> None:
        """Write what tills recorded, school by school, and wake their pages."""
        schools: dict[int, list[Met]] = {}
        for row in records:
            if (met := reading.met(row)) is not None:
                schools.setdefault(row.school_id, []).append(met)
        for school_id, of_school in sorted(schools.items()):  # in one order, since each locks its school's ledger
            await self._apply_at(connection, school_id, of_school)

    async def _apply_at(self, connection: asyncpg.Connection, school_id: int, met: Sequence[Met]) -> None:
        await lock(connection, school_id)
        book = await load(connection, school_id, _wanted(met))
        people = await _people(connection, school_id, met)
        for each in met:
            meet(book, each, people)
        await _keep_told(connection, school_id, met, book)
        await keep(connection, school_id, book)
        for start in range(0, len(book.postings), AT_ONCE):  # a shift may let any number of sales count at once
            at_once = book.postings[start : start + AT_ONCE]
            await post_all(connection, school_id, at_once, self._services.clock.now())
        await note_counted(connection, school_id, met)
        await notify(connection, CHANNEL, str(school_id))
        await wake_pages(self._services.vault, connection, [(school_id, ref) for ref in people])


def _wanted(met: Iterable[Met]) -> Wanted:
    """Return what is to be known before these records are met."""
    wanted = Wanted()
    for each in met:
        place, record = each.place, each.record
        wanted.devices.add(place.device)
        if sale := reading.sale_of(record):
            wanted.sales.add(sale)
        match record:
            case structs.Item():
                wanted.lines.add(place)
            case structs.Sale():
                wanted.places.add(place)
                wanted.runs.add((place.device, record.shift))
            case structs.Void() | structs.Refund():
                wanted.places.add(place)
                wanted.changes.add(record.id)
                wanted.open_at |= _open_at(each, record.clock)
            case structs.Refusal():
                wanted.open_at |= _open_at(each, record.clock)
            case structs.Shift():
                wanted.told_runs.add((place.device, record.id))
            case _:
                pass
    return wanted


def _open_at(met: Met, clock: str) -> set[tuple[str, int]]:
    """Return where it is asked which shift was open: of what knew no time itself."""
    return {(met.place.device, met.position)} if clock in DOUBTED else set()


async def _people(connection: asyncpg.Connection, school_id: int, met: Iterable[Met]) -> frozenset[str]:
    """Return which of the persons named by sales belong to the school."""
    refs = {each.record.person for each in met if isinstance(each.record, structs.Sale) and each.record.person}
    return frozenset(row["ref"] for row in await connection.fetch(statements.PEOPLE, school_id, sorted(refs)))


def meet(book: Book, met: Met, people: frozenset[str]) -> None:
    """Let a book meet a record; `people` are those it may name that the school has."""
    match met.record:
        case structs.Item() as record:
            book.meet_line(reading.line(met.place, record), met.at)
        case structs.Sale() as record:
            book.meet_sale(reading.sale(met.place, record, met.at, people), met.received_at)
        case structs.Void() | structs.Refund() as record:
            book.meet_change(reading.change(met, record), met.received_at)
        case structs.Shift() as record:
            book.meet_run(reading.run(met, record))
        case _:
            pass  # of overrides, claims and refusals no money depends


async def _keep_told(connection: asyncpg.Connection, school_id: int, met: Sequence[Met], book: Book) -> None:
    """Keep what records tell beside sales and what is taken back of them."""
    rows: dict[str, list[tuple[object, ...]]] = {}
    shifts: list[tuple[Met, structs.Shift]] = []
    for each in met:
        place = (each.place.device, each.place.epoch, each.place.seq)
        match each.record:
            case structs.Item() as told:
                row = (told.sale, *place, told.dish, told.version, told.count, told.price_tiyn)
                rows.setdefault(statements.KEEP_LINES, []).append(row)
            case structs.Override() as told:
                overruled = (told.sale, *place, clean(told.rule), told.staff, clean(told.why))
                rows.setdefault(statements.KEEP_OVERRIDES, []).append(overruled)
            case structs.Claim() as told:
                rows.setdefault(statements.KEEP_CLAIMS, []).append((*place, *_claim(each, told)))
            case structs.Refusal() as told if _is_tills(book, each, told.clock):
                on = book.day_at(each.place.device, each.position) if told.clock in DOUBTED else None
                refused = (*place, told.person, clean(told.meal), clean(told.reason), told.clock, each.at, on)
                rows.setdefault(statements.KEEP_REFUSALS, []).append(refused)
            case structs.Shift() as told:
                shifts.append((each, told))
            case _:
                pass
    rows[statements.KEEP_SHIFTS] = _shift_rows(shifts)
    named = [key for key in {(m.place.device, told.id) for m, told in shifts} if book.runs[key].named_on is not None]
    rows[statements.NAME_DAYS] = sorted(named)
    await write(connection, school_id, rows)


def _is_tills(book: Book, met: Met, clock: str) -> bool:
    return book.was_till(met.place.device, met.at, clock, met.received_at)


def _claim(met: Met, told: structs.Claim) -> tuple[object, ...]:
    on = reading.named_on(told.day, met.received_at) or met.at.date()
    is_granted = told.outcome == "granted"
    return told.id, told.person, clean(told.meal), on, is_granted, told.amount_tiyn or 0, bool(told.by_right), met.at


def _shift_rows(told: Iterable[tuple[Met, structs.Shift]]) -> list[tuple[object, ...]]:
    """Return one row a shift: its opening and its closing may come together."""
    rows: dict[tuple[str, str], tuple[object, ...]] = {}
    for met, shift in told:
        key = (met.place.device, shift.id)
        row = (shift.id, met.place.device, clean(shift.till), shift.staff, *_times(met, shift))
        before = rows.get(key, row)
        rows[key] = tuple(was if was is not None else new for was, new in zip(before, row, strict=True))
    return list(rows.values())


def _times(met: Met, shift: structs.Shift) -> tuple[datetime | object, ...]:
    """Return when a shift was opened, where that stands, the day as it was named, and what its closing told."""
    if shift.outcome == "opened":
        named = reading.named_on(shift.day, met.received_at)
        return met.at, met.position, named, None, None, None, None
    return None, None, None, met.at, shift.amount_tiyn, shift.cash_tiyn, shift.count
