"""The payment seam: whatever way money comes, it is told as a Paid, and taken once.

Rule: a provider's number is one payment: told again it changes nothing, told otherwise it is refused.
"""

from dataclasses import dataclass
from datetime import datetime

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.services import Services
from cloud.ledger.errors import PostingConflict
from cloud.ledger.posting import lock, post
from cloud.ledger.postings import OFFICE, clearing, top_up
from cloud.topups.errors import PaymentAltered

CASH = "cash"
_TAKE = """
INSERT INTO payment (school_id, person_id, provider, txn, amount_tiyn, paid_at, received_at, receipt, taken_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id
"""
_FISCAL = """
INSERT INTO fiscal_receipt (school_id, payment_id, external, amount_tiyn, asked_at, next_at)
SELECT school_id, $2, $3, $4, $5, $5 FROM cashbox WHERE school_id = $1
"""
_TAKEN = "SELECT id, receipt FROM payment WHERE provider = $1 AND txn = $2"


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment as its provider tells it; `txn` is the provider's own number, never used twice."""

    provider: str
    txn: str
    school_id: int
    person_id: int
    ref: str
    amount_tiyn: int
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A payment that stands in the ledger; `receipt` is its number there, `is_new` false for a repeat."""

    id: int
    receipt: int
    is_new: bool


async def take(services: Services, actor: Actor, paid: Paid) -> Taken:
    """Credit a payment once, in one transaction with the audit journal. Raises PaymentAltered.

    The caller has checked who the payment is for, and that it may be told by whoever tells it.
    """
    now = services.clock.now()
    source = OFFICE if paid.provider == CASH else clearing(paid.provider)
    posting = top_up(f"{paid.provider}:{paid.txn}", paid.paid_at, paid.ref, paid.amount_tiyn, source)
    try:
        async with services.database.transaction() as connection:
            receipt = await lock(connection, paid.school_id) + 1
            if await post(connection, paid.school_id, posting, now):
                return await _take(connection, actor, paid, receipt, now)
            row = await raw(connection).fetchrow(_TAKEN, paid.provider, paid.txn)
    except PostingConflict:
        raise PaymentAltered from None
    assert row is not None, "a payment and its entry are written together"  # noqa: S101
    return Taken(row["id"], row["receipt"], is_new=False)


async def is_taken(services: Services, provider: str, txn: str) -> bool:
    """Tell whether a provider's number was taken before."""
    return await services.database.pool.fetchrow(_TAKEN, provider, txn) is not None


async def _take(connection: BaseDBAsyncClient, actor: Actor, paid: Paid, receipt: int, now: datetime) -> Taken:
    payment_id: int = await raw(connection).fetchval(
        _TAKE, paid.school_id, paid.person_id, paid.provider, paid.txn, paid.amount_tiyn, paid.paid_at, now, receipt,
        actor.name,
    )  # fmt: skip
    if paid.provider == CASH:
        await raw(connection).execute(_FISCAL, paid.school_id, payment_id, f"esik-{paid.txn}", paid.amount_tiyn, now)
    detail = {"provider": paid.provider, "tiyn": str(paid.amount_tiyn), "receipt": str(receipt)}
    await audit(
        connection, actor, "money.topped_up", f"person:{paid.person_id}", detail, school_id=paid.school_id, at=now
    )
    return Taken(payment_id, receipt, is_new=True)
