"""The office decides about what tills told and what may not count: it is accepted and posted, or refused.

Rule: a decision is made once, by somebody, for a reason, and stays; a form that is sent twice decides nothing anew.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.ledger.posting import lock, post_all
from cloud.ledger.reasons import reason_given
from cloud.meals.book import COST_MAX_TIYN
from cloud.meals.keeping import Wanted, keep, load, stored_odd
from cloud.meals.odd import PAGE
from cloud.meals.projection import CHANNEL
from cloud.meals.rules import Odd, Place, Sale
from cloud.meals.statements import ODD_COLUMNS

_UNDECIDED = f"""
SELECT {ODD_COLUMNS} FROM meal_odd WHERE school_id = $1 AND decision = ''
  AND (device, epoch, seq) IN (SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[]))
ORDER BY at, device, epoch, seq
"""  # noqa: S608 - of our own columns only
_DECIDE = """
UPDATE meal_odd SET decision = $5, decided_at = $6, decided_by = $7, decided_why = $8
WHERE school_id = $1 AND (device, epoch, seq) IN (SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[]))
"""
_OWN = "school_id = $1 AND sale = $2 AND device = $3 AND epoch = $4 AND seq >= $5 AND seq < $6"
_COST = f"SELECT least(coalesce(sum(count * price_tiyn), 0), $7)::bigint FROM meal_line WHERE {_OWN}"  # noqa: S608
_RENAMES = [f"UPDATE {table} SET sale = $7 WHERE {_OWN}" for table in ("meal_line", "meal_override")]  # noqa: S608


class Decision(StrEnum):
    """What the office says: it counts, or it does not."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


async def decide(
    services: Services, actor: Actor, school_id: int, places: Sequence[Place], decision: Decision, why: str
) -> int:
    """Decide about what stands apart at some places, and return how much was not decided before.

    Raises NotAllowed or ReasonMissing.
    """
    actor.require(Right.SALES_DECIDE, school_id)
    why, now = reason_given(why), services.clock.now()
    columns = _columns(places[:PAGE])
    async with services.database.transaction() as connection:
        plain = raw(connection)
        await lock(plain, school_id)
        odd = [stored_odd(row) for row in await plain.fetch(_UNDECIDED, school_id, *columns)]
        columns = _columns([each.told.place for each in odd])
        if decision is Decision.ACCEPTED:
            await _accept(services, plain, school_id, odd)
        await plain.execute(_DECIDE, school_id, *columns, decision.value, now, actor.name, why)
        for each in odd:
            detail = {"why": why, "odd": each.why.value, "tiyn": str(each.told.amount_tiyn)}
            subject = f"record:{each.told.place.key}"
            await audit(connection, actor, f"meal.{decision}", subject, detail, school_id=school_id, at=now)
        if odd:
            await notify(plain, CHANNEL, str(school_id))
    return len(odd)


async def _accept(services: Services, connection: asyncpg.Connection, school_id: int, odd: Iterable[Odd]) -> None:
    wanted = Wanted()
    for each in odd:
        told = each.told
        wanted.places.add(told.place)
        wanted.sales.add(told.id if isinstance(told, Sale) else told.sale)
        if isinstance(told, Sale):
            wanted.runs.add((told.place.device, told.shift))
        else:
            wanted.changes.add(told.id)
    book = await load(connection, school_id, wanted)
    for each in odd:
        told = each.told
        if not isinstance(told, Sale):
            book.accept(each)
            continue
        lines = book.own_lines(told)
        own = (school_id, told.id, told.place.device, told.place.epoch, lines.start, lines.stop)
        stands_as = book.accept(each, await connection.fetchval(_COST, *own, COST_MAX_TIYN))
        if stands_as != told.id:
            for rename in _RENAMES:
                await connection.execute(rename, *own, stands_as)
    await keep(connection, school_id, book)
    await post_all(connection, school_id, book.postings, services.clock.now())


def _columns(places: Iterable[Place]) -> tuple[list[str], list[str], list[int]]:
    in_order = list(places)
    return [each.device for each in in_order], [each.epoch for each in in_order], [each.seq for each in in_order]
