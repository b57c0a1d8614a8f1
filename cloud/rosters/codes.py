"""Codes that the school did not sign and that tills take all the same: by a list that another slice keeps here.

Rule: only tills hear of them, so that no gate opens to one; each stands for one person, until its last day. What is
kept is a token of the code, as of a card, never the code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from cloud.cards.keys import card_key_within
from cloud.core.services import Services
from schemas.roster import row
from schemas.tokens import QR, token

CODES_MAX = 50_000
_PUT = """
INSERT INTO till_code (school_id, source, token, person_id, last_on)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::date[])
ON CONFLICT (school_id, source) DO UPDATE
SET token = excluded.token, person_id = excluded.person_id, last_on = excluded.last_on
"""
_DROP = "DELETE FROM till_code WHERE school_id = $1 AND (source = any($2) OR token = any($3))"
_ROWS = """
SELECT token, ref, (extract(epoch FROM (last_on + 1)::timestamp AT TIME ZONE zone) * 1000)::bigint - 1 AS last_ms
FROM till_code JOIN person ON person.id = person_id AND person.is_active JOIN school ON school.id = till_code.school_id
WHERE till_code.school_id = $1 AND last_on >= $2 ORDER BY token LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class TillCode:
    """A code's token and whose it is, under the name that its keeper has for it; without a token, that one no more."""

    source: str
    token: str
    person_id: int
    last_on: date


class Tokens:
    """Makes tokens of codes, as a school's tills make them of what their scanners read."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    async def of_school(cls, services: Services, connection: asyncpg.Connection, school_id: int) -> "Tokens":
        """Return those of a school."""
        return cls(await card_key_within(services, connection, school_id))

    def of(self, code: str) -> str:
        """Return the token of a code's text; of none an empty one."""
        return token(self._key, QR, code.encode()) if code else ""


async def put_codes(connection: asyncpg.Connection, school_id: int, codes: Sequence[TillCode]) -> None:
    """Take codes into a school's list, each in the place of what its source had; rosters are the caller's to wake."""
    held = [code for code in codes if code.token]
    await connection.execute(_DROP, school_id, [code.source for code in codes], [code.token for code in held])
    if held:
        rows = [(code.source, code.token, code.person_id, code.last_on) for code in held]
        await connection.execute(_PUT, school_id, *(list(column) for column in zip(*rows, strict=True)))


async def code_rows(connection: asyncpg.Connection, school_id: int, today: date) -> list[bytes]:
    """Return the rows of codes that are not over: as of cards, in the canteen's roster alone."""
    found = await connection.fetch(_ROWS, school_id, today, CODES_MAX)
    return [row("card", each["token"], each["ref"], "active", each["last_ms"]) for each in found]
