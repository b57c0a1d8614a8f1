"""Failed sign-ins are counted and slow the next ones down; nobody can be locked out for long by somebody else."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.errors import TooManyAttempts
from cloud.accounts.rules import (
    FORGOTTEN_AFTER,
    FREE_FACTOR,
    FREE_FROM_ANYWHERE,
    FREE_FROM_ONE_ADDRESS,
    FREE_OF_AN_ADDRESS,
    WAIT_MAX,
    WAIT_MAX_ANYWHERE,
    wait_after,
)
from cloud.core.services import Services

FAILED = """
INSERT INTO attempts (key, failures, last_at, blocked_until) VALUES ($1, 1, $2, $2)
ON CONFLICT (key) DO UPDATE SET last_at = $2,
    failures = CASE WHEN attempts.last_at < $3 THEN 1 ELSE attempts.failures + 1 END
RETURNING failures
"""
_UNTIL = "SELECT max(blocked_until) AS until FROM attempts WHERE key = any($1)"


@dataclass(frozen=True, slots=True)
class Limit:
    """One count of failures: its key, how many cost nothing, and the longest wait."""

    key: str
    free: int
    longest: timedelta


def limits(services: Services, login: str, address: str) -> tuple[Limit, ...]:
    """Return what is counted when a login fails from an address; a network of IPv6 (/64) counts as one address."""
    place = place_of(address)
    digest = services.vault.digest
    return (
        Limit(digest(f"{login}\n{place}", "attempts.both"), FREE_FROM_ONE_ADDRESS, WAIT_MAX),
        Limit(digest(login, "attempts.login"), FREE_FROM_ANYWHERE, WAIT_MAX_ANYWHERE),
        Limit(digest(place, "attempts.address"), FREE_OF_AN_ADDRESS, WAIT_MAX),
    )


def known_limits(services: Services, login: str, browser: str) -> tuple[Limit, ...]:
    """Return what is counted where an account was signed in from the browser before: its own failures alone.

    So whoever guesses, from however many addresses, and whoever shares the address keeps the owner out of nothing.
    """
    digest = services.vault.digest(f"{login}\n{browser}", "attempts.known")
    return (Limit(digest, FREE_FROM_ONE_ADDRESS, WAIT_MAX),)


def factor_limits(services: Services, account_id: int) -> tuple[Limit, ...]:
    """Return what is counted when a code is wrong: only who knows the password comes so far, so that waits may be long.

    Six digits and three steps that fit leave a guess three in a million: with a hundred guesses a day, 3 in 10,000.
    """
    return (Limit(services.vault.digest(str(account_id), "attempts.factor"), FREE_FACTOR, WAIT_MAX),)


def passkey_limits(services: Services, account_id: int, address: str) -> tuple[Limit, ...]:
    """Return what is counted when a passkey's answer is wrong: by the address, for an answer cannot be guessed.

    Who knows the password makes nobody wait but who shares the address; the app and the codes on paper stay open.
    """
    key = services.vault.digest(f"{account_id}\n{place_of(address)}", "attempts.passkey")
    return (Limit(key, FREE_FACTOR, WAIT_MAX),)


async def check(services: Services, counted: tuple[Limit, ...]) -> None:
    """Raise TooManyAttempts while one of the limits says to wait."""
    _wait(await services.database.pool.fetchval(_UNTIL, [limit.key for limit in counted]), services.clock.now())


async def check_within(connection: BaseDBAsyncClient, counted: tuple[Limit, ...], now: datetime) -> None:
    """Do the same within a transaction that has locked whatever else could count at once."""
    rows = await connection.execute_query_dict(_UNTIL, [[limit.key for limit in counted]])
    _wait(rows[0]["until"], now)


async def note_failure(connection: BaseDBAsyncClient, counted: tuple[Limit, ...], now: datetime) -> None:
    """Count a failure, and set how long to wait."""
    for limit in sorted(counted, key=lambda each: each.key):  # in one order: two failures at once must not deadlock
        rows = await connection.execute_query_dict(FAILED, [limit.key, now, now - FORGOTTEN_AFTER])
        until = now + wait_after(rows[0]["failures"], limit.free, limit.longest)
        await connection.execute_query("UPDATE attempts SET blocked_until = $2 WHERE key = $1", [limit.key, until])


async def forget(connection: BaseDBAsyncClient, counted: tuple[Limit, ...], now: datetime) -> None:
    """Forget the failures of a login from an address after a success, and of everybody after a day."""
    await connection.execute_query(
        "DELETE FROM attempts WHERE key = $1 OR last_at < $2", [counted[0].key, now - FORGOTTEN_AFTER]
    )


def _wait(until: datetime | None, now: datetime) -> None:
    if until is not None and until > now:
        raise TooManyAttempts(max(1, round((until - now).total_seconds())))


def place_of(address: str) -> str:
    """Return what counts as one address: of IPv6 its network (/64)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False))
