"""Accounts that a directory opens and changes: without a password that anybody knows, until the office gives one.

Rule: every change is made in the transaction of its caller, which notes it in the audit journal.
"""

import secrets
from datetime import datetime

import asyncpg

from cloud.accounts.logins import Kept
from cloud.accounts.passwords import hash_password

_OPEN = """
INSERT INTO account
  (login_digest, login_encrypted, password_hash, must_change, initial_until, name, language, is_active, created_at)
VALUES ($1, $2, $3, true, $6, $4, $5, true, $6) ON CONFLICT (login_digest) DO NOTHING RETURNING id
"""
_CHANGE = """
UPDATE account SET login_digest = $2, login_encrypted = $3, name = $4, language = $5 WHERE id = $1
"""
_ANEW = """
UPDATE account SET is_active = true, password_hash = $2, must_change = true, initial_until = $3 WHERE id = $1
"""
# What an account had before it was closed, and does not get back by being opened.
LEFT_BEHIND = (
    "grant_of_role", "class_of_account", "authenticator", "passkey", "passkey_offer", "recovery_code", "sign_in",
    "half_sign_in", "identity_link", "resource_release", "channel_address", "channel_scope", "telegram_code",
)  # fmt: skip


async def open_account(
    connection: asyncpg.Connection, login: Kept, name: str, language: str, now: datetime
) -> int | None:
    """Open an account that nobody can sign in to by a password yet; None where the login is taken."""
    hashed = await hash_password(secrets.token_urlsafe(32))
    opened: int | None = await connection.fetchval(_OPEN, *login.values(), hashed, name, language, now)
    return opened


async def change_account(
    connection: asyncpg.Connection, account_id: int, login: Kept, name: str, language: str
) -> bool:
    """Change what an account is called; tell whether the login was free, else the transaction can only be undone."""
    try:
        await connection.execute(_CHANGE, account_id, *login.values(), name, language)
    except asyncpg.UniqueViolationError:
        return False
    return True


async def open_anew(connection: asyncpg.Connection, account_id: int, now: datetime) -> None:
    """Let the account of who comes back begin anew, without the roles, password and second steps of before."""
    hashed = await hash_password(secrets.token_urlsafe(32))
    for table in LEFT_BEHIND:
        await connection.execute(f"DELETE FROM {table} WHERE account_id = $1", account_id)  # noqa: S608 (names of ours)
    await connection.execute(_ANEW, account_id, hashed, now)
