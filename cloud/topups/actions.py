"""What the office does with money: takes cash, moves it between siblings, gives a leaver's back.

Rule: whoever takes money away first locks the school's ledger, then reads the balance: nothing is given twice.
"""

from enum import StrEnum

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.ledger.posting import is_posted, lock, post
from cloud.ledger.postings import OFFICE, leave, payout, transfer
from cloud.ledger.queries import held_for
from cloud.ledger.reasons import check_once
from cloud.ledger.rules import BANK
from cloud.people.actions import check_source
from cloud.people.queries import PersonRow
from cloud.topups.errors import NothingHeld, NotSiblings, PaidAlready, PayerLeft, StillHere
from cloud.topups.payments import CASH, Paid, Taken, take
from cloud.topups.queries import siblings_of
from cloud.topups.rules import check_amount

_PROMISE = """
INSERT INTO giving_back (school_id, person_id, amount_tiyn, paper, promised_at, promised_by)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""
_PROMISED = "SELECT school_id, person_id, amount_tiyn, paid_at, withdrawn_at FROM giving_back WHERE id = $1 FOR UPDATE"
_PAY = "UPDATE giving_back SET way = $2, paid_at = $3, paid_by = $4 WHERE id = $1"


class Way(StrEnum):
    """How what was promised back is paid."""

    CASH = "cash"
    BANK = "bank"


async def take_cash(services: Services, actor: Actor, person: PersonRow, amount_tiyn: int, once: str) -> Taken:
    """Take cash at the office for a person; the same form sent twice is one payment.

    Raises NotAllowed, PayerLeft, AmountRefused, FormSpoilt or PaymentAltered.
    """
    actor.require(Right.MONEY_KEEP, person.school_id)
    check_amount(amount_tiyn)
    check_once(once)
    if not person.is_active:
        raise PayerLeft
    now = services.clock.now()
    return await take(services, actor, Paid(CASH, once, person.school_id, person.id, person.ref, amount_tiyn, now))


async def move(
    services: Services, actor: Actor, *, giver: PersonRow, taker_ref: str, amount_tiyn: int, once: str
) -> bool:
    """Move money from one child to a sibling at the same school, once for the form, and tell whether it was new.

    Raises NotAllowed, NotSiblings, AmountRefused, NothingHeld, FormSpoilt or PostingConflict.
    """
    actor.require(Right.MONEY_KEEP, giver.school_id)
    check_amount(amount_tiyn)
    check_once(once)
    taker = next((each for each in await siblings_of(services, actor, giver) if each.ref == taker_ref), None)
    if taker is None:
        raise NotSiblings
    now, key = services.clock.now(), f"transfer:{once}"
    posting = transfer(key, now, giver=giver.ref, taker=taker.ref, amount_tiyn=amount_tiyn)
    async with services.database.transaction() as connection:
        await lock(connection, giver.school_id)
        if not await is_posted(connection, key) and await held_for(raw(connection), giver.id) < amount_tiyn:
            raise NothingHeld
        if is_new := await post(connection, giver.school_id, posting, now):
            detail = {"to": f"person:{taker.id}", "tiyn": str(amount_tiyn)}
            await audit(
                connection, actor, "money.moved", f"person:{giver.id}", detail, school_id=giver.school_id, at=now
            )
    return is_new


async def promise_back(services: Services, actor: Actor, person: PersonRow, paper: str) -> int:
    """Promise a leaver's whole balance back, with where it was asked for, and return the promise's id.

    Raises NotAllowed, StillHere, NothingHeld or PersonRefused.
    """
    actor.require(Right.MONEY_KEEP, person.school_id)
    check_source(paper)
    if person.is_active:
        raise StillHere
    now, school_id = services.clock.now(), person.school_id
    async with services.database.transaction() as connection:
        await lock(connection, school_id)
        amount = await held_for(raw(connection), person.id)
        if amount <= 0:
            raise NothingHeld
        promise_id: int = await raw(connection).fetchval(
            _PROMISE, school_id, person.id, amount, paper.strip(), now, actor.name
        )
        await post(connection, school_id, leave(f"leave:{promise_id}", now, person.ref, amount), now)
        detail = {"tiyn": str(amount), "promise": str(promise_id)}
        await audit(connection, actor, "money.promised", f"person:{person.id}", detail, school_id=school_id, at=now)
    return promise_id


async def pay_back(services: Services, actor: Actor, school_id: int, promise_id: int, way: Way) -> None:
    """Note that what was promised back was paid. Raises NotAllowed, NotFound or PaidAlready."""
    actor.require(Right.MONEY_KEEP, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        await lock(connection, school_id)  # before the promise, as whoever withdraws it does
        row = await raw(connection).fetchrow(_PROMISED, promise_id)
        if row is None or row["school_id"] != school_id:
            raise NotFound
        if row["paid_at"] is not None or row["withdrawn_at"] is not None:
            raise PaidAlready
        source = OFFICE if way is Way.CASH else BANK
        await post(connection, school_id, payout(f"payout:{promise_id}", now, row["amount_tiyn"], source), now)
        await raw(connection).execute(_PAY, promise_id, way.value, now, actor.name)
        detail = {"tiyn": str(row["amount_tiyn"]), "way": way.value}
        subject = f"person:{row['person_id']}"
        await audit(connection, actor, "money.paid_back", subject, detail, school_id=school_id, at=now)
