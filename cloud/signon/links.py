"""Which account somebody is whom an identity provider signed in: joined once, by a verified claim or by oneself.

Rule: no account is ever made here, and none is found by what nobody verified. A school's provider signs in accounts
that have roles at that school and nowhere else.
"""

from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.accounts.beginnings import Half, Session
from cloud.accounts.by_others import begin_by
from cloud.accounts.errors import LoginRefused
from cloud.accounts.queries import account_of_login
from cloud.accounts.rules import normal_login
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.people.bulk import IIN
from cloud.signon.errors import RequestRefused
from cloud.signon.providers import Provider

UNKNOWN = message(
    "No account here is joined to who you are there. Sign in with your password, and join it on your account's page."
)
TAKEN = message("This identity is joined to another account already.")
_LINKED = "SELECT account_id FROM identity_link WHERE provider_id = $1 AND subject = $2"
_LINK = """
INSERT INTO identity_link (provider_id, subject, account_id, made_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING id
"""
_OF_IIN = """
SELECT s.account_id FROM student_account s JOIN person p ON p.id = s.person_id
WHERE p.iin_digest = $1 AND p.is_active AND ($2::bigint IS NULL OR p.school_id = $2) LIMIT 2
"""
# $2: the provider's school; an account with a role elsewhere, or everywhere, is none of its own.
_MAY = """
SELECT EXISTS (SELECT FROM grant_of_role WHERE account_id = $1 AND school_id = $2)
  AND NOT EXISTS (SELECT FROM grant_of_role WHERE account_id = $1 AND school_id IS DISTINCT FROM $2)
"""
_USABLE = """
SELECT true FROM account WHERE id = $1 AND is_active
  AND NOT (must_change AND initial_until IS NOT NULL AND initial_until < $2)
"""
_OWN = """
SELECT p.id, p.name, l.id IS NOT NULL AS is_joined FROM identity_provider p
LEFT JOIN identity_link l ON l.provider_id = p.id AND l.account_id = $1
WHERE p.ended_at IS NULL AND (p.school_id IS NULL OR p.school_id = ANY($2::bigint[])) ORDER BY p.id LIMIT 50
"""


async def come_in(services: Services, provider: Provider, claims: dict[str, Any], device: str) -> Session | Half:
    """Begin the session of whom a provider signed in, or its first half. Raises RequestRefused for who is unknown."""
    account_id = await services.database.pool.fetchval(_LINKED, provider.id, claims["sub"])
    is_new = account_id is None
    if is_new:
        account_id = await _found(services, provider, claims)
    if account_id is None or not await _may(services, provider, account_id):
        raise RequestRefused(UNKNOWN)
    async with services.database.transaction() as connection:
        if is_new:
            await _join(services, connection, provider, claims["sub"], Actor("somebody", account_id))
        return await begin_by(services, connection, account_id, f"provider:{provider.id}", device)


async def join(services: Services, actor: Actor, provider: Provider, subject: str) -> None:
    """Join an identity to the actor's own account. Raises RequestRefused."""
    assert actor.account_id is not None  # noqa: S101 (somebody signed in)
    if not await _may(services, provider, actor.account_id):
        raise RequestRefused(UNKNOWN)
    async with services.database.transaction() as connection:
        await _join(services, connection, provider, subject, actor)


async def part(services: Services, actor: Actor, provider_id: int) -> None:
    """Take a provider from the actor's own account."""
    async with services.database.transaction() as connection:
        gone = await raw(connection).fetchval(
            "DELETE FROM identity_link WHERE provider_id = $1 AND account_id = $2 RETURNING id",
            provider_id, actor.account_id,
        )  # fmt: skip
        if gone is not None:
            subject = f"account:{actor.account_id}"
            await audit(connection, actor, "account.unlinked", subject, at=services.clock.now())


async def own_providers(services: Services, actor: Actor) -> list[tuple[int, str, bool]]:
    """Return the providers that the actor may sign in by: id, name, and whether it is joined."""
    schools = sorted({reach.school_id for reach in actor.reaches if reach.school_id is not None})
    rows = await services.database.pool.fetch(_OWN, actor.account_id, schools)
    return [(row["id"], row["name"], row["is_joined"]) for row in rows]


async def _found(services: Services, provider: Provider, claims: dict[str, Any]) -> int | None:
    """Return the one account that a verified claim points to."""
    value = claims.get(provider.claim)
    if not provider.claim_kind or not isinstance(value, str) or not value:
        return None
    if provider.claim_kind == "iin":
        digest = services.vault.digest(value.strip(), IIN)
        rows = await services.database.pool.fetch(_OF_IIN, digest, provider.school_id)
        return rows[0]["account_id"] if len(rows) == 1 else None
    verified = {"email": "email_verified", "phone": "phone_number_verified"}[provider.claim_kind]
    if claims.get(verified) is not True:
        return None
    try:
        return await account_of_login(services, normal_login(value))
    except (LoginRefused, NotFound):
        return None


async def _may(services: Services, provider: Provider, account_id: int) -> bool:
    if not await services.database.pool.fetchval(_USABLE, account_id, services.clock.now()):
        return False
    if provider.school_id is None:
        return True
    return bool(await services.database.pool.fetchval(_MAY, account_id, provider.school_id))


async def _join(
    services: Services, connection: BaseDBAsyncClient, provider: Provider, subject: str, actor: Actor
) -> None:
    now = services.clock.now()
    made = await raw(connection).fetchval(_LINK, provider.id, subject, actor.account_id, now)
    if made is None:
        raise RequestRefused(TAKEN)
    await audit(
        connection, actor, "account.linked", f"account:{actor.account_id}", {"provider": str(provider.id)}, at=now
    )
