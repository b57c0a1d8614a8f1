"""What is asked of tokens: whose one is, and which a school has."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.devices.alarms import note_alarm
from cloud.tokens.actions import MAKER_MAY, MAKERS, SECRET_MAX, digest
from cloud.tokens.bearer import Bearer
from cloud.tokens.scopes import Scope, named

USE_NOTED = timedelta(minutes=1)  # how exactly it is known when a token was used last
LIST_MAX = 200
_BEARER = f"""
WITH asked AS (
  SELECT id AS token_id, scopes FROM api_token WHERE secret_digest = $1
  UNION ALL SELECT token_id, scopes FROM access_token WHERE digest = $1 AND expires_at > $2
)
SELECT token.id, token.name, token.school_id, school.code, asked.scopes, token.last_used_at,
  {MAKER_MAY.format("token", "$3")} AS may
FROM asked JOIN api_token AS token ON token.id = asked.token_id JOIN school ON school.id = token.school_id
WHERE token.revoked_at IS NULL AND token.expires_at > $2
"""  # noqa: S608 (text of ours)
_TOKENS = f"""
SELECT token.id, token.name, client, scopes, made_at, expires_at, last_used_at, revoked_at,
  coalesce(maker.name, '') AS made_by, NOT {MAKER_MAY.format("token", "$3")} AS rests
FROM api_token AS token LEFT JOIN account AS maker ON maker.id = made_by
WHERE school_id = $1 ORDER BY revoked_at IS NOT NULL, token.id DESC LIMIT $2
"""  # noqa: S608 (text of ours)
_USED = """
UPDATE api_token SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3) RETURNING id
"""


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as its list shows it."""

    id: int
    name: str
    client: str
    scopes: tuple[Scope, ...]
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    made_by: str
    rests: bool  # its maker may not make it any more

    def state(self, now: datetime) -> str:
        """Return whether it works, as a sign's code."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at <= now:
            return "token_expired"
        return "token_rests" if self.rests else "active"


async def bearer_of(services: Services, token: str) -> Bearer | None:
    """Return the program whose token this is, and note that it was used; None for one that does not work.

    The school's IT is told of a program that asks with a token that rests.
    """
    if not 0 < len(token) <= SECRET_MAX:
        return None
    now = services.clock.now()
    row = await services.database.pool.fetchrow(_BEARER, digest(token), now, MAKERS)
    if row is None:
        return None
    if row["last_used_at"] is None or now - row["last_used_at"] >= USE_NOTED:
        await _note_use(services, row, now)
    return Bearer(row["id"], row["name"], row["school_id"], row["code"], named(row["scopes"])) if row["may"] else None


async def _note_use(services: Services, row: asyncpg.Record, now: datetime) -> None:
    async with services.database.transaction() as connection:
        noted = await raw(connection).fetchval(_USED, row["id"], now, now - USE_NOTED)
        if noted is not None and not row["may"]:
            await note_alarm(connection, row["school_id"], "service", "token_rests", row["name"], now)


async def tokens_of(services: Services, actor: Actor, school_id: int) -> list[TokenRow]:
    """Return a school's tokens, those that work first. Raises NotAllowed."""
    actor.require(Right.PROGRAMS_KEEP, school_id)
    return [_token(row) for row in await services.database.pool.fetch(_TOKENS, school_id, LIST_MAX, MAKERS)]


def _token(row: asyncpg.Record) -> TokenRow:
    scopes = tuple(sorted(named(row["scopes"]), key=lambda each: each.value))
    return TokenRow(**{**row, "scopes": scopes})
