"""The sessions of one's own account: which there are, ending one or all, and attempts to sign in that failed."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.accounts.beginnings import end_sessions, token_digest
from cloud.accounts.logins import opened
from cloud.accounts.models import Account
from cloud.audit.writing import audit
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.core.wakeups import SESSIONS, notify

SESSIONS_MAX = 100
_OWN = """
SELECT id, device, created_at, coalesce(seen_at, created_at) AS seen_at, token_digest = $2 AS is_this
FROM sign_in WHERE account_id = $1 AND expires_at > $3 ORDER BY token_digest = $2 DESC, 4 DESC, id LIMIT $4
"""


_ID = "SELECT id FROM sign_in WHERE account_id = $1 AND token_digest = $2"


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as its owner sees it."""

    id: int
    device: str  # empty: a program
    created_at: datetime
    seen_at: datetime
    is_this: bool


async def sessions_of(services: Services, actor: Actor, token: str) -> list[SessionRow]:
    """Return the actor's own sessions, the one of the token first."""
    rows = await services.database.pool.fetch(
        _OWN, actor.account_id, token_digest(token), services.clock.now(), SESSIONS_MAX
    )
    return [SessionRow(**row) for row in rows]


async def session_of(connection: asyncpg.Connection | asyncpg.Pool, actor: Actor, token: str) -> int | None:
    """Return the id of the actor's session with a token; None where it has ended."""
    found: int | None = await connection.fetchval(_ID, actor.account_id, token_digest(token))
    return found


async def end_session(services: Services, actor: Actor, session_id: int) -> None:
    """End one of the actor's own sessions. Raises NotFound."""
    async with services.database.transaction() as connection:
        ended = await connection.execute_query_dict(
            "DELETE FROM sign_in WHERE id = $1 AND account_id = $2 RETURNING id", [session_id, actor.account_id]
        )
        if not ended:
            raise NotFound
        await notify(connection, SESSIONS, str(actor.account_id))
        await audit(
            connection, actor, "account.session_ended", f"account:{actor.account_id}", at=services.clock.now()
        )  # fmt: skip


async def end_others(services: Services, actor: Actor, token: str) -> None:
    """End every session of the actor's account but the one of the token."""
    assert actor.account_id is not None  # noqa: S101 (who has a session has an account)
    async with services.database.transaction() as connection:
        await end_sessions(connection, actor.account_id, but=token)
        subject = f"account:{actor.account_id}"
        await audit(connection, actor, "account.sessions_ended", subject, at=services.clock.now())


async def sign_out_everywhere(services: Services, actor: Actor) -> None:
    """End every session of the actor's account, this one too."""
    assert actor.account_id is not None  # noqa: S101 (who has a session has an account)
    async with services.database.transaction() as connection:
        await end_sessions(connection, actor.account_id)
        subject = f"account:{actor.account_id}"
        await audit(connection, actor, "account.signed_out_everywhere", subject, at=services.clock.now())


async def login_of(services: Services, actor: Actor) -> str:
    """Return the login of the actor's own account."""
    account = await Account.get_or_none(id=actor.account_id) if actor.account_id is not None else None
    if account is None:
        raise NotFound
    return opened(services.vault, account.login_encrypted)
