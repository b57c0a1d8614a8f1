"""The second steps of one's own account: an authenticator app and recovery codes, set up, made anew and taken away.

Rule: whatever makes a second step weaker asks for the password, or for a session that has only just begun.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts import attempts
from cloud.accounts.actions import require_password
from cloud.accounts.beginnings import (
    end_sessions,
    hold_session,
    lock_account,
    needs_factor,
    token_digest,
    ways_of,
)
from cloud.accounts.codes import CODES, code_digest, draw_code, normal_code
from cloud.accounts.errors import CodeRefused, FactorRefused, SignInRefused
from cloud.accounts.models import Authenticator, RecoveryCode, SignIn
from cloud.accounts.sealing import opened_pending, pending, sealed
from cloud.accounts.students import only_studies
from cloud.accounts.totp import SECRET_BYTES, step_of
from cloud.audit.writing import audit
from cloud.core.actor import Actor
from cloud.core.messages import message
from cloud.core.services import Services

FRESH = timedelta(minutes=10)  # since the sign-in: whoever is here has just shown who it is
PENDING_LASTS = timedelta(minutes=30)
_PENDING = """
INSERT INTO authenticator (account_id, last_step, pending_encrypted, pending_at) VALUES ($1, 0, $2, $3)
ON CONFLICT (account_id) DO UPDATE SET pending_encrypted = $2, pending_at = $3
"""
_CONFIRM = """
UPDATE authenticator SET secret_encrypted = $4, since_at = $3, last_step = $2, pending_encrypted = NULL
WHERE account_id = $1
"""


@dataclass(frozen=True, slots=True)
class Factors:
    """What an account shows besides its password."""

    app_since: datetime | None
    codes_left: int
    codes_made_at: datetime | None
    is_required: bool
    studies: bool  # and works nowhere here


async def factors_of(services: Services, actor: Actor) -> Factors:
    """Return the second steps of the actor's own account, but its passkeys."""
    account_id = _own(actor)
    app = await Authenticator.get_or_none(account_id=account_id)
    codes = await RecoveryCode.filter(account_id=account_id)
    async with services.database.transaction() as connection:
        is_required = await needs_factor(services, connection, account_id, services.clock.now())
        studies = await only_studies(connection, account_id)
    return Factors(
        app.since_at if app and app.secret_encrypted is not None else None,
        sum(code.used_at is None for code in codes), max((code.made_at for code in codes), default=None), is_required,
        studies,
    )  # fmt: skip


async def is_fresh(services: Services, token: str) -> bool:
    """Tell whether a session began only just now, so that the password need not be typed again."""
    since = services.clock.now() - FRESH
    return await SignIn.exists(token_digest=token_digest(token), created_at__gt=since)


async def confirm_owner(services: Services, actor: Actor, token: str, password: str) -> None:
    """Raise SignInRefused or TooManyAttempts unless the session is fresh or the password right."""
    if password or not await is_fresh(services, token):
        _ = await require_password(services, actor, password)


async def start_app(services: Services, actor: Actor, token: str) -> bytes:
    """Make a secret for an app; it counts from its first code on. The app of before stays until then.

    It is shown to this session alone: another one may be of somebody who knows the password. Raises SessionEnded.
    """
    secret, account_id = secrets.token_bytes(SECRET_BYTES), _own(actor)
    kept = pending(services.vault, secret, account_id, token_digest(token))
    async with services.database.transaction() as connection:
        await hold_session(connection, account_id, token)
        await connection.execute_query(_PENDING, [account_id, kept, services.clock.now()])
    return secret


async def pending_app(services: Services, actor: Actor, token: str) -> bytes | None:
    """Return the secret that waits for its first code at this session, or None."""
    app = await Authenticator.get_or_none(account_id=_own(actor))
    if app is None or app.pending_encrypted is None or app.pending_at is None:
        return None
    if app.pending_at < services.clock.now() - PENDING_LASTS:
        return None
    return opened_pending(services.vault, app.pending_encrypted, app.account_id, token_digest(token))


async def confirm_app(services: Services, actor: Actor, token: str, code: str) -> Sequence[str]:
    """Let the app of the pending secret count; return recovery codes where there were none, to be shown once.

    Raises CodeRefused, FactorRefused, SessionEnded or TooManyAttempts.
    """
    account_id, now = _own(actor), services.clock.now()
    counted = attempts.factor_limits(services, account_id)
    async with services.database.transaction() as connection:
        await hold_session(connection, account_id, token)
        await attempts.check_within(connection, counted, now)
        secret = await pending_app(services, actor, token)
        if secret is None:
            raise FactorRefused(message("This took too long. Begin anew with a new picture."))
        step = step_of(secret, normal_code(code), now)
        if step is not None:
            kept = sealed(services.vault, secret, account_id)
            await connection.execute_query(_CONFIRM, [account_id, step, now, kept])
            await audit(connection, actor, "account.app_set_up", f"account:{account_id}", at=now)
            await release(connection, account_id, token)
            return await codes_if_none(services, connection, actor)
        await attempts.note_failure(connection, counted, now)
    raise CodeRefused


async def drop_app(services: Services, actor: Actor) -> None:
    """Take the app away. Raises FactorRefused where it is the last second step and one is required."""
    account_id = _own(actor)
    async with services.database.transaction() as connection:
        await lock_account(connection, account_id)
        await Authenticator.filter(account_id=account_id).delete()
        await require_one_left(services, connection, account_id)
        await audit(connection, actor, "account.app_dropped", f"account:{account_id}", at=services.clock.now())


async def make_codes(services: Services, actor: Actor) -> Sequence[str]:
    """Make ten recovery codes in the place of those before, and return them: shown once, kept as digests."""
    async with services.database.transaction() as connection:
        await lock_account(connection, _own(actor))
        return await new_codes(services, connection, actor)


async def codes_if_none(services: Services, connection: BaseDBAsyncClient, actor: Actor) -> Sequence[str]:
    """Return new recovery codes for who has none, with the first second step that is set up; else nothing."""
    if await RecoveryCode.filter(account_id=_own(actor), used_at=None).exists():
        return ()
    return await new_codes(services, connection, actor)


async def new_codes(services: Services, connection: BaseDBAsyncClient, actor: Actor) -> Sequence[str]:
    """Make ten recovery codes. Raises FactorRefused without another second step."""
    account_id, now = _own(actor), services.clock.now()
    if not await ways_of(connection, account_id):
        raise FactorRefused(message("Set up an app or a passkey first; recovery codes stand in for it."))
    codes = [draw_code() for _ in range(CODES)]
    await RecoveryCode.filter(account_id=account_id).delete()
    for code in codes:
        digest = code_digest(services.vault, account_id, code)
        await RecoveryCode(account_id=account_id, digest=digest, made_at=now).save()
    await audit(connection, actor, "account.recovery_codes_made", f"account:{account_id}", at=now)
    return codes


async def release(connection: BaseDBAsyncClient, account_id: int, token: str) -> None:
    """Let this session open everything, now that a second step is there, and end all others.

    Another one may be of somebody who knows the password and waited for just this.
    """
    await end_sessions(connection, account_id, but=token)
    await SignIn.filter(token_digest=token_digest(token)).update(must_enrol=False)


async def require_one_left(services: Services, connection: BaseDBAsyncClient, account_id: int) -> None:
    """Raise FactorRefused if a second step is required and none is left; recovery codes go with the last one."""
    if await ways_of(connection, account_id):
        return
    if await needs_factor(services, connection, account_id, services.clock.now()):
        raise FactorRefused(
            message("Your account needs a second step. Set up another one before you take this one away.")
        )
    await RecoveryCode.filter(account_id=account_id).delete()


def _own(actor: Actor) -> int:
    if actor.account_id is None:
        raise SignInRefused
    return actor.account_id
