"""What is asked of the ledger: what is held for whom, what moved it, and the trial balance of a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.ledger.kinds import AccountKind, EntryKind
from cloud.ledger.rules import Account, held

ACCOUNTS_MAX = 20_000
MOVEMENTS_MAX = 500
_HELD = "SELECT balance_tiyn FROM ledger_account WHERE person_id = $1"
_BALANCE = "SELECT balance_tiyn FROM ledger_account WHERE school_id = $1 AND kind = $2 AND part = $3"
_HELD_EACH = "SELECT person_id, balance_tiyn FROM ledger_account WHERE person_id = any($1::bigint[])"
_ALL_HELD = """
SELECT part, balance_tiyn FROM ledger_account WHERE school_id = $1 AND kind = 'child' ORDER BY part LIMIT $2
"""
_MOVEMENTS = """
SELECT entry.number, entry.key, entry.kind, entry.at, -line.amount_tiyn AS amount_tiyn
FROM ledger_account JOIN ledger_line AS line ON line.account_id = ledger_account.id
JOIN ledger_entry AS entry ON entry.id = line.entry_id
WHERE person_id = $1 AND entry."on" BETWEEN $2 AND $3 ORDER BY entry.at DESC, entry.number DESC LIMIT $4
"""
_BELOW = """
SELECT part, balance_tiyn - coalesce(later, 0) AS closing FROM ledger_account LEFT JOIN (
  SELECT account_id, sum(amount_tiyn) AS later
  FROM ledger_entry JOIN ledger_line ON entry_id = ledger_entry.id WHERE school_id = $1 AND "on" > $2
  GROUP BY account_id
) AS since ON account_id = ledger_account.id
WHERE school_id = $1 AND kind = 'child' AND balance_tiyn - coalesce(later, 0) > 0 ORDER BY part LIMIT $3
"""
_OWN = """
SELECT kind, part, balance_tiyn FROM ledger_account WHERE school_id = $1 AND kind <> 'child'
ORDER BY kind, part LIMIT $2
"""
_TRIAL = """
SELECT kind, part, balance_tiyn - coalesce(later, 0) AS closing, coalesce(debits, 0) AS debits,
  coalesce(credits, 0) AS credits
FROM ledger_account LEFT JOIN (
  SELECT account_id, sum(amount_tiyn) FILTER (WHERE "on" > $2) AS later,
    sum(amount_tiyn) FILTER (WHERE "on" = $2 AND amount_tiyn > 0) AS debits,
    -sum(amount_tiyn) FILTER (WHERE "on" = $2 AND amount_tiyn < 0) AS credits
  FROM ledger_entry JOIN ledger_line ON entry_id = ledger_entry.id WHERE school_id = $1 AND "on" >= $2
  GROUP BY account_id
) AS since ON account_id = ledger_account.id
WHERE school_id = $1 ORDER BY kind, part LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that came to a person's account (above zero) or left it."""

    number: int
    key: str
    kind: EntryKind
    at: datetime
    amount_tiyn: int


@dataclass(frozen=True, slots=True)
class TrialLine:
    """An account on a day. Opening and closing are debits above zero, credits below."""

    account: Account
    opening_tiyn: int
    debits_tiyn: int
    credits_tiyn: int
    closing_tiyn: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account of a school on a day; debits and credits are equal, and all closings sum to zero."""

    on: date
    lines: Sequence[TrialLine]

    @property
    def debits_tiyn(self) -> int:
        return sum(line.debits_tiyn for line in self.lines)

    @property
    def credits_tiyn(self) -> int:
        return sum(line.credits_tiyn for line in self.lines)

    @property
    def by_kind(self) -> list[TrialLine]:
        """Return the lines with the persons' accounts summed up in one."""
        own = [line for line in self.lines if line.account.kind is AccountKind.CHILD]
        others = [line for line in self.lines if line.account.kind is not AccountKind.CHILD]
        return [_summed(own), *others] if own else others


async def held_for(connection: asyncpg.Connection | asyncpg.Pool, person_id: int) -> int:
    """Return what the school holds for a person; below zero is owed. For slices above, after their own check."""
    balance = await connection.fetchval(_HELD, person_id)
    return held(balance or 0)


async def held_for_each(connection: asyncpg.Connection | asyncpg.Pool, person_ids: Sequence[int]) -> Mapping[int, int]:
    """Return what the school holds for some persons, those left out that never had money moved; see `held_for`."""
    return {row["person_id"]: held(row["balance_tiyn"]) for row in await connection.fetch(_HELD_EACH, person_ids)}


async def balance_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int, account: Account) -> int:
    """Return an account's balance: above zero is a debit. For slices above, after their own check."""
    balance = await connection.fetchval(_BALANCE, school_id, account.kind.value, account.part)
    return balance or 0


async def held_at(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> Mapping[str, int]:
    """Return what the school holds for each person that ever had money moved, by reference, as `held_for`."""
    return {
        row["part"]: held(row["balance_tiyn"]) for row in await connection.fetch(_ALL_HELD, school_id, ACCOUNTS_MAX)
    }


async def movements_of(
    connection: asyncpg.Connection | asyncpg.Pool, person_id: int, first_on: date, last_on: date
) -> list[Movement]:
    """Return what moved a person's account on days of the school, newest first. For slices above, as `held_for`."""
    rows = await connection.fetch(_MOVEMENTS, person_id, first_on, last_on, MOVEMENTS_MAX)
    return [Movement(**{**row, "kind": EntryKind(row["kind"])}) for row in rows]


async def below_zero(connection: asyncpg.Connection | asyncpg.Pool, school_id: int, on: date) -> Mapping[str, int]:
    """Return how much is owed on accounts below zero at the end of a day, by reference; see `held_for`."""
    rows = await connection.fetch(_BELOW, school_id, on, ACCOUNTS_MAX)
    return {row["part"]: int(row["closing"]) for row in rows}


async def own_accounts(services: Services, actor: Actor, school_id: int) -> Mapping[Account, int]:
    """Return a school's accounts that are no person's, each with its balance of now, as it grows. Raises NotAllowed."""
    actor.require(Right.MONEY_READ, school_id)
    rows = await services.database.pool.fetch(_OWN, school_id, ACCOUNTS_MAX)
    accounts = {Account(AccountKind(row["kind"]), row["part"]): row["balance_tiyn"] for row in rows}
    return {account: account.as_grows(balance) for account, balance in accounts.items()}


async def trial_balance(services: Services, actor: Actor, school_id: int, on: date) -> TrialBalance:
    """Return every account of a school at the end of a day. Raises NotAllowed."""
    actor.require(Right.MONEY_READ, school_id)
    rows = await services.database.pool.fetch(_TRIAL, school_id, on, ACCOUNTS_MAX)
    return TrialBalance(on, [_line(row) for row in rows])


def _summed(lines: Sequence[TrialLine]) -> TrialLine:
    return TrialLine(
        Account(AccountKind.CHILD),
        sum(line.opening_tiyn for line in lines),
        sum(line.debits_tiyn for line in lines),
        sum(line.credits_tiyn for line in lines),
        sum(line.closing_tiyn for line in lines),
    )


def _line(row: asyncpg.Record) -> TrialLine:
    debits, credits_, closing = int(row["debits"]), int(row["credits"]), int(row["closing"])
    account = Account(AccountKind(row["kind"]), row["part"])
    return TrialLine(account, closing - debits + credits_, debits, credits_, closing)
