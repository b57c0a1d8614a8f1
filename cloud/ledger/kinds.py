"""Kinds of accounts and of entries."""

from enum import StrEnum


class AccountKind(StrEnum):
    """An account of a school's chart; what stands after it is its part: whose, or which provider's or till's."""

    CHILD = "child"  # what the school holds for a person; the part is the person's reference
    REVENUE = "revenue"  # of the canteen
    SUBSIDY = "subsidy"  # what the budget owes for free and subsidised meals
    CLEARING = "clearing"  # paid to a provider and not yet on the school's bank account; the part is the provider
    CASH = "cash"  # in a drawer; the part is the office or a till
    BANK = "bank"  # on the school's bank account
    REFUNDS = "refunds"  # what was promised back and not yet paid out
    FEES = "fees"  # what banks kept for themselves
    DIFFERENCES = "differences"  # what was lost or found, as when a drawer was counted


class AccountType(StrEnum):
    """What an account is; its balance grows by debits (above zero: assets, expenses) or by credits (below)."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"


class EntryKind(StrEnum):
    """Why money moved."""

    TOP_UP = "topup"
    SALE = "sale"
    VOID = "void"
    REFUND = "refund"
    TRANSFER = "transfer"
    LEAVE = "leave"  # a leaver's balance becomes a debt to the family
    PAYOUT = "payout"  # and is paid
    SETTLEMENT = "settlement"  # a provider paid the school
    EMPTIED = "emptied"  # a drawer's cash went to the office or to the bank
    LEAVE_UNDONE = "leave_undone"  # what was promised to a leaver's family is on the account again
    CORRECTION = "correction"  # the office put something right
