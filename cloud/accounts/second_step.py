"""The second step of signing in: half a session and a code become a whole one.

Rule: a code is taken once; whoever knows a password and guesses codes is slowed down, and keeps no passkey out.
"""

from dataclasses import dataclass
from datetime import datetime

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts import attempts
from cloud.accounts.beginnings import Factor, Session, begin, end_half, token_digest, ways_of
from cloud.accounts.codes import code_digest, normal_code
from cloud.accounts.errors import CodeRefused, HalfEnded
from cloud.accounts.models import Account, Authenticator
from cloud.accounts.sealing import opened
from cloud.accounts.totp import DIGITS, step_of
from cloud.audit.writing import audit
from cloud.core.actor import Actor
from cloud.core.services import Services

WRONG_MAX = 5  # then the password is asked for again
_HALF = """
SELECT half_sign_in.id, account_id, challenge FROM half_sign_in JOIN account ON account.id = account_id
WHERE token_digest = $1 AND expires_at > $2 AND is_active
"""
_LOCKED_HALF = f"{_HALF} FOR UPDATE OF half_sign_in"
# The account first, as whatever ends sessions does: all its halves wait here, none is guessed at beside another.
_LOCK = """
SELECT id FROM account WHERE id = (SELECT account_id FROM half_sign_in WHERE token_digest = $1) FOR NO KEY UPDATE
"""
_WRONG = "UPDATE half_sign_in SET wrong = wrong + 1 WHERE id = $1 RETURNING wrong"
_STEP = "UPDATE authenticator SET last_step = $2 WHERE account_id = $1 AND last_step < $2 RETURNING id"
_RECOVERY = """
UPDATE recovery_code SET used_at = $3 WHERE account_id = $1 AND digest = $2 AND used_at IS NULL RETURNING id
"""


@dataclass(frozen=True, slots=True)
class HalfWay:
    """Half a session, as the second step sees it."""

    id: int
    account_id: int
    challenge: bytes
    ways: frozenset[Factor]


async def half_of(services: Services, token: str) -> HalfWay:
    """Return what the second step takes. Raises HalfEnded."""
    async with services.database.transaction() as connection:
        return await _half(connection, token, services.clock.now())


async def finish_with_code(services: Services, token: str, code: str, address: str, device: str = "") -> Session:
    """Begin the session with an app's code or one of the codes on paper.

    Raises HalfEnded, CodeRefused or TooManyAttempts.
    """
    typed, now = normal_code(code), services.clock.now()
    is_of_app = len(typed) == DIGITS
    async with services.database.transaction() as connection:
        half = await locked_half(connection, token, now)
        own = attempts.factor_limits(services, half.account_id)
        counted = own if is_of_app else ()
        await attempts.check_within(connection, counted, now)
        if await (_fits_app if is_of_app else _fits_paper)(services, connection, half.account_id, typed, now):
            await attempts.forget(connection, own, now)
            return await finish(services, connection, half, device, Factor.APP if is_of_app else Factor.RECOVERY)
        await count_wrong(services, connection, half, counted, address)
    raise CodeRefused


async def finish(
    services: Services, connection: BaseDBAsyncClient, half: HalfWay, device: str, factor: Factor
) -> Session:
    """Make a whole session of half a one, whose second step was right. Raises HalfEnded when another did just now."""
    if not await end_half(connection, half.id):
        raise HalfEnded
    account = await Account.get(id=half.account_id)
    actor, subject, now = Actor(account.name, account.id), f"account:{account.id}", services.clock.now()
    if factor is Factor.RECOVERY:
        await audit(connection, actor, "account.recovery_code_used", subject, at=now)
    await audit(connection, actor, "account.signed_in", subject, {"second_step": factor.value}, at=now)
    return await begin(services, connection, account, device)


async def count_wrong(
    services: Services, connection: BaseDBAsyncClient, half: HalfWay, counted: tuple[attempts.Limit, ...], address: str
) -> None:
    """Count a wrong second step and note it; after WRONG_MAX of them the half session is over."""
    now, subject = services.clock.now(), f"account:{half.account_id}"
    await attempts.note_failure(connection, counted, now)
    rows = await connection.execute_query_dict(_WRONG, [half.id])
    if not rows or rows[0]["wrong"] >= WRONG_MAX:
        await end_half(connection, half.id)
    await audit(connection, Actor("somebody"), "account.second_step_failed", subject, {"address": address}, at=now)


async def locked_half(connection: BaseDBAsyncClient, token: str, now: datetime) -> HalfWay:
    """Return half a session that nobody else tries a code at until the transaction ends. Raises HalfEnded."""
    await connection.execute_query(_LOCK, [token_digest(token)])
    return await _half(connection, token, now, _LOCKED_HALF)


async def _half(connection: BaseDBAsyncClient, token: str, now: datetime, statement: str = _HALF) -> HalfWay:
    rows = await connection.execute_query_dict(statement, [token_digest(token), now])
    if not rows:
        raise HalfEnded
    row = rows[0]
    return HalfWay(row["id"], row["account_id"], row["challenge"], await ways_of(connection, row["account_id"]))


async def _fits_app(
    services: Services, connection: BaseDBAsyncClient, account_id: int, code: str, now: datetime
) -> bool:
    app = await Authenticator.filter(account_id=account_id).first()
    if app is None or app.secret_encrypted is None:
        return False
    step = step_of(opened(services.vault, app.secret_encrypted, account_id), code, now)
    return step is not None and bool(await connection.execute_query_dict(_STEP, [account_id, step]))


async def _fits_paper(
    services: Services, connection: BaseDBAsyncClient, account_id: int, code: str, now: datetime
) -> bool:
    digest = code_digest(services.vault, account_id, code)
    return bool(await connection.execute_query_dict(_RECOVERY, [account_id, digest, now]))
