"""What is not sold to a child: an allergen, a dish, a category, more than an amount a day, as its parents say.

Rule: who set it and when stays told after it was lifted; only a guardian who may act for the child sets and lifts. What
the school has set by a doctor's paper stands beside that, and no parent lifts it (see `diets`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.menu.errors import LimitRefused, PriceRefused
from cloud.menu.kinds import CATEGORIES, Limit
from cloud.menu.queries import DishRow
from cloud.menu.restricting import HELD_MAX, Setting, add_restriction, document_of, held_by, value_of
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
_SHOWN = """
SELECT id, kind, value_encrypted, set_at, set_by, lifted_at, lifted_by, is_school, document_encrypted
FROM restriction WHERE person_id = $1 AND school_id = $3
ORDER BY lifted_at IS NOT NULL, is_school DESC, set_at DESC, id DESC LIMIT $2
"""
_DISHES = """
SELECT d.key, v.name_kk, v.name_ru, v.name_en FROM dish d
JOIN dish_version v ON v.dish_id = d.id AND v.version = d.version WHERE d.school_id = $1 AND d.key = any($2::text[])
"""
_LIFT = """
UPDATE restriction SET lifted_at = $3, lifted_by = $4 WHERE id = $1 AND person_id = $2 AND lifted_at IS NULL
  AND NOT is_school RETURNING kind
"""
_LIFT_LIMIT = """
UPDATE restriction SET lifted_at = $2, lifted_by = $3 WHERE person_id = $1 AND kind = 'day_limit' AND lifted_at IS NULL
"""
_OF_PERSON = "SELECT id, kind, value_encrypted FROM restriction WHERE person_id = $1 AND lifted_at IS NULL LIMIT $2"
_OF_SCHOOL = """
SELECT restriction.id, ref, kind, value_encrypted FROM restriction JOIN person ON person.id = person_id
WHERE restriction.school_id = $1 AND lifted_at IS NULL LIMIT 500000
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
    return await restrictions_on(services, ward.school_id, ward.person_id)


async def restrictions_on(services: Services, school_id: int, person_id: int) -> list[Restriction]:
    """Return the same for a person of a school, for who has checked already who asks."""
    pool, vault = services.database.pool, services.vault
    rows = await pool.fetch(_SHOWN, person_id, SHOWN_MAX, school_id)
    values = [value_of(vault, row) for row in rows]
    dishes = [value for row, value in zip(rows, values, strict=True) if row["kind"] == Limit.DISH.value]
    names = {
        row["key"]: Names(row["name_kk"], row["name_ru"], row["name_en"])
        for row in (await pool.fetch(_DISHES, school_id, dishes) if dishes else ())
    }
    return [
        Restriction(
            row["id"], Limit(row["kind"]), value, names.get(value) if row["kind"] == Limit.DISH.value else None,
            row["set_at"], row["set_by"], row["lifted_at"], row["lifted_by"], row["is_school"], document_of(vault, row),
        )
        for row, value in zip(rows, values, strict=True)
    ]  # fmt: skip


async def restrict(services: Services, actor: Actor, ref: str, kind: Limit, value: str) -> None:
    """Set a restriction; a day's limit replaces the one before. Raises NotFound, NotAllowed or LimitRefused."""
    ward = await _acting(services, actor, ref)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute("SELECT true FROM person WHERE id = $1 FOR NO KEY UPDATE", ward.person_id)
        meant = await _meant(at, ward, kind, value)
        held = await held_by(at, services.vault, ward.person_id, is_school=False)
        if len(held) >= RESTRICTIONS_MAX:
            raise LimitRefused(message("There are {count} restrictions already. Lift one first.", count=len(held)))
        if (kind, meant) in held and kind is not Limit.DAY_LIMIT:
            return
        if kind is Limit.DAY_LIMIT:
            await at.execute(_LIFT_LIMIT, ward.person_id, now, actor.name)
        new = Setting(ward.school_id, ward.person_id, kind, meant, "", now, actor.name)
        await add_restriction(at, services.vault, new)
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


async def held_of(connection: asyncpg.Connection | asyncpg.Pool, vault: Vault, person_id: int) -> Limits:
    """Return what holds for one person, for slices above, after their own check."""
    held: dict[Limit, set[str]] = {}
    for row in await connection.fetch(_OF_PERSON, person_id, HELD_MAX):
        held.setdefault(Limit(row["kind"]), set()).add(value_of(vault, row))
    return _limits(held)


async def limits_of_school(connection: asyncpg.Connection, vault: Vault, school_id: int) -> Mapping[str, Limits]:
    """Return what holds for everybody of a school who has a restriction, by the person's reference."""
    held: dict[str, dict[Limit, set[str]]] = {}
    for row in await connection.fetch(_OF_SCHOOL, school_id):
        held.setdefault(row["ref"], {}).setdefault(Limit(row["kind"]), set()).add(value_of(vault, row))
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


def _limits(held: Mapping[Limit, Collection[str]]) -> Limits:
    amounts = held.get(Limit.DAY_LIMIT)
    allergens, dishes, categories = (
        tuple(sorted(held.get(kind, ()))) for kind in (Limit.ALLERGEN, Limit.DISH, Limit.CATEGORY)
    )
    return Limits(min(map(int, amounts)) if amounts else None, allergens, dishes, categories)
