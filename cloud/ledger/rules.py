"""What a posting is, what makes it one that can be written, and what it does to balances. Pure.

Rule: the lines of a posting sum to zero; a debit is above zero, a credit below. Amounts are whole tiyn.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from cloud.ledger.kinds import AccountKind, AccountType, EntryKind

KEY_MAX = 120
PART_MAX = 24
LINES_MAX = 256  # a sale that is dealt out anew moves the drawer of every till that gave some of it back
AMOUNT_MAX = 10**13  # of one line: a hundred billion tenge
KEY = re.compile(rf"[a-z0-9][a-z0-9:._-]{{0,{KEY_MAX - 1}}}")
PART = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{PART_MAX - 1}}}")
TYPES = {
    AccountKind.CHILD: AccountType.LIABILITY,
    AccountKind.REVENUE: AccountType.INCOME,
    AccountKind.SUBSIDY: AccountType.ASSET,
    AccountKind.CLEARING: AccountType.ASSET,
    AccountKind.CASH: AccountType.ASSET,
    AccountKind.BANK: AccountType.ASSET,
    AccountKind.REFUNDS: AccountType.LIABILITY,
    AccountKind.FEES: AccountType.EXPENSE,
    AccountKind.DIFFERENCES: AccountType.EXPENSE,
}
WITH_PART = frozenset({AccountKind.CHILD, AccountKind.CLEARING, AccountKind.CASH})


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """An account of a school; `part` is empty where the kind has one account only."""

    kind: AccountKind
    part: str = ""

    @classmethod
    def of(cls, ref: str) -> Self:
        """Return the account of a person."""
        return cls(AccountKind.CHILD, ref)

    @property
    def type(self) -> AccountType:
        return TYPES[self.kind]

    def as_grows(self, balance: int) -> int:
        """Return a balance as people read it: what is owed and earned grows by credits, the rest by debits."""
        return balance if self.type in {AccountType.ASSET, AccountType.EXPENSE} else -balance


REVENUE, SUBSIDY, BANK, REFUNDS, FEES, DIFFERENCES = (
    Account(kind)
    for kind in (
        AccountKind.REVENUE, AccountKind.SUBSIDY, AccountKind.BANK, AccountKind.REFUNDS, AccountKind.FEES,
        AccountKind.DIFFERENCES,
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Posting:
    """Money that moves, once for its key: `record:<device>:<epoch>:<seq>`, `kaspi:<txn>`, `cash:<number>`.

    `at` is when it happened, wherever that was noted; `lines` hold an account once. `on` is the day at the school,
    where that is known better than from `at`.
    """

    key: str
    kind: EntryKind
    at: datetime
    lines: Mapping[Account, int]
    on: date | None = None

    @property
    def digest(self) -> bytes:
        """Return what two postings of one key must share: the kind and the lines. A repeat may tell another time."""
        told = [self.kind.value, *(f"{each.kind}:{each.part}={self.lines[each]}" for each in sorted(self.lines))]
        return hashlib.sha256("\n".join(told).encode()).digest()

    @property
    def total_tiyn(self) -> int:
        """Return how much moves: the sum of the debits."""
        return sum(amount for amount in self.lines.values() if amount > 0)


def fault_of(posting: Posting) -> str:
    """Return what makes a posting one that cannot be written, or nothing. Such a posting is a mistake of ours."""
    return next(_faults(posting), "")


def held(balance: int) -> int:
    """Return what the school holds for a person whose account has a balance: a liability grows by credits."""
    return -balance


def _is_named(account: Account) -> bool:
    if account.kind not in WITH_PART:
        return account.part == ""
    return PART.fullmatch(account.part) is not None


def _faults(posting: Posting) -> Iterator[str]:
    if KEY.fullmatch(posting.key) is None:
        yield "its key is empty, too long, or has other than a-z, 0-9 and :._-"
    if posting.at.tzinfo is None:
        yield "its instant has no zone"
    if not 2 <= len(posting.lines) <= LINES_MAX:
        yield f"it has {len(posting.lines)} lines"
    for account in posting.lines:
        if not _is_named(account):
            yield f"the part of its account {account.kind} is missing, needless or malformed"
    if any(type(amount) is not int or not 0 < abs(amount) <= AMOUNT_MAX for amount in posting.lines.values()):
        yield "an amount is zero, too large, or no whole number of tiyn"
    if difference := sum(posting.lines.values()):
        yield f"it is {difference} tiyn out of balance"
