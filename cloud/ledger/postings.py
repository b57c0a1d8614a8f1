"""Postings that are not of meals: which accounts a top-up, a transfer or a payout moves. Pure."""

from datetime import datetime

from cloud.ledger.kinds import AccountKind, EntryKind
from cloud.ledger.rules import BANK, FEES, REFUNDS, Account, Posting

OFFICE = Account(AccountKind.CASH, "office")


def clearing(provider: str) -> Account:
    """Return the account of what a provider has taken and not yet passed on."""
    return Account(AccountKind.CLEARING, provider)


def top_up(key: str, at: datetime, ref: str, amount_tiyn: int, source: Account) -> Posting:
    """Return money that came for a person: into the office's drawer, or to a provider."""
    return Posting(key, EntryKind.TOP_UP, at, {source: amount_tiyn, Account.of(ref): -amount_tiyn})


def transfer(key: str, at: datetime, *, giver: str, taker: str, amount_tiyn: int) -> Posting:
    """Return money that goes from one person's account to another's."""
    lines = {Account.of(giver): amount_tiyn, Account.of(taker): -amount_tiyn}
    return Posting(key, EntryKind.TRANSFER, at, lines)


def leave(key: str, at: datetime, ref: str, amount_tiyn: int) -> Posting:
    """Return a leaver's balance promised back to the family."""
    return Posting(key, EntryKind.LEAVE, at, {Account.of(ref): amount_tiyn, REFUNDS: -amount_tiyn})


def payout(key: str, at: datetime, amount_tiyn: int, source: Account) -> Posting:
    """Return what was promised back, paid out of the office's drawer or the bank account."""
    return Posting(key, EntryKind.PAYOUT, at, {REFUNDS: amount_tiyn, source: -amount_tiyn})


def leave_undone(key: str, at: datetime, ref: str, amount_tiyn: int) -> Posting:
    """Return a promise to a leaver's family withdrawn: the money is on the account again."""
    return Posting(key, EntryKind.LEAVE_UNDONE, at, {REFUNDS: amount_tiyn, Account.of(ref): -amount_tiyn})


def settlement(key: str, at: datetime, provider: str, amount_tiyn: int, fee_tiyn: int = 0) -> Posting:
    """Return what a provider passed on to the school's bank account, of which it kept a fee."""
    lines = {BANK: amount_tiyn - fee_tiyn, FEES: fee_tiyn, clearing(provider): -amount_tiyn}
    return Posting(key, EntryKind.SETTLEMENT, at, {account: amount for account, amount in lines.items() if amount})


def emptied(key: str, at: datetime, drawer: Account, amount_tiyn: int, to: Account) -> Posting:
    """Return cash taken out of a drawer, to the office's or to the bank."""
    return Posting(key, EntryKind.EMPTIED, at, {to: amount_tiyn, drawer: -amount_tiyn})


def correction(key: str, at: datetime, *, debit: Account, credit: Account, amount_tiyn: int) -> Posting:
    """Return a correction between two accounts."""
    return Posting(key, EntryKind.CORRECTION, at, {debit: amount_tiyn, credit: -amount_tiyn})
