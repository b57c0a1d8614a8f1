"""What is asked of the wallet: vouchers, tabel and meals compared, what was explained, and which files came.

Rule: an IIN is in nothing that is asked here but the rows that were not taken, and who reads those is noted.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.messages import Message, message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.meals.free_meals import owed_meals
from cloud.people.stays import leavers_of
from cloud.wallet import statements
from cloud.wallet.errors import DaysRefused
from cloud.wallet.kinds import FileKind, Kind
from cloud.wallet.rules import Facts, Line, Meal, Place, Voucher, reconcile

REJECTED = "wallet_import.rejected"  # the context of the encrypted rows
DAYS_MAX = 62  # two months at once
VOUCHERS_MAX = 50_000
TABEL_MAX = 500_000
NOTES_MAX = 100_000
IMPORTS_SHOWN = 20
Connection: TypeAlias = "asyncpg.Connection | asyncpg.Pool"


@dataclass(frozen=True, slots=True)
class Note:
    """Why a difference is as it is, who said so and when."""

    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Some days of a school: the lines, and what was explained of them, by place and kind."""

    first_on: date
    last_on: date
    lines: Sequence[Line]
    notes: Mapping[tuple[Place, Kind], Note]

    def notes_of(self, line: Line) -> list[Note]:
        """Return what explains a line; one note may be about several of its kinds."""
        found = (self.notes.get((line.place, kind)) for kind in sorted(line.kinds))
        return list(dict.fromkeys(note for note in found if note is not None))

    def is_explained(self, line: Line) -> bool:
        """Tell whether every way in which a line differs was explained."""
        return bool(line.kinds) and all((line.place, kind) in self.notes for kind in line.kinds)


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A child as pages show it."""

    id: int
    ref: str
    name: str
    class_name: str


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A file that was taken."""

    id: int
    kind: FileKind
    count: int
    added: int
    changed: int
    same: int
    rejected: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not taken: its number in its file, why, and its cells as they came."""

    number: int
    message: Message
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Rejected:
    """The rows of a file that were not taken."""

    kind: FileKind
    headings: Sequence[str]
    rows: Sequence[RejectedRow]


async def compared(services: Services, actor: Actor, school_id: int, first_on: date, last_on: date) -> Compared:
    """Return the lines of some days. Raises NotAllowed or DaysRefused."""
    actor.require(Right.WALLET_READ, school_id)
    check_days(first_on, last_on)
    pool = services.database.pool
    facts = await facts_of(pool, school_id, first_on, last_on)
    lines = await asyncio.to_thread(reconcile, facts, first_on, last_on)
    return Compared(first_on, last_on, lines, await _notes(pool, school_id, first_on, last_on))


def check_days(first_on: date, last_on: date) -> None:
    """Refuse more days than are compared at once, and such as end before they begin. Raises DaysRefused."""
    if not timedelta() <= last_on - first_on < timedelta(days=DAYS_MAX):
        raise DaysRefused(message("The days end after they begin, {count} at most.", count=DAYS_MAX))


async def facts_of(connection: Connection, school_id: int, first_on: date, last_on: date) -> Facts:
    """Return what vouchers, tabel and records tell of some days."""
    told = await tabel_within(connection, school_id, first_on, last_on)
    return Facts(
        await vouchers_within(connection, school_id),
        {place: is_present for place, (is_present, _) in told.items()},
        [
            Meal(meal.sale, meal.person_id, meal.on, meal.meal, meal.owed_tiyn)
            for meal in await owed_meals(connection, school_id, first_on, last_on)
        ],
        await leavers_of(connection, school_id),
    )


async def vouchers_within(connection: Connection, school_id: int) -> list[Voucher]:
    """Return a school's vouchers as they are now, by number."""
    rows = await connection.fetch(statements.VOUCHERS, school_id, VOUCHERS_MAX)
    return [
        Voucher(
            row["number"], row["person_id"], row["meal"], row["first_on"], row["last_on"], row["price_tiyn"],
            row["is_annulled"], row["code"],
        )
        for row in rows
    ]  # fmt: skip


async def tabel_within(
    connection: Connection, school_id: int, first_on: date, last_on: date
) -> dict[tuple[int, date], tuple[bool, str]]:
    """Return who was present on some days and why not, by child and day, as the tabel tells it now."""
    rows = await connection.fetch(statements.TABEL, school_id, first_on, last_on, TABEL_MAX)
    return {(row["person_id"], row["on"]): (row["is_present"], row["reason"]) for row in rows}


async def children_named(connection: Connection, school_id: int, ids: Iterable[int]) -> dict[int, ChildRow]:
    """Return children by id."""
    rows = await connection.fetch(statements.PEOPLE, school_id, sorted(set(ids)))
    return {row["id"]: ChildRow(**row) for row in rows}


async def imports_of(services: Services, actor: Actor, school_id: int) -> list[ImportRow]:
    """Return the files that came last, the newest first. Raises NotAllowed."""
    actor.require(Right.WALLET_READ, school_id)
    rows = await services.database.pool.fetch(statements.IMPORTS, school_id, IMPORTS_SHOWN)
    return [ImportRow(**{**row, "kind": FileKind(row["kind"])}) for row in rows]


async def rejected_of(services: Services, actor: Actor, school_id: int, import_id: int) -> Rejected:
    """Return the rows of a file that were not taken, and note who read them. Raises NotAllowed or NotFound."""
    actor.require(Right.WALLET_READ, school_id)
    row = await services.database.pool.fetchrow(statements.REJECTED, school_id, import_id)
    if row is None or row["rejected_encrypted"] is None:
        raise NotFound
    kept = json.loads(services.vault.decrypt_bytes(row["rejected_encrypted"], REJECTED))
    async with services.database.transaction() as connection:
        await audit(
            connection, actor, "wallet.rejected_read", f"wallet_import:{import_id}", school_id=school_id,
            at=services.clock.now(),
        )  # fmt: skip
    rows = [
        RejectedRow(number, Message(text, tuple(values.items())), cells) for number, text, values, cells in kept["rows"]
    ]
    return Rejected(FileKind(row["kind"]), kept["headings"], rows)


async def _notes(
    connection: Connection, school_id: int, first_on: date, last_on: date
) -> dict[tuple[Place, Kind], Note]:
    rows = await connection.fetch(statements.NOTES, school_id, first_on, last_on, NOTES_MAX)
    return {
        (Place(row["on"], row["person_id"], row["meal"]), Kind(row["kind"])): Note(row["reason"], row["at"], row["by"])
        for row in rows
        if row["reason"]
    }
