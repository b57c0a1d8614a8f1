"""What is asked of tokens: whose one is, and which a school has."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.tokens.actions import SECRET_MAX, digest
from cloud.tokens.bearer import Bearer
from cloud.tokens.scopes import Scope, named

USE_NOTED = timedelta(minutes=1)  # how exactly it is known when a token was used last
LIST_MAX = 200
_BEARER = """
SELECT token.id, token.name, token.school_id, school.code, token.scopes, token.last_used_at
FROM api_token AS token JOIN school ON school.id = token.school_id
WHERE secret_digest = $1 AND revoked_at IS NULL AND expires_at > $2
UNION ALL
SELECT token.id, token.name, token.school_id, school.code, access.scopes, token.last_used_at
FROM access_token AS access JOIN api_token AS token ON token.id = access.token_id
JOIN school ON school.id = token.school_id
WHERE access.digest = $1 AND access.expires_at > $2 AND token.revoked_at IS NULL AND token.expires_at > $2
"""
_TOKENS = """
SELECT token.id, token.name, client, scopes, made_at, expires_at, last_used_at, revoked_at,
  coalesce(account.name, '') AS made_by
FROM api_token AS token LEFT JOIN account ON account.id = made_by
WHERE school_id = $1 ORDER BY revoked_at IS NOT NULL, token.id DESC LIMIT $2
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

    def state(self, now: datetime) -> str:
        """Return whether it works, as a sign's code."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.expires_at > now else "token_expired"


async def bearer_of(services: Services, token: str) -> Bearer | None:
    """Return the program whose token this is, and note that it was used; None for one that does not work."""
    if not 0 < len(token) <= SECRET_MAX:
        return None
    now = services.clock.now()
    row = await services.database.pool.fetchrow(_BEARER, digest(token), now)
    if row is None:
        return None
    if row["last_used_at"] is None or now - row["last_used_at"] >= USE_NOTED:
        await services.database.pool.execute("UPDATE api_token SET last_used_at = $2 WHERE id = $1", row["id"], now)
    return Bearer(row["id"], row["name"], row["school_id"], row["code"], named(row["scopes"]))


async def tokens_of(services: Services, actor: Actor, school_id: int) -> list[TokenRow]:
    """Return a school's tokens, those that work first. Raises NotAllowed."""
    actor.require(Right.PROGRAMS_KEEP, school_id)
    return [_token(row) for row in await services.database.pool.fetch(_TOKENS, school_id, LIST_MAX)]


def _token(row: asyncpg.Record) -> TokenRow:
    scopes = tuple(sorted(named(row["scopes"]), key=lambda each: each.value))
    return TokenRow(**{**row, "scopes": scopes})
