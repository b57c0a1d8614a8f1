"""What the school forbids a child by a doctor's paper: allergens, set and lifted by the office with the document.

Rule: no parent lifts it, and it is never without a document; tills hear of it as of what parents have set.
"""

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.menu.errors import LimitRefused
from cloud.menu.kinds import Limit
from cloud.menu.restricting import Setting, add_restriction, held_by
from cloud.menu.restrictions import Restriction, restrictions_on
from cloud.menu.rules import allergen_of, shortened
from cloud.people.actions import tell_changed

DOCUMENT_MAX = 120
CHILDREN_MAX = 10_000
DIETS_MAX = 20  # that hold at once, of one child
_LOCK = "SELECT true FROM person WHERE id = $1 AND school_id = $2 AND is_active FOR NO KEY UPDATE"
_COUNTS = """
SELECT person_id, count(*) FROM restriction WHERE school_id = $1 AND is_school AND lifted_at IS NULL
GROUP BY person_id LIMIT $2
"""
_LIFT = """
UPDATE restriction SET lifted_at = $4, lifted_by = $5
WHERE id = $1 AND person_id = $2 AND school_id = $3 AND lifted_at IS NULL AND is_school RETURNING id
"""


async def held_of(services: Services, actor: Actor, school_id: int) -> dict[int, int]:
    """Return how much the school forbids now, by the child's id; of who has nothing, nothing. Raises NotAllowed."""
    actor.require(Right.DIETS_KEEP, school_id)
    return dict(await services.database.pool.fetch(_COUNTS, school_id, CHILDREN_MAX))


async def diets_of(services: Services, actor: Actor, school_id: int, person_id: int) -> list[Restriction]:
    """Return what the school has set for a child, what holds first. Raises NotAllowed."""
    actor.require(Right.DIETS_KEEP, school_id)
    held = await restrictions_on(services, school_id, person_id)
    return [each for each in held if each.is_school]


async def forbid(
    services: Services, actor: Actor, school_id: int, person_id: int, allergen: str, document: str
) -> None:
    """Let no till sell a child what has an allergen in it. Raises NotAllowed, NotFound, LimitRefused or DishRefused."""
    actor.require(Right.DIETS_KEEP, school_id)
    paper, key = shortened(document, DOCUMENT_MAX), allergen_of(allergen)
    if not paper:
        raise LimitRefused(message("Say by which document, as “allergist's paper 12 of 1 September”."))
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        if not await at.fetchval(_LOCK, person_id, school_id):
            raise NotFound
        held = await held_by(at, services.vault, person_id, is_school=True)
        if len(held) >= DIETS_MAX:
            raise LimitRefused(message("There are {count} restrictions already. Lift one first.", count=len(held)))
        if (Limit.ALLERGEN, key) in held:
            return
        new = Setting(school_id, person_id, Limit.ALLERGEN, key, paper, now, actor.name)
        await add_restriction(at, services.vault, new)
        told = {
            "kind": Limit.ALLERGEN.value,
            "by": "school",
        }  # what somebody is allergic to is no business of who reads the journal
        await audit(connection, actor, "restriction.set", f"person:{person_id}", told, school_id=school_id, at=now)
        await tell_changed(connection, school_id)


async def allow(services: Services, actor: Actor, school_id: int, person_id: int, restriction_id: int) -> None:
    """Lift what the school has set. Raises NotAllowed or NotFound."""
    actor.require(Right.DIETS_KEEP, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        if await raw(connection).fetchval(_LIFT, restriction_id, person_id, school_id, now, actor.name) is None:
            raise NotFound
        told = {"kind": Limit.ALLERGEN.value, "by": "school"}
        await audit(connection, actor, "restriction.lifted", f"person:{person_id}", told, school_id=school_id, at=now)
        await tell_changed(connection, school_id)
