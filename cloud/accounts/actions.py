"""What is done with accounts: signing in and out, passwords, making and ending accounts."""

from dataclasses import dataclass
from datetime import datetime

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError

from cloud.accounts import attempts, known
from cloud.accounts.beginnings import (
    Half,
    Session,
    begin,
    begin_half,
    end_sessions,
    outgrowing,
    token_digest,
    ways_of,
)
from cloud.accounts.errors import LoginTaken, PasswordRefused, SignInRefused
from cloud.accounts.granting import check_not_own, keep_last, keep_last_of, may_give
from cloud.accounts.logins import kept, login_digest, opened
from cloud.accounts.models import Account, Authenticator, Grant, Passkey, PasskeyOffer, RecoveryCode
from cloud.accounts.others import closable, manageable, note
from cloud.accounts.passwords import COMMON, draw_password, hash_password, needs_rehash, verify_password
from cloud.accounts.rules import INITIAL_LASTS, PASSWORD_MAX, check_password, login_or_blank, normal_login
from cloud.accounts.turns import Lane
from cloud.audit.ties import Kind, Tie, told_of
from cloud.audit.writing import audit as audit  # noqa: PLC0414 (every slice writes its journal by this name)
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.services import Services

CLASSES_TOO = """
DELETE FROM class_of_account AS own USING school_class
WHERE own.account_id = $1 AND own.role = $2 AND school_class.id = own.school_class_id AND school_class.school_id = $3
RETURNING school_class_id
"""
# Locked, so that no session begins beside what ends sessions; not FOR UPDATE, which foreign keys to it would wait for.
LOCKED = "SELECT password_hash, is_active FROM account WHERE id = $1 FOR NO KEY UPDATE"
OWN_PAGE = "the account's own page"  # stands for an address where somebody signed in types a password


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that was made: its initial password is shown once and kept nowhere."""

    account_id: int
    login: str
    password: str


async def sign_in(
    services: Services, login: str, password: str, address: str, device: str = "", cookie: str = ""
) -> Session | Half:
    """Begin a session, or half a one where the account has a second step; `cookie` says which browser this is.

    Raises SignInRefused, TooManyAttempts or TooManyAtOnce; takes as long for a login that does not exist.
    """
    known_as = login_or_blank(login)
    browser = known.known_as(services.vault, cookie, known_as)
    counted = (
        attempts.limits(services, known_as, address)
        if browser is None
        else attempts.known_limits(services, known_as, browser)
    )
    await attempts.check(services, counted)
    account = await Account.get_or_none(login_digest=login_digest(services.vault, known_as))
    lane = Lane.STRANGER if browser is None else Lane.KNOWN
    hashed = account.password_hash if account else None
    fits = await verify_password(hashed, password[: PASSWORD_MAX + 1], lane, attempts.place_of(address))
    now = services.clock.now()
    if account is None or not fits or not _is_usable(account, now):
        await _refuse(services, counted, account, address)
        raise SignInRefused
    new_hash = await hash_password(password) if needs_rehash(account.password_hash) else None
    async with services.database.transaction() as connection:
        if await _is_as_verified(connection, account):
            await attempts.forget(connection, counted, now)
            if new_hash:
                await Account.filter(id=account.id).update(password_hash=new_hash)
            return await begun(services, connection, account, device)
    await _refuse(services, counted, account, address)
    raise SignInRefused


async def sign_out(services: Services, token: str) -> None:
    """End the session of a token, if there is one."""
    await services.database.pool.execute("DELETE FROM sign_in WHERE token_digest = $1", token_digest(token))


async def require_password(services: Services, actor: Actor, password: str) -> Account:
    """Return the actor's own account if this is its password. Raises SignInRefused, or TooManyAttempts for many."""
    account = await Account.get_or_none(id=actor.account_id) if actor.account_id is not None else None
    if account is None:
        raise SignInRefused
    counted = attempts.limits(services, opened(services.vault, account.login_encrypted), OWN_PAGE)[:1]
    await attempts.check(services, counted)
    if not await verify_password(account.password_hash, password[: PASSWORD_MAX + 1]):
        await _refuse(services, counted, account, OWN_PAGE)
        raise SignInRefused
    return account


async def change_password(services: Services, actor: Actor, old: str, new: str, device: str = "") -> Session:
    """Change the actor's own password, end all its sessions and begin a new one here.

    Raises SignInRefused for a wrong old password, TooManyAttempts for many, PasswordRefused for a bad new one.
    """
    account = await require_password(services, actor, old)
    if new == old:
        raise PasswordRefused(message("The new password is the old one. Choose another."))
    login = opened(services.vault, account.login_encrypted)
    check_password(new, login, account.name, COMMON)
    hashed = await hash_password(new)
    account.password_hash, account.must_change, account.initial_until = hashed, False, None
    counted = attempts.limits(services, login, OWN_PAGE)
    async with services.database.transaction() as connection:
        await account.save(update_fields=["password_hash", "must_change", "initial_until"])
        await end_sessions(connection, account.id)
        await attempts.forget(connection, counted, services.clock.now())
        await audit(connection, actor, "account.password_changed", f"account:{account.id}", at=services.clock.now())
        return await begin(services, connection, account, device)


async def add_account(
    services: Services, actor: Actor, login: str, name: str, reach: Reach, language: str = ""
) -> NewAccount:
    """Make an account with one role and an initial password. Raises NotAllowed, LoginRefused or LoginTaken.

    Without a language its pages follow the browser's until its holder chooses one.
    """
    _require_granting(actor, reach)
    known_as = normal_login(login)
    password = draw_password()
    hashed = await hash_password(password)
    try:
        async with services.database.transaction() as connection:
            account_id = await make(services, connection, actor, known_as, name, reach, hashed, language)
    except IntegrityError:
        raise LoginTaken(known_as) from None
    return NewAccount(account_id, known_as, password)


async def make(
    services: Services,
    connection: BaseDBAsyncClient,
    actor: Actor,
    login: str,
    name: str,
    reach: Reach,
    hashed: str,
    language: str = "",
) -> int:
    """Make an account in a transaction of the caller's, who has checked the login, and return its id.

    Raises NotAllowed, or the database's IntegrityError for a login that is taken.
    """
    _require_granting(actor, reach)
    now = services.clock.now()
    account = await Account.create(
        password_hash=hashed, must_change=True, initial_until=now + INITIAL_LASTS, name=name.strip(),
        language=language, created_at=now, **kept(services.vault, login),
    )  # fmt: skip
    await Grant(account_id=account.id, school_id=reach.school_id, role=reach.role).save()
    detail = {"role": reach.role.value}
    await audit(
        connection, actor, "account.added", f"account:{account.id}", detail, school_id=reach.school_id, at=now
    )  # fmt: skip
    made: int = account.id
    return made


async def give_role(services: Services, actor: Actor, account_id: int, reach: Reach) -> None:
    """Give an account one more role; giving it twice changes nothing. Raises NotAllowed or NotFound.

    Rule: a session that began with a password alone never becomes one of staff; it ends.
    """
    _require_granting(actor, reach)
    check_not_own(actor, account_id)
    async with services.database.transaction() as connection:
        if not await connection.execute_query_dict(LOCKED, [account_id]):
            raise NotFound
        if await Grant.exists(account_id=account_id, school_id=reach.school_id, role=reach.role):
            return
        async with outgrowing(services, connection, account_id):
            await Grant(account_id=account_id, school_id=reach.school_id, role=reach.role).save()
        await _audit_role(services, connection, actor, "account.role_given", account_id, reach)


async def take_role(services: Services, actor: Actor, account_id: int, reach: Reach) -> None:
    """Take a role from an account. Raises NotAllowed, also for the last who has one that must not be nobody's."""
    _require_granting(actor, reach)
    check_not_own(actor, account_id)
    async with services.database.transaction() as connection:
        await keep_last(connection, account_id, reach)
        if await Grant.filter(account_id=account_id, school_id=reach.school_id, role=reach.role).delete():
            gone = await connection.execute_query_dict(CLASSES_TOO, [account_id, reach.role.value, reach.school_id])
            ties = [Tie(Kind.TEACHES, account_id, row["school_class_id"]) for row in gone]
            await _audit_role(services, connection, actor, "account.role_taken", account_id, reach, *ties)


async def reset_password(services: Services, actor: Actor, account_id: int) -> NewAccount:
    """Give an account a new initial password, take its second steps away and end its sessions.

    Raises NotAllowed or NotFound.
    """
    login = await manageable(services, actor, account_id)
    password = draw_password()
    hashed = await hash_password(password)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        await Account.filter(id=account_id).update(
            password_hash=hashed, must_change=True, initial_until=now + INITIAL_LASTS
        )
        await end_sessions(connection, account_id)
        await note(services, connection, actor, "account.password_reset", account_id)
        if await forget_factors(connection, account_id):
            await note(services, connection, actor, "account.factors_forgotten", account_id)
    return NewAccount(account_id, login, password)


async def close_account(services: Services, actor: Actor, account_id: int) -> None:
    """Let an account sign in no more; what it did stays told. Raises NotAllowed or NotFound."""
    await closable(services, actor, account_id)
    async with services.database.transaction() as connection:
        await keep_last_of(connection, account_id)
        await Account.filter(id=account_id).update(is_active=False)
        await end_sessions(connection, account_id)
        await note(services, connection, actor, "account.closed", account_id)


async def choose_language(services: Services, actor: Actor, language: str) -> None:
    """Remember the language an account reads."""
    await services.database.pool.execute("UPDATE account SET language = $2 WHERE id = $1", actor.account_id, language)


async def forget_factors(connection: BaseDBAsyncClient, account_id: int) -> bool:
    """Take every second step away; tell whether there was one."""
    had = bool(await ways_of(connection, account_id))
    for table in (Authenticator, Passkey, PasskeyOffer, RecoveryCode):
        await table.filter(account_id=account_id).delete()
    return had


async def _is_as_verified(connection: BaseDBAsyncClient, account: Account) -> bool:
    """Lock the account, and tell whether its password is still the one that was verified."""
    rows = await connection.execute_query_dict(LOCKED, [account.id])
    return bool(rows) and rows[0]["is_active"] and rows[0]["password_hash"] == account.password_hash


async def begun(
    services: Services,
    connection: BaseDBAsyncClient,
    account: Account,
    device: str,
    detail: dict[str, str] | None = None,
) -> Session | Half:
    """Begin a session, or half a one where the account has a second step; `detail` says how, if not by a password."""
    if ways := await ways_of(connection, account.id):
        return await begin_half(services, connection, account.id, ways)
    session, subject = await begin(services, connection, account, device), f"account:{account.id}"
    actor = Actor(account.name, account.id)
    await audit(connection, actor, "account.signed_in", subject, detail, at=services.clock.now())
    return session


async def _refuse(
    services: Services, counted: tuple[attempts.Limit, ...], account: Account | None, address: str
) -> None:
    now = services.clock.now()
    async with services.database.transaction() as connection:
        await attempts.note_failure(connection, counted, now)
        subject = f"account:{account.id}" if account else "account:unknown"
        await audit(connection, Actor("somebody"), "account.sign_in_failed", subject, {"address": address}, at=now)


def _is_usable(account: Account, now: datetime) -> bool:
    return account.is_active and not (account.must_change and account.initial_until and account.initial_until < now)


def _require_granting(actor: Actor, reach: Reach) -> None:
    if (reach.role is Role.OPERATOR) != (reach.school_id is None) or not may_give(actor, reach.role, reach.school_id):
        raise NotAllowed


async def _audit_role(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, verb: str, account_id: int, reach: Reach,
    *ties: Tie,
) -> None:  # fmt: skip
    detail = {"role": reach.role.value} | (await told_of(connection, *ties) if ties else {})
    await audit(
        connection, actor, verb, f"account:{account_id}", detail,
        school_id=reach.school_id, at=services.clock.now(),
    )  # fmt: skip
