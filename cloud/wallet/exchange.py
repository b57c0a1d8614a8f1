"""Speaks with the wallet's desk: files that wait are taken, and each recorded meal is told once, under its number.

Rule: a meal counts as told when the desk has answered, and not before; so it may be told twice, and never not at all.
No transaction waits for the desk.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import structlog

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.i18n import Language
from cloud.core.messages import Message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.meals.free_meals import FreeMeal, free_meals
from cloud.schools.queries import SchoolRow, school_of_id
from cloud.wallet import statements
from cloud.wallet.desk import Told, WalletAway, WalletDesk
from cloud.wallet.errors import FileRefused
from cloud.wallet.queries import check_days, vouchers_within
from cloud.wallet.taking import TakenFile, take_file
from cloud.wallet.writing import Numbers, meal_row

AT_ONCE = 500
TIMEOUT_S = 60.0
REASON_MAX = 200
T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sending:
    """What became of a telling: how many meals were taken, and why others were refused, by sale."""

    taken: int
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that waits at the desk and cannot be read; it stays there."""

    name: str
    message: Message


async def take_waiting(
    services: Services, actor: Actor, school_id: int, desk: WalletDesk
) -> list[TakenFile | Unread]:  # fmt: skip
    """Take the files that wait at the desk. Raises NotAllowed or WalletAway; what was taken until then is taken."""
    actor.require(Right.WALLET_KEEP, school_id)
    school = await school_of_id(services, school_id)
    outcomes: list[TakenFile | Unread] = []
    for file in await _asked(desk.fetch(school.code)):
        try:
            outcomes.append(await take_file(services, actor, school_id, file.kind, file.content))
        except FileRefused as refused:
            outcomes.append(Unread(file.name, refused.message))
            continue
        await _asked(desk.has_taken(school.code, file.name))
    return outcomes


async def tell_meals(
    services: Services, actor: Actor, school_id: int, desk: WalletDesk, days: tuple[date, date]
) -> Sending:
    """Tell the meals of some days that were not told yet, and which of those told were taken back since.

    Raises NotAllowed, DaysRefused or WalletAway; what was answered until then is told.
    """
    actor.require(Right.WALLET_READ, school_id)
    check_days(*days)
    school = await school_of_id(services, school_id)
    waiting = await _waiting(services, school, days)
    taken, refused = 0, dict[str, str]()
    for start in range(0, len(waiting), AT_ONCE):
        batch = waiting[start : start + AT_ONCE]
        answers = await _asked(desk.send(school.code, batch))
        answered = [(each, answers[each.number][:REASON_MAX]) for each in batch if each.number in answers]
        await _note(services, actor, school_id, answered)
        taken += sum(not why for _, why in answered)
        refused |= {each.sale: why for each, why in answered if why}
    return Sending(taken, refused)


async def _waiting(services: Services, school: SchoolRow, days: tuple[date, date]) -> list[Told]:
    pool = services.database.pool
    numbers = Numbers(await vouchers_within(pool, school.id))
    meals = await free_meals(pool, school.id, *days)
    sent = await pool.fetch(statements.SENT, school.id, [meal.sale for meal in meals])
    known = {(row["sale"], row["is_back"]) for row in sent if not row["refused"]}
    due = [(meal, numbers.of(meal)) for meal in meals if _is_due(meal, known)]
    return [
        Told(meal.sale, meal.is_void, meal_row(meal, number, school.zone, Language.KK))
        for meal, number in due
        if number or meal.is_void
    ]


def _is_due(meal: FreeMeal, known: set[tuple[str, bool]]) -> bool:
    """Tell whether a meal is to be told: one that stands and was not, or one that was and has been taken back."""
    if meal.is_void:
        return (meal.sale, False) in known and (meal.sale, True) not in known
    return (meal.sale, False) not in known


async def _note(
    services: Services, actor: Actor, school_id: int, answered: Sequence[tuple[Told, str]]
) -> None:  # fmt: skip
    if not answered:
        return
    now = services.clock.now()
    columns = [list(column) for column in zip(*((e.sale, e.is_back, why) for e, why in answered), strict=True)]
    async with services.database.transaction() as connection:
        await raw(connection).execute(statements.PUT_SENT, school_id, *columns, now)
        told = {"meals": str(len(answered)), "refused": str(sum(bool(why) for _, why in answered))}
        await audit(connection, actor, "wallet.meals_told", f"school:{school_id}", told, school_id=school_id, at=now)
    log.info("wallet.meals_told", school=school_id, **told)


async def _asked(question: Awaitable[T]) -> T:
    """Return the desk's answer. Raises WalletAway, also when none comes in time."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await question
    except TimeoutError:
        raise WalletAway from None
