"""Who eats free or for less: orders of the school by grade or by a list of children, each with term and document.

Rule: nothing holds before the director approved it, and nobody approves what they proposed; what held on a day that is
over stays known, whatever ends later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.menu.errors import ApprovedByAnother, EntitlementRefused
from cloud.menu.kinds import GROUNDS, RightKind
from cloud.menu.rules import checked_price, shortened
from cloud.people.actions import tell_changed

PAPER = "entitlement.document"  # context of the vault
DOCUMENT_MAX = 120
LISTED_MAX = 2_000
SHOWN_MAX = 500
LONGEST_DAYS = 400  # a school year, and some
GRADES = "grades"
_MEALS = "SELECT key FROM meal WHERE school_id = $1 AND key = any($2) AND ended_at IS NULL"
_NEXT = "SELECT nextval(pg_get_serial_sequence('entitlement', 'id'))"
_PROPOSE = """
INSERT INTO entitlement (id, school_id, kind, ground, grades, meals, price_tiyn, first_on, last_on, document_encrypted,
  proposed_at, proposed_by, proposer_id)
OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
_LOCK = """
SELECT id, kind, ground, grades, approved_at, proposer_id FROM entitlement
WHERE school_id = $1 AND id = $2 AND ended_at IS NULL FOR NO KEY UPDATE
"""
_LIST = """
INSERT INTO entitled (entitlement_id, person_id, proposed_at, proposed_by, proposer_id)
SELECT $1, id, $4, $5, $6 FROM person WHERE school_id = $2 AND ref = any($3) AND is_active AND role = 'student'
ON CONFLICT DO NOTHING RETURNING person_id
"""
_OWN = """
SELECT EXISTS (SELECT FROM entitled WHERE entitlement_id = $1 AND proposer_id = $2 AND approved_at IS NULL
  AND ended_at IS NULL)
"""
_APPROVE = "UPDATE entitlement SET approved_at = $2, approved_by = $3 WHERE id = $1 AND approved_at IS NULL"
_APPROVE_LISTED = """
UPDATE entitled SET approved_at = $2, approved_by = $3
WHERE entitlement_id = $1 AND approved_at IS NULL AND ended_at IS NULL RETURNING id
"""
_END = "UPDATE entitlement SET ended_at = $2, ended_by = $3 WHERE id = $1"
_END_LISTED = """
UPDATE entitled SET ended_at = $3, ended_by = $4 FROM person
WHERE entitlement_id = $1 AND person.id = person_id AND ref = $2 AND ended_at IS NULL RETURNING person_id
"""
_SHOWN = """
SELECT e.*, (SELECT count(*) FROM entitled WHERE entitlement_id = e.id AND ended_at IS NULL) AS listed,
  (SELECT count(*) FROM entitled WHERE entitlement_id = e.id AND ended_at IS NULL AND approved_at IS NULL) AS waiting
FROM entitlement e WHERE school_id = $1 AND ($2::bigint IS NULL OR id = $2)
ORDER BY ended_at IS NOT NULL, last_on DESC, id DESC LIMIT $3
"""
_LISTED = """
SELECT ref, concat_ws(' ', surname, given_name, nullif(patronymic, '')) AS name,
  coalesce(grade || letter, '') AS class_name, x.proposed_by, x.proposed_at, x.approved_by, x.approved_at
FROM entitled x JOIN person ON person.id = person_id LEFT JOIN school_class ON school_class.id = school_class_id
WHERE entitlement_id = $1 AND ended_at IS NULL ORDER BY sort_key, person.id LIMIT $2
"""
# What held at the end of a day, or holds from it on; what ended later held then.
_RIGHTS = """
SELECT person.id AS person_id, ref, kind, meal, first_on, last_on, price_tiyn FROM entitlement e
JOIN school ON school.id = e.school_id
CROSS JOIN unnest(e.meals) AS meal
JOIN person ON person.school_id = e.school_id AND person.is_active AND person.role = 'student'
LEFT JOIN school_class ON school_class.id = person.school_class_id
LEFT JOIN entitled x ON x.entitlement_id = e.id AND x.person_id = person.id AND x.approved_at IS NOT NULL
  AND (x.ended_at IS NULL OR (x.ended_at AT TIME ZONE zone)::date > $2)
WHERE e.school_id = $1 AND ($3::bigint IS NULL OR person.id = $3) AND e.approved_at IS NOT NULL AND e.last_on >= $2
  AND (e.ended_at IS NULL OR (e.ended_at AT TIME ZONE zone)::date > $2)
  AND (grade = any(e.grades) OR x.id IS NOT NULL)
ORDER BY ref, meal, kind, first_on, last_on, price_tiyn LIMIT 500000
"""


@dataclass(frozen=True, slots=True)
class EntitlementGiven:
    """What is proposed: `grades` for everybody of them, none for a list; the price is what the child pays."""

    kind: RightKind
    ground: str
    meals: tuple[str, ...]
    first_on: date
    last_on: date
    document: str
    grades: tuple[int, ...] = ()
    price_tiyn: int = 0


@dataclass(frozen=True, slots=True)
class EntitlementRow:
    """An order, with how many are listed and how many of them wait for approval."""

    id: int
    given: EntitlementGiven
    proposed_at: datetime
    proposed_by: str
    approved_at: datetime | None
    approved_by: str
    ended_at: datetime | None
    ended_by: str
    listed: int
    waiting: int

    @property
    def needs_approval(self) -> bool:
        """Tell whether the director has something to approve."""
        return self.ended_at is None and (self.approved_at is None or self.waiting > 0)


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A child on a list."""

    ref: str
    name: str
    class_name: str
    proposed_by: str
    proposed_at: datetime
    approved_by: str
    approved_at: datetime | None


@dataclass(frozen=True, slots=True)
class MealRight:
    """One meal a day that somebody does not pay, or not whole."""

    meal: str
    kind: RightKind
    first_on: date
    last_on: date
    price_tiyn: int


async def propose(services: Services, actor: Actor, school_id: int, given: EntitlementGiven) -> int:
    """Propose an order and return its id. Raises NotAllowed or EntitlementRefused."""
    actor.require(Right.ENTITLEMENTS_KEEP, school_id)
    order = checked_order(given)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        if len(await at.fetch(_MEALS, school_id, list(order.meals))) != len(order.meals):
            raise EntitlementRefused(message("There is no such meal at this school. Choose one of the list."))
        order_id: int = await at.fetchval(_NEXT)
        paper = services.vault.encrypt(order.document, PAPER, str(order_id))
        await at.execute(
            _PROPOSE, order_id, school_id, order.kind.value, order.ground, list(order.grades), list(order.meals),
            order.price_tiyn, order.first_on, order.last_on, paper, now, actor.name, actor.account_id,
        )  # fmt: skip
        told = {"kind": order.kind.value, "ground": order.ground}
        await audit(
            connection, actor, "entitlement.proposed", f"entitlement:{order_id}", told, school_id=school_id, at=now
        )
    return order_id


async def list_children(services: Services, actor: Actor, school_id: int, order_id: int, refs: Sequence[str]) -> int:
    """Put children on the list of an order, to be approved; return how many are new on it.

    Raises NotAllowed, NotFound or EntitlementRefused.
    """
    actor.require(Right.ENTITLEMENTS_KEEP, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        if (await _locked(at, school_id, order_id))["grades"]:
            raise EntitlementRefused(message("This order is for whole grades, and lists nobody."))
        listed = await at.fetch(_LIST, order_id, school_id, list(refs), now, actor.name, actor.account_id)
        if await at.fetchval("SELECT count(*) FROM entitled WHERE entitlement_id = $1", order_id) > LISTED_MAX:
            raise EntitlementRefused(message("A list has {count} children at most. Begin another.", count=LISTED_MAX))
        for row in listed:
            await audit(
                connection, actor, "entitled.proposed", f"person:{row['person_id']}",
                {"entitlement": str(order_id)}, school_id=school_id, at=now,
            )  # fmt: skip
    return len(listed)


async def approve(services: Services, actor: Actor, school_id: int, order_id: int) -> None:
    """Approve an order and everybody who waits on its list. Raises NotAllowed, NotFound or ApprovedByAnother."""
    actor.require(Right.ENTITLEMENTS_APPROVE, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        order = await _locked(at, school_id, order_id)
        is_own = order["approved_at"] is None and order["proposer_id"] == actor.account_id
        if actor.account_id is not None and (is_own or await at.fetchval(_OWN, order_id, actor.account_id)):
            raise ApprovedByAnother
        await at.execute(_APPROVE, order_id, now, actor.name)
        listed = await at.fetch(_APPROVE_LISTED, order_id, now, actor.name)
        told = {"listed": str(len(listed))}
        subject = f"entitlement:{order_id}"
        await audit(connection, actor, "entitlement.approved", subject, told, school_id=school_id, at=now)
        await tell_changed(connection, school_id)


async def end_order(services: Services, actor: Actor, school_id: int, order_id: int) -> None:
    """Let an order hold no more, from now on. Raises NotAllowed or NotFound."""
    actor.require(Right.ENTITLEMENTS_END, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        await _locked(raw(connection), school_id, order_id)
        await raw(connection).execute(_END, order_id, now, actor.name)
        subject = f"entitlement:{order_id}"
        await audit(connection, actor, "entitlement.ended", subject, school_id=school_id, at=now)
        await tell_changed(connection, school_id)


async def unlist(services: Services, actor: Actor, school_id: int, order_id: int, ref: str) -> None:
    """Take a child from the list of an order, from now on. Raises NotAllowed or NotFound."""
    actor.require(Right.ENTITLEMENTS_END, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        await _locked(at, school_id, order_id)
        person_id = await at.fetchval(_END_LISTED, order_id, ref, now, actor.name)
        if person_id is None:
            raise NotFound
        told = {"entitlement": str(order_id)}
        await audit(connection, actor, "entitled.ended", f"person:{person_id}", told, school_id=school_id, at=now)
        await tell_changed(connection, school_id)


async def orders_of(services: Services, actor: Actor, school_id: int) -> list[EntitlementRow]:
    """Return a school's orders, those that hold first. Raises NotAllowed."""
    actor.require(Right.ENTITLEMENTS_READ, school_id)
    rows = await services.database.pool.fetch(_SHOWN, school_id, None, SHOWN_MAX)
    return [_order(services.vault, row) for row in rows]


async def order_of(services: Services, actor: Actor, school_id: int, order_id: int) -> EntitlementRow:
    """Return one order. Raises NotAllowed or NotFound."""
    actor.require(Right.ENTITLEMENTS_READ, school_id)
    row = await services.database.pool.fetchrow(_SHOWN, school_id, order_id, 1)
    if row is None:
        raise NotFound
    return _order(services.vault, row)


async def listed_of(services: Services, actor: Actor, school_id: int, order_id: int) -> list[ListedRow]:
    """Return who is on the list of an order, by name. Raises NotAllowed or NotFound."""
    await order_of(services, actor, school_id, order_id)
    return [ListedRow(**row) for row in await services.database.pool.fetch(_LISTED, order_id, LISTED_MAX)]


async def rights_of(
    connection: asyncpg.Connection | asyncpg.Pool, school_id: int, on: date, person_id: int | None = None
) -> dict[str, list[MealRight]]:
    """Return the rights that held at the end of a day, or begin after it, by the person's reference; or of one."""
    held: dict[str, list[MealRight]] = {}
    for row in await connection.fetch(_RIGHTS, school_id, on, person_id):
        right = MealRight(row["meal"], RightKind(row["kind"]), row["first_on"], row["last_on"], row["price_tiyn"])
        held.setdefault(row["ref"], []).append(right)
    return held


def checked_order(given: EntitlementGiven) -> EntitlementGiven:
    """Return an order in its one form. Raises EntitlementRefused, PriceRefused or DishRefused."""
    document = shortened(given.document, DOCUMENT_MAX)
    if not document:
        raise EntitlementRefused(message("Say by which document, as “order 12 of 1 September”."))
    if not given.meals:
        raise EntitlementRefused(message("Choose the meals that it is for."))
    if given.ground not in GROUNDS or (given.ground == GRADES) != bool(given.grades):
        raise EntitlementRefused(message("Whole grades need their grades, and only they. Choose the reason again."))
    if not all(0 <= grade <= 12 for grade in given.grades):
        raise EntitlementRefused(message("Grades are 0 to 12."))
    if not 0 <= (given.last_on - given.first_on).days <= LONGEST_DAYS:
        raise EntitlementRefused(
            message("The term ends after it begins, within {count} days. Check the years.", count=LONGEST_DAYS)
        )
    if given.kind is RightKind.FREE and given.price_tiyn:
        raise EntitlementRefused(message("What is free costs the child nothing. Choose a lower price, or free."))
    if given.kind is RightKind.SUBSIDISED and not given.price_tiyn:
        raise EntitlementRefused(message("Say what the child pays. What costs nothing is free."))
    return EntitlementGiven(
        given.kind, given.ground, tuple(sorted(set(given.meals))), given.first_on, given.last_on, document,
        tuple(sorted(set(given.grades))), checked_price(given.price_tiyn),
    )  # fmt: skip


async def _locked(at: asyncpg.Connection, school_id: int, order_id: int) -> asyncpg.Record:
    order = await at.fetchrow(_LOCK, school_id, order_id)
    if order is None:
        raise NotFound
    return order


def _order(vault: Vault, row: asyncpg.Record) -> EntitlementRow:
    document = vault.decrypt(row["document_encrypted"], PAPER, str(row["id"]))
    given = EntitlementGiven(
        RightKind(row["kind"]), row["ground"], tuple(row["meals"]), row["first_on"], row["last_on"], document,
        tuple(row["grades"]), row["price_tiyn"],
    )  # fmt: skip
    return EntitlementRow(
        row["id"], given, row["proposed_at"], row["proposed_by"], row["approved_at"], row["approved_by"],
        row["ended_at"], row["ended_by"], row["listed"], row["waiting"],
    )  # fmt: skip
