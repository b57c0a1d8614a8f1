"""How a session begins: at once, or as half a one that waits for the second step; and who must set a second step up.

Rule: half a session's token stands in a table of its own, which nothing reads but the second step.
"""

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.errors import SessionEnded
from cloud.accounts.models import Account, Grant, HalfSignIn, SignIn
from cloud.accounts.students import is_excused
from cloud.core.actor import Role
from cloud.core.services import Services
from cloud.core.settings import Mfa
from cloud.core.wakeups import SESSIONS, notify

HALF_LASTS = timedelta(minutes=5)
HALVES_MAX = 10  # of one account at a time: the oldest gives way
CHALLENGE_BYTES = 32
DEVICE_MAX = 60
FAMILIES = ("guardian", "student")  # everybody else works here
_FACTORS = """
SELECT EXISTS (SELECT FROM authenticator WHERE account_id = $1 AND secret_encrypted IS NOT NULL) AS app,
  EXISTS (SELECT FROM passkey WHERE account_id = $1) AS passkey,
  EXISTS (SELECT FROM recovery_code WHERE account_id = $1 AND used_at IS NULL) AS recovery
"""
_REQUIRED = """
SELECT g.role = 'student' AS studies FROM grant_of_role g LEFT JOIN school s ON s.id = g.school_id
LEFT JOIN factor_rule r ON r.school_id = g.school_id
WHERE g.account_id = $1 AND g.role <> 'guardian'
  AND (g.role = 'student' OR r.staff_from IS NULL OR r.staff_from <= ($2::timestamptz AT TIME ZONE s.zone)::date)
ORDER BY 1 LIMIT 1
"""
_WORKS = "SELECT EXISTS (SELECT FROM grant_of_role WHERE account_id = $1 AND NOT role = ANY ($2)) AS works"
_LOCK = "SELECT id FROM account WHERE id = $1 FOR NO KEY UPDATE"
_CROWD = """
DELETE FROM half_sign_in WHERE expires_at < $2 OR id IN (
  SELECT id FROM half_sign_in WHERE account_id = $1 ORDER BY id DESC OFFSET $3)
"""


class Factor(Enum):
    """What somebody shows besides a password."""

    APP = "app"
    PASSKEY = "passkey"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Session:
    """A new session: the token for the browser's cookie, until when, and what must be done before anything opens."""

    token: str
    expires_at: datetime
    must_change: bool
    must_enrol: bool = False


@dataclass(frozen=True, slots=True)
class Half:
    """Half a session: a token that is worth nothing but the second step, and what that step takes."""

    token: str
    expires_at: datetime
    ways: frozenset[Factor]


def token_digest(token: str) -> str:
    """Return what is kept of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def ways_of(connection: BaseDBAsyncClient, account_id: int) -> frozenset[Factor]:
    """Return which second steps an account has; recovery codes are none by themselves."""
    row = (await connection.execute_query_dict(_FACTORS, [account_id]))[0]
    ways = frozenset(factor for factor in Factor if row[factor.value])
    return frozenset() if ways <= {Factor.RECOVERY} else ways


async def needs_factor(services: Services, connection: BaseDBAsyncClient, account_id: int, now: datetime) -> bool:
    """Tell whether an account has to have a second factor: by its roles, its schools' rules and the setting.

    Of who only studies, a guardian decides until the sixteenth birthday.
    """
    if services.settings.mfa is Mfa.OPTIONAL:
        return False
    rows = await connection.execute_query_dict(_REQUIRED, [account_id, now])
    if not rows:
        return False
    return not rows[0]["studies"] or not await is_excused(services, connection, account_id, now)


async def lock_account(connection: BaseDBAsyncClient, account_id: int) -> None:
    """Lock an account until the transaction ends: no session of it begins or ends, and no second step changes, beside.

    Raises SessionEnded for an account that is no more.
    """
    if not await connection.execute_query_dict(_LOCK, [account_id]):
        raise SessionEnded


async def hold_session(connection: BaseDBAsyncClient, account_id: int, token: str) -> None:
    """Lock an account for who does something with one of its sessions. Raises SessionEnded for one that has ended.

    Of two sessions that must still set a second step up, the first one to do so ends the other; what that one was
    about to do is then not done.
    """
    await lock_account(connection, account_id)
    if not await SignIn.exists(account_id=account_id, token_digest=token_digest(token)):
        raise SessionEnded


async def begin(services: Services, connection: BaseDBAsyncClient, account: Account, device: str) -> Session:
    """Begin a session, in the transaction of what it follows from."""
    now = services.clock.now()
    token = secrets.token_urlsafe(32)
    has_factor = bool(await ways_of(connection, account.id))
    must_enrol = not has_factor and await needs_factor(services, connection, account.id, now)
    lasts = await _lasts(services, account)
    await SignIn.filter(account_id=account.id, expires_at__lt=now).delete()
    await SignIn(
        account_id=account.id, token_digest=token_digest(token), created_at=now, expires_at=now + lasts, seen_at=now,
        device=device[:DEVICE_MAX], must_enrol=must_enrol,
    ).save()  # fmt: skip
    return Session(token, now + lasts, account.must_change, must_enrol)


async def begin_half(
    services: Services, connection: BaseDBAsyncClient, account_id: int, ways: frozenset[Factor]
) -> Half:
    """Begin half a session."""
    now = services.clock.now()
    token = secrets.token_urlsafe(32)
    await connection.execute_query(_CROWD, [account_id, now, HALVES_MAX - 1])
    await HalfSignIn(
        account_id=account_id, token_digest=token_digest(token), expires_at=now + HALF_LASTS,
        challenge=secrets.token_bytes(CHALLENGE_BYTES),
    ).save()  # fmt: skip
    return Half(token, now + HALF_LASTS, ways)


async def end_sessions(connection: BaseDBAsyncClient, account_id: int, but: str = "") -> None:
    """End an account's sessions, whole ones and halves, but the one of a token; pages that are live hear of it."""
    await SignIn.filter(account_id=account_id).exclude(token_digest=token_digest(but)).delete()
    await HalfSignIn.filter(account_id=account_id).delete()
    await notify(connection, SESSIONS, str(account_id))


@asynccontextmanager
async def outgrowing(services: Services, connection: BaseDBAsyncClient, account_id: int) -> AsyncIterator[None]:
    """Within it a role is given; sessions end that could not have begun like this with it.

    They began for the weeks that a family's last, or with a password alone where a second step is needed from now on.
    """
    worked, needed = await _standing(services, connection, account_id)
    yield
    works, needs = await _standing(services, connection, account_id)
    if (works and not worked) or (needs and not needed and not await ways_of(connection, account_id)):
        await end_sessions(connection, account_id)


async def _standing(services: Services, connection: BaseDBAsyncClient, account_id: int) -> tuple[bool, bool]:
    """Return whether somebody works here, and whether a second step is needed."""
    (row,) = await connection.execute_query_dict(_WORKS, [account_id, list(FAMILIES)])
    return row["works"], await needs_factor(services, connection, account_id, services.clock.now())


async def end_half(connection: BaseDBAsyncClient, half_id: int) -> bool:
    """End half a session; tell whether it was there."""
    return bool(await connection.execute_query_dict("DELETE FROM half_sign_in WHERE id = $1 RETURNING id", [half_id]))


async def _lasts(services: Services, account: Account) -> timedelta:
    roles = set(await Grant.filter(account_id=account.id).values_list("role", flat=True))
    settings = services.settings
    if roles <= {Role.GUARDIAN} and not account.must_change:
        return timedelta(days=settings.guardian_session_days)
    return timedelta(hours=settings.session_hours)
