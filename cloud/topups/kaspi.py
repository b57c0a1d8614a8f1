"""Kaspi's biller protocol: the bank asks `check`, then tells `pay`, until it gets an answer. The words of it; pure.

A request is `command`, `txn_id`, `account`, `sum` and, of a payment, `txn_date` (YYYYMMDDHHMMSS, the bank's own
accounting time). An answer is `txn_id`, `result`, `comment`, and of a payment `prv_txn_id` and `sum`. Money has been
taken from the payer when `pay` comes: another result than 0 makes the bank give it back. In `check` the sum means
nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from cloud.core.money import tiyn_of

PROVIDER = "kaspi"
ZONE = ZoneInfo("Asia/Almaty")
TXN = re.compile(r"\d{1,20}", re.ASCII)
SUM = re.compile(r"\d{1,9}(\.\d{1,2})?", re.ASCII)
DATE = re.compile(r"\d{14}", re.ASCII)
LATE_MAX = timedelta(days=45)  # a payment that is told later than this is dated by its coming
EARLY_MAX = timedelta(minutes=10)


class Command(IntEnum):
    """What the bank wants."""

    CHECK = 1
    PAY = 2


class Result(IntEnum):
    """What the bank is answered."""

    OK = 0
    UNKNOWN = 1  # no such account
    CANCELLED = 2  # the account takes nothing any more
    FAILED = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can be read; `amount_tiyn` is 0 in a check."""

    command: Command
    txn: str
    account: str
    amount_tiyn: int
    paid_at: datetime


class Unreadable(Exception):
    """A request is not of this protocol; says what is wrong with it, without its values."""


def read(query: Mapping[str, str], now: datetime) -> Asked:
    """Read a request's query. Raises Unreadable."""
    command = {"check": Command.CHECK, "pay": Command.PAY}.get(query.get("command", ""))
    if command is None:
        raise Unreadable("command is check or pay")
    if TXN.fullmatch(txn := query.get("txn_id", "")) is None:
        raise Unreadable("txn_id is a number of at most 20 digits")
    account = query.get("account", "").replace(" ", "")[:40]
    if command is Command.CHECK:
        return Asked(command, txn, account, 0, now)
    told = query.get("sum", "")
    amount = tiyn_of(told) if SUM.fullmatch(told) else None
    if not amount:
        raise Unreadable("sum is an amount above zero, as 200.00")
    return Asked(command, txn, account, amount, _paid_at(query.get("txn_date", ""), now))


def answer(asked_txn: str, result: Result, comment: str, **more: str) -> dict[str, object]:
    """Return an answer; `more` is prv_txn_id and sum of a payment."""
    return {"txn_id": asked_txn, "result": int(result), **more, "comment": comment}


def sum_of(amount_tiyn: int) -> str:
    """Return an amount as the protocol writes it: 200.00."""
    return f"{amount_tiyn // 100}.{amount_tiyn % 100:02d}"


def _paid_at(told: str, now: datetime) -> datetime:
    """Return when the bank took the money; now, where it tells no time that can be."""
    if DATE.fullmatch(told) is None:
        return now
    try:
        at = datetime.strptime(told, "%Y%m%d%H%M%S").replace(tzinfo=ZONE)
    except ValueError:
        return now
    return at if now - LATE_MAX <= at <= now + EARLY_MAX else now
