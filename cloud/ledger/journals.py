"""The ledger as plain-text accounting: journals that hledger and beancount read, and check.

Rule: no name of a person is in them; both end with the balance of each account, so that either program refuses a
journal whose lines do not add up to what the ledger holds.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from tempfile import SpooledTemporaryFile

import asyncpg

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.ledger.kinds import AccountKind, EntryKind
from cloud.ledger.rules import Account

COMMODITY = "KZT"
AT_ONCE = 1_000
IN_MEMORY = 1 << 20  # bytes; what is longer waits on the disk
PIECE = 1 << 16
NAMES = {
    AccountKind.CHILD: "Liabilities:Persons",
    AccountKind.REVENUE: "Income:Canteen",
    AccountKind.SUBSIDY: "Assets:Subsidies",
    AccountKind.CLEARING: "Assets:Clearing",
    AccountKind.CASH: "Assets:Cash",
    AccountKind.BANK: "Assets:Bank",
    AccountKind.REFUNDS: "Liabilities:Refunds",
    AccountKind.FEES: "Expenses:Fees",
    AccountKind.DIFFERENCES: "Expenses:Differences",
}
_ACCOUNTS = "SELECT kind, part, balance_tiyn FROM ledger_account WHERE school_id = $1 ORDER BY kind, part"
_ENTRIES = """
SELECT number, key, entry.kind, at, "on", array_agg(account.kind ORDER BY account.id) AS kinds,
  array_agg(part ORDER BY account.id) AS parts, array_agg(amount_tiyn ORDER BY account.id) AS amounts
FROM ledger_entry AS entry JOIN ledger_line ON entry_id = entry.id
JOIN ledger_account AS account ON account.id = account_id
WHERE entry.school_id = $1 GROUP BY entry.id ORDER BY "on", number
"""


class Program(StrEnum):
    """A program that reads a journal."""

    HLEDGER = "hledger"
    BEANCOUNT = "beancount"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as a journal tells it."""

    number: int
    key: str
    kind: EntryKind
    at: datetime
    on: date
    lines: Sequence[tuple[Account, int]]


Balances = Sequence[tuple[Account, int]]


async def journal(services: Services, actor: Actor, school_id: int, program: Program) -> AsyncIterator[str]:
    """Yield a school's whole ledger as text, as of one instant. Raises NotAllowed."""
    actor.require(Right.MONEY_READ, school_id)
    tell = {Program.HLEDGER: _hledger_entry, Program.BEANCOUNT: _beancount_entry}[program]
    pool = services.database.pool
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await connection.fetch(_ACCOUNTS, school_id)
        balances = [(Account(AccountKind(row["kind"]), row["part"]), row["balance_tiyn"]) for row in rows]
        first_on = last_on = None
        async for row in connection.cursor(_ENTRIES, school_id, prefetch=AT_ONCE):
            entry = Entry(row["number"], row["key"], EntryKind(row["kind"]), row["at"], row["on"], _lines(row))
            if first_on is None:
                first_on = entry.on
                yield HEADS[program](balances, first_on)
            last_on = entry.on
            yield tell(entry)
        if last_on is not None:
            yield TAILS[program](balances, last_on)


async def whole_journal(services: Services, actor: Actor, school_id: int, program: Program) -> Iterator[bytes]:
    """Return the pieces of a journal that no database waits for, however slowly they are read. Raises NotAllowed."""
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (closed when its pieces are read, or nobody reads them)
    try:
        async for text in journal(services, actor, school_id, program):
            file.write(text.encode())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return _pieces(file)


def name_of(account: Account) -> str:
    """Return an account's name, good for both programs: each part begins with a capital letter or a figure."""
    part = account.part.upper() if account.kind is AccountKind.CHILD else account.part.capitalize()
    return f"{NAMES[account.kind]}:{part}" if part else NAMES[account.kind]


def amount_of(tiyn: int) -> str:
    """Return tiyn as tenge with a point: -1234.50."""
    tenge, rest = divmod(abs(tiyn), 100)
    return f"{'-' if tiyn < 0 else ''}{tenge}.{rest:02d} {COMMODITY}"


def _hledger_head(balances: Balances, _first_on: date) -> str:
    accounts = "".join(f"account {name_of(account)}\n" for account, _ in balances)
    return f"commodity 1000.00 {COMMODITY}\n{accounts}"


def _hledger_entry(entry: Entry) -> str:
    head = f"\n{entry.on} * ({entry.number}) {entry.kind}  ; key: {entry.key}, at: {_instant(entry.at)}\n"
    return head + "".join(f"    {name_of(account)}  {amount_of(amount)}\n" for account, amount in entry.lines)


def _hledger_tail(balances: Balances, last_on: date) -> str:
    lines = "".join(f"    {name_of(each)}  0 {COMMODITY} = {amount_of(amount)}\n" for each, amount in balances)
    return f"\n{last_on} balances\n{lines}"


def _beancount_head(balances: Balances, first_on: date) -> str:
    accounts = "".join(f"{first_on} open {name_of(account)} {COMMODITY}\n" for account, _ in balances)
    return f'option "operating_currency" "{COMMODITY}"\n{accounts}'


def _beancount_entry(entry: Entry) -> str:
    head = f'\n{entry.on} * "{entry.kind}"\n  number: {entry.number}\n  key: "{entry.key}"\n'
    lines = "".join(f"  {name_of(account)}  {amount_of(amount)}\n" for account, amount in entry.lines)
    return f'{head}  at: "{_instant(entry.at)}"\n{lines}'


def _beancount_tail(balances: Balances, last_on: date) -> str:
    after = last_on + timedelta(days=1)  # a balance is that of a day's beginning
    return "\n" + "".join(f"{after} balance {name_of(each)}  {amount_of(amount)}\n" for each, amount in balances)


def _lines(row: asyncpg.Record) -> list[tuple[Account, int]]:
    lines = zip(row["kinds"], row["parts"], row["amounts"], strict=True)
    return [(Account(AccountKind(kind), part), amount) for kind, part, amount in lines]


def _pieces(file: SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


HEADS: dict[Program, Callable[[Balances, date], str]] = {
    Program.HLEDGER: _hledger_head, Program.BEANCOUNT: _beancount_head,
}  # fmt: skip
TAILS: dict[Program, Callable[[Balances, date], str]] = {
    Program.HLEDGER: _hledger_tail, Program.BEANCOUNT: _beancount_tail,
}  # fmt: skip
