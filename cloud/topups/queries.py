"""What is asked of top-ups: receipts, siblings, and what was promised back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.queries import PersonRow

PROMISES_MAX = 200
SIBLINGS_MAX = 30
_SIBLINGS = """
SELECT DISTINCT person.id, person.ref, sort_key, concat_ws(' ', surname, given_name) AS name,
  coalesce(grade || letter, '') AS class_name
FROM guardianship AS own JOIN guardianship AS other ON other.guardian_id = own.guardian_id
JOIN person ON person.id = other.person_id JOIN school ON school.id = person.school_id
CROSS JOIN LATERAL (SELECT ($3::timestamptz AT TIME ZONE school.zone)::date AS day) AS today
LEFT JOIN school_class ON school_class.id = school_class_id
WHERE own.person_id = $1 AND person.id <> $1 AND person.school_id = $2 AND person.is_active
  AND (own.ended_on IS NULL OR own.ended_on > day) AND (other.ended_on IS NULL OR other.ended_on > day)
ORDER BY sort_key, person.id LIMIT $4
"""
_RECEIPT = """
SELECT receipt, provider, payment.amount_tiyn, paid_at, received_at, taken_by, person.ref,
  coalesce(fiscal.number, '') AS fiscal_number, coalesce(link, '') AS fiscal_link, fiscal.id IS NOT NULL AS is_fiscal,
  concat_ws(' ', surname, given_name, nullif(patronymic, '')) AS name, coalesce(grade || letter, '') AS class_name
FROM payment JOIN person ON person.id = person_id LEFT JOIN school_class ON school_class.id = school_class_id
LEFT JOIN fiscal_receipt AS fiscal ON payment_id = payment.id
WHERE payment.school_id = $1 AND receipt = $2
"""
_PROMISES = """
SELECT giving_back.id, amount_tiyn, paper, promised_at, promised_by, way, paid_at, paid_by, withdrawn_at,
  withdrawn_why, person.ref,
  concat_ws(' ', surname, given_name) AS name
FROM giving_back JOIN person ON person.id = person_id
WHERE giving_back.school_id = $1
ORDER BY coalesce(paid_at, withdrawn_at) IS NOT NULL, promised_at DESC, giving_back.id DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Sibling:
    """A child with a guardian in common, at the same school."""

    id: int
    ref: str
    name: str
    class_name: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A payment as its receipt tells it; `number` is the ledger's number of it at the school."""

    number: int
    provider: str
    amount_tiyn: int
    paid_at: datetime
    received_at: datetime
    taken_by: str
    ref: str
    name: str
    class_name: str
    is_fiscal: bool  # it is for the tax service too
    fiscal_number: str  # empty until it is registered there
    fiscal_link: str


@dataclass(frozen=True, slots=True)
class Promise:
    """What was promised back to a leaver; `way` is empty until it is paid."""

    id: int
    amount_tiyn: int
    paper: str
    promised_at: datetime
    promised_by: str
    way: str
    paid_at: datetime | None
    paid_by: str
    withdrawn_at: datetime | None
    withdrawn_why: str
    ref: str
    name: str


async def siblings_of(services: Services, actor: Actor, person: PersonRow) -> Sequence[Sibling]:
    """Return the children that share a guardian with a person, today, at the same school. Raises NotAllowed."""
    actor.require(Right.MONEY_READ, person.school_id)
    now = services.clock.now()
    rows = await services.database.pool.fetch(_SIBLINGS, person.id, person.school_id, now, SIBLINGS_MAX)
    return [Sibling(row["id"], row["ref"], row["name"], row["class_name"]) for row in rows]


async def receipt_of(services: Services, actor: Actor, school_id: int, number: int) -> Receipt:
    """Return a payment's receipt. Raises NotAllowed or NotFound."""
    actor.require(Right.MONEY_READ, school_id)
    row = await services.database.pool.fetchrow(_RECEIPT, school_id, number)
    if row is None:
        raise NotFound
    values = dict(row)
    return Receipt(number=values.pop("receipt"), **values)


async def promises_of(services: Services, actor: Actor, school_id: int) -> Sequence[Promise]:
    """Return what was promised back at a school, what is not paid yet first. Raises NotAllowed."""
    actor.require(Right.MONEY_READ, school_id)
    return [Promise(**row) for row in await services.database.pool.fetch(_PROMISES, school_id, PROMISES_MAX)]
