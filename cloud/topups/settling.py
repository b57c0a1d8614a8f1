"""The office settles and puts right: what a bank passed on, a drawer emptied, a promise withdrawn, a mistake corrected.

Rule: nothing is changed: each is a posting of its own, once for its form, with who and why; and what is taken away is
first looked at under the lock of the school's ledger.
"""

from dataclasses import dataclass
from datetime import datetime

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.ledger.kinds import AccountKind
from cloud.ledger.notes import note
from cloud.ledger.posting import is_posted, lock, post
from cloud.ledger.postings import OFFICE, clearing, correction, emptied, leave_undone, settlement
from cloud.ledger.queries import balance_of
from cloud.ledger.reasons import TooMuch, check_once, reason_given
from cloud.ledger.rules import BANK, PART, WITH_PART, Account, Posting
from cloud.topups.errors import PaidAlready
from cloud.topups.rules import AmountRefused

SETTLED_MAX_TIYN = 10**11  # a thousand million tenge: more is a mistyped point
_PROMISED = """
SELECT giving_back.school_id, ref, amount_tiyn, paid_at, withdrawn_at FROM giving_back
JOIN person ON person.id = person_id WHERE giving_back.id = $1 FOR UPDATE OF giving_back
"""
_WITHDRAW = "UPDATE giving_back SET withdrawn_at = $2, withdrawn_by = $3, withdrawn_why = $4 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Form:
    """What every form of settling tells: its own word, by which it counts once, the amount and the reason."""

    once: str
    amount_tiyn: int
    why: str


async def settle(services: Services, actor: Actor, school_id: int, provider: str, fee_tiyn: int, form: Form) -> bool:
    """Note what a provider passed on to the school's bank account, with the fee in it, and tell whether it was new.

    Raises NotAllowed, AmountRefused, ReasonMissing, FormSpoilt, TooMuch or PostingConflict.
    """
    if not 0 <= fee_tiyn < form.amount_tiyn:
        raise AmountRefused(message("The fee is a part of the amount: nothing, or less than it."))
    source, now = _named(AccountKind.CLEARING, provider), services.clock.now()
    posting = settlement(f"settlement:{form.once}", now, source.part, form.amount_tiyn, fee_tiyn)
    return await _put(services, actor, school_id, posting, form, taken_from=source)


async def empty_drawer(services: Services, actor: Actor, school_id: int, drawer: str, to_bank: str, form: Form) -> bool:
    """Note cash taken from a drawer to the bank ("bank") or to the office's drawer, and tell whether it was new.

    Raises as `settle`.
    """
    source, to = _named(AccountKind.CASH, drawer), BANK if to_bank == "bank" else OFFICE
    if source == to:
        raise AmountRefused(message("The office's own cash goes to the bank."))
    posting = emptied(f"emptied:{form.once}", services.clock.now(), source, form.amount_tiyn, to)
    return await _put(services, actor, school_id, posting, form, taken_from=source)


async def correct(
    services: Services, actor: Actor, school_id: int, *, debit: Account, credit: Account, form: Form
) -> bool:
    """Post a correction between two accounts, and tell whether it was new; a person's is never taken below zero.

    Raises as `settle`, and AccountUnknown.
    """
    for account in (debit, credit):
        _check(account)
    if debit == credit:
        raise AmountRefused(message("Choose two different accounts."))
    posting = correction(
        f"correction:{form.once}", services.clock.now(), debit=debit, credit=credit, amount_tiyn=form.amount_tiyn
    )
    return await _put(
        services, actor, school_id, posting, form, taken_from=debit if debit.kind is AccountKind.CHILD else None
    )


async def withdraw_promise(services: Services, actor: Actor, school_id: int, promise_id: int, why: str) -> None:
    """Withdraw what was promised back and not paid: it is on the account again.

    Raises NotAllowed, NotFound, ReasonMissing or PaidAlready.
    """
    actor.require(Right.MONEY_KEEP, school_id)
    why, now, key = reason_given(why), services.clock.now(), f"withdrawal:{promise_id}"
    async with services.database.transaction() as connection:
        await lock(connection, school_id)
        row = await raw(connection).fetchrow(_PROMISED, promise_id)
        if row is None or row["school_id"] != school_id:
            raise NotFound
        if row["paid_at"] is not None:
            raise PaidAlready
        if row["withdrawn_at"] is not None:
            return
        await post(connection, school_id, leave_undone(key, now, row["ref"], row["amount_tiyn"]), now)
        await raw(connection).execute(_WITHDRAW, promise_id, now, actor.name, why)
        await _tell(connection, actor, school_id, key, why, row["amount_tiyn"], now)


async def _put(
    services: Services, actor: Actor, school_id: int, posting: Posting, form: Form, *, taken_from: Account | None
) -> bool:
    actor.require(Right.MONEY_KEEP, school_id)
    check_once(form.once)
    why = reason_given(form.why)
    if not 0 < form.amount_tiyn <= SETTLED_MAX_TIYN:
        raise AmountRefused(message("Write an amount of tenge above zero, as 1500 or 1500.50."))
    async with services.database.transaction() as connection:
        await lock(connection, school_id)
        if taken_from is not None and not await is_posted(connection, posting.key):
            await _check_there(raw(connection), school_id, taken_from, form.amount_tiyn)
        if is_new := await post(connection, school_id, posting, posting.at):
            await _tell(connection, actor, school_id, posting.key, why, form.amount_tiyn, posting.at)
    return is_new


async def _check_there(connection: asyncpg.Connection, school_id: int, account: Account, amount_tiyn: int) -> None:
    """Raise TooMuch unless so much is on an account."""
    if account.as_grows(await balance_of(connection, school_id, account)) < amount_tiyn:
        raise TooMuch


async def _tell(
    connection: BaseDBAsyncClient, actor: Actor, school_id: int, key: str, why: str, amount_tiyn: int, at: datetime
) -> None:
    await note(connection, actor, school_id, key, why, at)
    detail = {"tiyn": str(amount_tiyn), "why": why}
    await audit(connection, actor, "money.settled", f"entry:{key}", detail, school_id=school_id, at=at)


def _named(kind: AccountKind, part: str) -> Account:
    account = clearing(part) if kind is AccountKind.CLEARING else Account(kind, part)
    _check(account)
    return account


def _check(account: Account) -> None:
    """Raise NotFound for what is the name of no account."""
    is_named = PART.fullmatch(account.part) is not None if account.kind in WITH_PART else account.part == ""
    if not is_named:
        raise NotFound
