"""Codes and tokens of OpenID Connect: given out once, short, and all of one sign-in ended together.

Rule: a code is believed once, from its client, with its redirect URI and its verifier; whatever else is tried with it
ends it. A code or a refresh token that comes again was stolen: all tokens of that sign-in die (RFC 9700, 4.5, 4.14).
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.services import Services
from cloud.signon.asked import VERIFIER, Asked
from cloud.signon.errors import Declined
from cloud.signon.jose import base64url
from cloud.signon.parties import Party, digest_of
from cloud.signon.scopes import OFFLINE

CODE_LASTS = timedelta(seconds=60)
ACCESS_LASTS = timedelta(minutes=10)
REFRESH_LASTS = timedelta(days=14)  # and never longer than the session that it hangs on
TOKEN_MAX = 100
GRANTS_MAX = 20  # of one account at one client; older ones end
SYSTEM = Actor.system("single sign-on")
_ADD = """
INSERT INTO oidc_grant (party_id, account_id, sign_in_id, code_digest, code_until, redirect_uri, challenge, nonce,
  scopes, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_FORGET = """
DELETE FROM oidc_grant WHERE account_id = $1 AND party_id = $2 AND id NOT IN (
  SELECT id FROM oidc_grant WHERE account_id = $1 AND party_id = $2 AND made_at > $3 ORDER BY id DESC LIMIT $4)
"""
_GRANT = """
SELECT g.id, g.party_id, g.account_id, code_until, code_used_at, redirect_uri, challenge, nonce, g.scopes, g.ended_at,
    s.created_at AS signed_in_at, s.expires_at AS session_until, school_id
FROM oidc_grant g JOIN sign_in s ON s.id = sign_in_id JOIN account a ON a.id = g.account_id AND a.is_active
JOIN relying_party p ON p.id = party_id AND p.ended_at IS NULL
"""
_OF_CODE = f"{_GRANT} WHERE code_digest = $1 FOR UPDATE OF g"
_OF_TOKEN = f"""
{_GRANT} JOIN oidc_token t ON t.grant_id = g.id
WHERE t.digest = $1 AND t.kind = $2 AND t.until > $3 AND s.expires_at > $3 AND g.ended_at IS NULL
"""
_GIVE_OUT = "INSERT INTO oidc_token (digest, grant_id, kind, until) VALUES ($1, $2, $3, $4)"
_USE_REFRESH = "UPDATE oidc_token SET used_at = $2 WHERE digest = $1 AND used_at IS NULL RETURNING true"


@dataclass(frozen=True, slots=True)
class Granted:
    """What a client was given, and for whom."""

    account_id: int
    school_id: int
    scopes: tuple[str, ...]
    nonce: str | None
    signed_in_at: datetime
    access: str = ""
    refresh: str = ""  # empty where none was asked for


async def issue_code(
    services: Services, party: Party, account_id: int, session_id: int, asked: Asked, scopes: tuple[str, ...]
) -> str:
    """Return a code for one sign-in: bound to client, address, verifier and session."""
    code, now = secrets.token_urlsafe(32), services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute(_FORGET, account_id, party.id, now - REFRESH_LASTS, GRANTS_MAX - 1)
        await at.execute(
            _ADD, party.id, account_id, session_id, digest_of(code), now + CODE_LASTS, asked.redirect_uri,
            asked.challenge, asked.nonce, list(scopes), now,
        )  # fmt: skip
    return code


async def redeem(services: Services, party: Party, code: str, redirect_uri: str, verifier: str) -> Granted:
    """Return tokens for a code. Raises Declined; the code is worth nothing afterwards, whatever was wrong."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        row = await at.fetchrow(_OF_CODE, digest_of(code[:TOKEN_MAX]))
        fault = _fault_of(row, party, redirect_uri, verifier, now)
        if row is not None and not fault:
            await at.execute("UPDATE oidc_grant SET code_used_at = $2 WHERE id = $1", row["id"], now)
            return await _tokens(at, row, now)
        if row is not None:
            await _end(at, row["id"], now)
            if row["code_used_at"] is not None:
                await _tell_replayed(connection, row, now)
    raise Declined("invalid_grant", fault)


async def refresh(services: Services, party: Party, token: str) -> Granted:
    """Return new tokens for a refresh token, which is worth nothing afterwards. Raises Declined."""
    now, digest = services.clock.now(), digest_of(token[:TOKEN_MAX])
    async with services.database.transaction() as connection:
        at = raw(connection)
        row = await at.fetchrow(f"{_OF_TOKEN} FOR UPDATE OF g", digest, "refresh", now)
        if row is not None and row["party_id"] == party.id and await at.fetchval(_USE_REFRESH, digest, now):
            return await _tokens(at, row, now)
        if row is not None:  # it comes again, or from another client
            await _end(at, row["id"], now)
            await _tell_replayed(connection, row, now)
    raise Declined("invalid_grant", "the refresh token is over, was used, or is another client's")


async def granted_to(services: Services, token: str) -> tuple[Granted, int] | None:
    """Return what an access token gives, and the id of its client; None for one that is over or never was."""
    row = await services.database.pool.fetchrow(_OF_TOKEN, digest_of(token[:TOKEN_MAX]), "access", services.clock.now())
    return None if row is None else (_granted(row), row["party_id"])


async def revoke(services: Services, party: Party, token: str) -> None:
    """End the sign-in that a token belongs to, if it is the client's own (RFC 7009); anything else changes nothing."""
    async with services.database.transaction() as connection:
        at = raw(connection)
        grant_id = await at.fetchval(
            "SELECT grant_id FROM oidc_token JOIN oidc_grant ON oidc_grant.id = grant_id"
            " WHERE digest = $1 AND party_id = $2", digest_of(token[:TOKEN_MAX]), party.id,
        )  # fmt: skip
        if grant_id is not None:
            await _end(at, grant_id, services.clock.now())


def proves(verifier: str, challenge: str) -> bool:
    """Tell whether a verifier is the one of a challenge (S256)."""
    made = base64url(hashlib.sha256(verifier.encode()).digest())
    return VERIFIER.fullmatch(verifier) is not None and hmac.compare_digest(made, challenge)


def _fault_of(row: asyncpg.Record | None, party: Party, redirect_uri: str, verifier: str, now: datetime) -> str:
    """Return what speaks against a code, or nothing."""
    if row is None or row["party_id"] != party.id:
        return "no such code of this client"
    if row["code_used_at"] is not None or row["ended_at"] is not None:
        return "the code was used already"
    if row["code_until"] <= now or row["session_until"] <= now:
        return "the code is over"
    if row["redirect_uri"] != redirect_uri:
        return "another redirect_uri than the code was asked with"
    return "" if proves(verifier, row["challenge"]) else "the code_verifier does not fit"


async def _tokens(at: asyncpg.Connection, row: asyncpg.Record, now: datetime) -> Granted:
    """Give out an access token, and a refresh token where one was asked for; earlier access tokens go on until over."""
    access, again = secrets.token_urlsafe(32), secrets.token_urlsafe(32) if OFFLINE in row["scopes"] else ""
    await at.execute(_GIVE_OUT, digest_of(access), row["id"], "access", min(now + ACCESS_LASTS, row["session_until"]))
    if again:
        until = min(now + REFRESH_LASTS, row["session_until"])
        await at.execute(_GIVE_OUT, digest_of(again), row["id"], "refresh", until)
    await at.execute("DELETE FROM oidc_token WHERE grant_id = $1 AND until <= $2", row["id"], now)
    return _granted(row, access, again)


async def _end(at: asyncpg.Connection, grant_id: int, now: datetime) -> None:
    await at.execute("UPDATE oidc_grant SET ended_at = coalesce(ended_at, $2) WHERE id = $1", grant_id, now)
    await at.execute("DELETE FROM oidc_token WHERE grant_id = $1", grant_id)


async def _tell_replayed(connection: BaseDBAsyncClient, row: asyncpg.Record, now: datetime) -> None:
    await audit(
        connection, SYSTEM, "tokens.replayed", f"party:{row['party_id']}", {"account": str(row["account_id"])},
        school_id=row["school_id"], at=now,
    )  # fmt: skip


def _granted(row: asyncpg.Record, access: str = "", again: str = "") -> Granted:
    return Granted(
        row["account_id"], row["school_id"], tuple(row["scopes"]), row["nonce"], row["signed_in_at"], access, again
    )
