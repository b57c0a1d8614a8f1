"""What is not sold to a child: an allergen, a dish, a category, more than an amount a day, as its parents say.

Rule: who set it and when stays told after it was lifted; only a guardian who may act for the child sets and lifts. What
the school has set by a doctor's paper stands beside that, and no parent lifts it (see `diets`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.menu.errors import LimitRefused, PriceRefused
from cloud.menu.kinds import CATEGORIES, Limit
from cloud.menu.queries import DishRow
from cloud.menu.rules import Names, allergen_of, price_of
from cloud.people.actions import tell_changed

RESTRICTIONS_MAX = 40  # that hold at once, of one child, by its parents; rows for tills hold 64 with the school's own
SHOWN_MAX = 200
_CHILD = """
SELECT p.id, p.school_id, bool_or(may_limit) AS may_limit, bool_or(may_order) AS may_order
FROM guardianship_at($3) AS family
JOIN person p ON p.id = family.person_id
WHERE family.account_id = $1 AND p.ref = $2 AND (may_see_meals OR may_limit OR may_order)
GROUP BY p.id
"""
_HELD = """
SELECT r.id, r.kind, r.value, r.set_at, r.set_by, r.lifted_at, r.lifted_by, r.is_school, r.document,
  v.name_kk, v.name_ru, v.name_en
FROM restriction r LEFT JOIN dish d ON r.kind = 'dish' AND d.school_id = r.school_id AND d.key = r.value
LEFT JOIN dish_version v ON v.dish_id = d.id AND v.version = d.version
WHERE r.person_id = $1 AND r.school_id = $3
ORDER BY r.lifted_at IS NOT NULL, r.is_school DESC, r.set_at DESC, r.id DESC LIMIT $2
"""
_SET = """
INSERT INTO restriction (school_id, person_id, kind, value, set_at, set_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING RETURNING id
"""
_LIFT = """
UPDATE restriction SET lifted_at = $3, lifted_by = $4 WHERE id = $1 AND person_id = $2 AND lifted_at IS NULL
  AND NOT is_school RETURNING kind
"""
_LIFT_LIMIT = """
UPDATE restriction SET lifted_at = $2, lifted_by = $3 WHERE person_id = $1 AND kind = 'day_limit' AND lifted_at IS NULL
"""
_OF_PERSON = (
    "SELECT DISTINCT kind, value FROM restriction WHERE person_id = $1 AND lifted_at IS NULL"
    " ORDER BY kind, value LIMIT 100"
)
_OF_SCHOOL = """
SELECT DISTINCT ref, kind, value FROM restriction JOIN person ON person.id = person_id
WHERE restriction.school_id = $1 AND lifted_at IS NULL ORDER BY ref, kind, value LIMIT 500000
"""


@dataclass(frozen=True, slots=True)
class Restriction:
    """What is not allowed to one child, by whom, and until when if it was lifted."""

    id: int
    kind: Limit
    value: str
    names: Names | None  # of a dish
    set_at: datetime
    set_by: str
    lifted_at: datetime | None
    lifted_by: str
    is_school: bool  # by the school, with a document: parents see it, and do not lift it
    document: str

    @property
    def amount_tiyn(self) -> int:
        """Return what a day's limit is."""
        return int(self.value) if self.kind is Limit.DAY_LIMIT else 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for one person, as a till needs it."""

    day_limit_tiyn: int | None = None
    allergens: tuple[str, ...] = ()
    dishes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    def bans(self, dish: DishRow) -> bool:
        """Tell whether the till refuses to sell a dish, or what a set has in it, as it does itself."""
        keys = {dish.key, *(part.key for part in dish.parts)}
        categories = {dish.category, *(part.category for part in dish.parts)}
        return (
            bool(keys & set(self.dishes))
            or bool(categories & set(self.categories))
            or bool(set(dish.allergens) & set(self.allergens))
        )


@dataclass(frozen=True, slots=True)
class Ward:
    """A child of the actor's own, and what the actor may say about its meals."""

    person_id: int
    school_id: int
    may_limit: bool
    may_order: bool


async def ward_of(services: Services, actor: Actor, ref: str) -> Ward:
    """Return a child of the actor's own. Raises NotFound."""
    if actor.account_id is None or actor.must_change:
        raise NotFound
    row = await services.database.pool.fetchrow(_CHILD, actor.account_id, ref, services.clock.now())
    if row is None:
        raise NotFound
    return Ward(row["id"], row["school_id"], row["may_limit"], row["may_order"])


async def restrictions_of(services: Services, actor: Actor, ref: str) -> list[Restriction]:
    """Return what is not allowed to a child of the actor's own, what holds first, then what was lifted."""
    ward = await ward_of(services, actor, ref)
    return await restrictions_on(services.database.pool, ward.school_id, ward.person_id)


async def restrictions_on(
    connection: asyncpg.Connection | asyncpg.Pool, school_id: int, person_id: int
) -> list[Restriction]:
    """Return the same for a person of a school, for who has checked already who asks."""
    return [_restriction(row) for row in await connection.fetch(_HELD, person_id, SHOWN_MAX, school_id)]


async def restrict(services: Services, actor: Actor, ref: str, kind: Limit, value: str) -> None:
    """Set a restriction; a day's limit replaces the one before. Raises NotFound, NotAllowed or LimitRefused."""
    ward = await _acting(services, actor, ref)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute("SELECT true FROM person WHERE id = $1 FOR NO KEY UPDATE", ward.person_id)
        meant = await _meant(at, ward, kind, value)
        held = await at.fetchval(
            "SELECT count(*) FROM restriction WHERE person_id = $1 AND lifted_at IS NULL AND NOT is_school",
            ward.person_id,
        )
        if held >= RESTRICTIONS_MAX:
            raise LimitRefused(message("There are {count} restrictions already. Lift one first.", count=held))
        if kind is Limit.DAY_LIMIT:
            await at.execute(_LIFT_LIMIT, ward.person_id, now, actor.name)
        if await at.fetchval(_SET, ward.school_id, ward.person_id, kind.value, meant, now, actor.name) is None:
            return
        told = {"kind": kind.value}  # what somebody is allergic to is no business of who reads the journal
        subject = f"person:{ward.person_id}"
        await audit(connection, actor, "restriction.set", subject, told, school_id=ward.school_id, at=now)
        await tell_changed(connection, ward.school_id)


async def lift(services: Services, actor: Actor, ref: str, restriction_id: int) -> None:
    """Lift a restriction. Raises NotFound or NotAllowed."""
    ward = await _acting(services, actor, ref)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        row = await raw(connection).fetchrow(_LIFT, restriction_id, ward.person_id, now, actor.name)
        if row is None:
            raise NotFound
        subject = f"person:{ward.person_id}"
        await audit(connection, actor, "restriction.lifted", subject, dict(row), school_id=ward.school_id, at=now)
        await tell_changed(connection, ward.school_id)


async def held_of(connection: asyncpg.Connection | asyncpg.Pool, person_id: int) -> Limits:
    """Return what holds for one person, for slices above, after their own check."""
    held: dict[Limit, list[str]] = {}
    for row in await connection.fetch(_OF_PERSON, person_id):
        held.setdefault(Limit(row["kind"]), []).append(row["value"])
    return _limits(held)


async def limits_of_school(connection: asyncpg.Connection, school_id: int) -> Mapping[str, Limits]:
    """Return what holds for everybody of a school who has a restriction, by the person's reference."""
    held: dict[str, dict[Limit, list[str]]] = {}
    for row in await connection.fetch(_OF_SCHOOL, school_id):
        held.setdefault(row["ref"], {}).setdefault(Limit(row["kind"]), []).append(row["value"])
    return {ref: _limits(kinds) for ref, kinds in held.items()}


async def _acting(services: Services, actor: Actor, ref: str) -> Ward:
    ward = await ward_of(services, actor, ref)
    if not ward.may_limit:
        raise NotAllowed
    return ward


async def _meant(at: asyncpg.Connection, ward: Ward, kind: Limit, value: str) -> str:
    """Return a restriction's value as it is kept. Raises LimitRefused, PriceRefused or DishRefused."""
    match kind:
        case Limit.ALLERGEN:
            return allergen_of(value)
        case Limit.CATEGORY:
            if value not in CATEGORIES:
                raise LimitRefused(message("There is no such category. Choose one of the list."))
            return value
        case Limit.DISH:
            if not await at.fetchval("SELECT true FROM dish WHERE school_id = $1 AND key = $2", ward.school_id, value):
                raise LimitRefused(message("There is no such dish. Choose one of the list."))
            return value
        case Limit.DAY_LIMIT:
            return str(_amount(value))


def _amount(value: str) -> int:
    try:
        return price_of(value)
    except PriceRefused as refused:
        raise LimitRefused(
            message(
                "A limit is an amount in tenge, as 1500; 0 sells nothing but free meals. {why}", why=refused.message
            )
        ) from None


def _limits(held: Mapping[Limit, list[str]]) -> Limits:
    amounts = held.get(Limit.DAY_LIMIT)
    return Limits(
        int(amounts[0]) if amounts else None, tuple(held.get(Limit.ALLERGEN, ())), tuple(held.get(Limit.DISH, ())),
        tuple(held.get(Limit.CATEGORY, ())),
    )  # fmt: skip


def _restriction(row: asyncpg.Record) -> Restriction:
    names = None if row["name_kk"] is None else Names(row["name_kk"], row["name_ru"], row["name_en"])
    return Restriction(
        row["id"], Limit(row["kind"]), row["value"], names, row["set_at"], row["set_by"], row["lifted_at"],
        row["lifted_by"], row["is_school"], row["document"],
    )  # fmt: skip
