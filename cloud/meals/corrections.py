"""The office gives money back for a meal, or takes a till's mistake back: a change like a till's, of its own hand.

Rule: never more than remains of the sale; once for the form; only a sale of the person named, of cash nobody's (""),
which is given back out of the office's drawer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.ledger.notes import note
from cloud.ledger.posting import lock, post_all
from cloud.ledger.reasons import TooMuch, check_once, reason_given
from cloud.meals.keeping import Wanted, keep, load
from cloud.meals.projection import CHANNEL
from cloud.meals.rules import Change, ChangeKind, Payment, Place, Sale

SALES_MAX = 100
_SALES = """
SELECT sale.id, sale.at, coalesce(meal.name_kk, sale.meal) AS kk, coalesce(meal.name_ru, sale.meal) AS ru,
  coalesce(meal.name_en, sale.meal) AS en, payment, amount_tiyn, full_tiyn, returned_tiyn
FROM meal_sale AS sale LEFT JOIN meal ON meal.school_id = sale.school_id AND meal.key = sale.meal
WHERE person_id = $1 AND "on" BETWEEN $2 AND $3 AND NOT is_void ORDER BY sale.at DESC, sale.id LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Correctable:
    """A sale that stands; `names` are its meal's, by language."""

    id: str
    at: datetime
    names: dict[str, str]
    payment: Payment
    full_tiyn: int
    remains_tiyn: int


async def correctable_of(
    connection: asyncpg.Connection | asyncpg.Pool, person_id: int, first_on: date, last_on: date
) -> Sequence[Correctable]:
    """Return the sales to a person that stand, newest first. For slices above, after their own check."""
    return [
        Correctable(
            row["id"], row["at"], {language: row[language] for language in ("kk", "ru", "en")},
            Payment(row["payment"]), row["full_tiyn"], row["amount_tiyn"] - row["returned_tiyn"],
        )
        for row in await connection.fetch(_SALES, person_id, first_on, last_on, SALES_MAX)
    ]  # fmt: skip


async def take_meal_back(
    services: Services, actor: Actor, school_id: int, person: str, sale_id: str, why: str, once: str
) -> bool:
    """Take a person's sale back as if it had not been, also what the budget owed, and tell whether that was new.

    Raises NotAllowed, NotFound, ReasonMissing, FormSpoilt or TooMuch (it was taken back already).
    """
    return await _change(services, actor, school_id, person, sale_id, ChangeKind.VOID, 0, why, once)


async def give_back(
    services: Services, actor: Actor, school_id: int, person: str, sale_id: str, amount_tiyn: int, why: str, once: str
) -> bool:
    """Give a part of the money of a person's sale back, and tell whether that was new.

    Raises NotAllowed, NotFound, ReasonMissing, FormSpoilt or TooMuch.
    """
    return await _change(services, actor, school_id, person, sale_id, ChangeKind.REFUND, amount_tiyn, why, once)


async def _change(
    services: Services,
    actor: Actor,
    school_id: int,
    person: str,
    sale_id: str,
    kind: ChangeKind,
    amount_tiyn: int,
    why: str,
    once: str,
) -> bool:
    actor.require(Right.SALES_CORRECT, school_id)
    check_once(once)
    why, now, place = reason_given(why), services.clock.now(), Place.of_office(once)
    async with services.database.transaction() as connection:
        plain = raw(connection)
        await lock(plain, school_id)
        book = await load(plain, school_id, Wanted(sales={sale_id}, changes={place.id}))
        sale = book.sales.get(sale_id)
        if sale is None or sale.person != person:
            raise NotFound
        if place.id in book.changes:
            return False
        if kind is ChangeKind.VOID:
            amount_tiyn = sale.amount_tiyn
        _check(sale, kind, amount_tiyn)
        book.take_back(Change(place.id, kind, sale_id, place, amount_tiyn, actor.name, why, now, "ntp"))
        await keep(plain, school_id, book)
        for posting in await post_all(plain, school_id, book.postings, now):
            await note(plain, actor, school_id, posting.key, why, now)
        detail = {"why": why, "tiyn": str(amount_tiyn), "kind": kind.value}
        await audit(connection, actor, "meal.corrected", f"sale:{sale_id}", detail, school_id=school_id, at=now)
        await notify(plain, CHANNEL, str(school_id))
    return True


def _check(sale: Sale, kind: ChangeKind, amount_tiyn: int) -> None:
    """Raise TooMuch unless a change gives back something that is there."""
    remains = sale.amount_tiyn - sale.returned_tiyn
    if sale.is_void or (kind is ChangeKind.REFUND and not 0 < amount_tiyn <= remains):
        raise TooMuch
