"""The number by which a parent pays for a child: drawn once, kept for ever, told to banks."""

from dataclasses import dataclass

import asyncpg

from cloud.core.services import Services
from cloud.topups.rules import draw_number, is_number

TRIES = 20
_OWN = "SELECT number FROM payment_number WHERE person_id = $1"
_DRAW = "INSERT INTO payment_number (person_id, number, drawn_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_PAYEE = """
SELECT person.id, person.ref, person.school_id, person.given_name, left(person.surname, 1) AS initial, person.is_active
FROM payment_number JOIN person ON person.id = person_id WHERE payment_number.number = $1
"""


@dataclass(frozen=True, slots=True)
class Payee:
    """For whom money is to be taken; a bank shows the given name and the surname's first letter to who pays."""

    id: int
    ref: str
    school_id: int
    given_name: str
    initial: str
    is_active: bool


async def number_of(services: Services, person_id: int) -> str:
    """Return a person's number, drawn at the first time of asking. For slices above, after their own check."""
    pool = services.database.pool
    for _ in range(TRIES):
        if (number := await pool.fetchval(_OWN, person_id)) is not None:
            return str(number)
        await pool.execute(_DRAW, person_id, draw_number(services.rng), services.clock.now())
    raise AssertionError("of ninety million numbers twenty were taken")


async def payee_of(connection: asyncpg.Connection | asyncpg.Pool, number: str) -> Payee | None:
    """Return whom a number stands for, if anybody."""
    row = await connection.fetchrow(_PAYEE, number) if is_number(number) else None
    return None if row is None else Payee(**row)
