"""Accounts of staff of one school, as a directory sees and changes them.

Rule: a program sees accounts that it opened, and those all of whose roles it could give, at its school alone; nobody
else's account is there for it, so that no token reaches directors, IT, families or another school.
"""

from collections.abc import Collection
from datetime import datetime
from http import HTTPStatus

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit, close_account, give_role, take_role
from cloud.accounts.errors import LoginRefused, LoginTaken
from cloud.accounts.logins import kept, login_digest, opened, typed_digest
from cloud.accounts.others import note_roles_taken
from cloud.accounts.provisioning import change_account, open_account, open_anew
from cloud.accounts.rules import normal_login
from cloud.core.actor import Actor, Reach
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.roles import Role
from cloud.scim.errors import ScimRefused, wrong
from cloud.scim.resource import Given, User
from cloud.scim.schemas import ROLES
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program

USERS_MAX = 2_000
ID_MAX = 2**63 - 1
_ROLES = [role.value for role in ROLES]
_SEEN = """
SELECT account.id, login_encrypted, name, language, is_active, account.created_at,
  coalesce(external_id, '') AS external_id,
  coalesce(link.changed_at, account.created_at) AS changed_at,
  ARRAY(SELECT DISTINCT role FROM grant_of_role WHERE account_id = account.id AND school_id = $1 ORDER BY role) AS roles
FROM account LEFT JOIN scim_account AS link ON link.account_id = account.id AND link.school_id = $1
WHERE link.removed_at IS NULL
  AND (link.account_id IS NOT NULL OR EXISTS (
    SELECT 1 FROM grant_of_role WHERE account_id = account.id AND school_id = $1))
  AND NOT EXISTS (
    SELECT 1 FROM grant_of_role WHERE account_id = account.id
    AND (school_id IS DISTINCT FROM $1 OR NOT role = ANY ($2::text[])))
  AND ($3::bigint IS NULL OR account.id = $3)
  AND ($4::text IS NULL OR login_digest = $4)
"""
_PAGE = f"{_SEEN} ORDER BY account.id LIMIT $5 OFFSET $6"
_COUNT = f"SELECT count(*) FROM ({_SEEN}) AS seen"  # noqa: S608 (text of ours)
_AMONG = f"SELECT id FROM ({_SEEN}) AS seen WHERE id = ANY ($5)"  # noqa: S608 (text of ours)
_LINK = """
INSERT INTO scim_account (school_id, account_id, external_id, changed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id) DO UPDATE SET
  external_id = excluded.external_id, changed_at = excluded.changed_at, removed_at = NULL
"""
_REMOVED = """
SELECT account.id FROM account JOIN scim_account AS link ON link.account_id = account.id
WHERE login_digest = $1 AND link.school_id = $2 AND removed_at IS NOT NULL AND NOT is_active
  AND NOT EXISTS (
    SELECT 1 FROM grant_of_role WHERE account_id = account.id
    AND (school_id IS DISTINCT FROM $2 OR NOT role = ANY ($3::text[])))
"""
_REMOVE = """
INSERT INTO scim_account (school_id, account_id, external_id, changed_at, removed_at) VALUES ($1, $2, '', $3, $3)
ON CONFLICT (account_id) DO UPDATE SET changed_at = excluded.changed_at, removed_at = excluded.removed_at
"""


async def users_of(program: Program, user_id: int | None = None) -> list[User]:
    """Return the accounts that a program sees; one of them, if one is named. Raises ScopeMissing."""
    program.bearer.require(Scope.ACCOUNTS_READ)
    pool = program.services.database.pool
    rows = await pool.fetch(_PAGE, program.bearer.school_id, _ROLES, user_id, None, USERS_MAX, 0)
    return [_user(program, row) for row in rows]


async def seen_of(program: Program, ids: Collection[int]) -> set[int]:
    """Return which of these accounts a program sees."""
    if not ids:
        return set()
    rows = await program.services.database.pool.fetch(
        _AMONG, program.bearer.school_id, _ROLES, None, None, [each for each in ids if each <= ID_MAX]
    )
    return {row["id"] for row in rows}


async def page_of(program: Program, first: int, most: int, login: str | None = None) -> tuple[list[User], int]:
    """Return a page of the accounts that a program sees, from the first, 1, on, and how many there are in all.

    Of those with a login, if one is named, in whatever form. Raises ScopeMissing.
    """
    program.bearer.require(Scope.ACCOUNTS_READ)
    pool, school_id = program.services.database.pool, program.bearer.school_id
    wanted = typed_digest(program.services.vault, login) if login is not None else None
    rows = await pool.fetch(_PAGE, school_id, _ROLES, None, wanted, most, first - 1)
    total = await pool.fetchval(_COUNT, school_id, _ROLES, None, wanted)
    return [_user(program, row) for row in rows], int(total)


async def user_of(program: Program, user_id: int) -> User:
    """Return an account that a program sees. Raises NotFound or ScopeMissing."""
    users = await users_of(program, user_id) if 0 < user_id <= ID_MAX else []
    if not users:
        raise NotFound
    return users[0]


async def create(program: Program, given: Given) -> User:
    """Open an account; one that this school's directory removed before begins anew. Raises ScimRefused.

    Rule: what a directory asks for is done whole or not at all.
    """
    program.bearer.require(Scope.ACCOUNTS_WRITE)
    login, now = _login(given), program.services.clock.now()
    async with program.services.database.transaction() as connection:
        account_id = await _opened(connection, program, login, given, now)
        await _link(connection, program, account_id, given, now)
        await _set_roles(program, account_id, frozenset(), given.roles)
        if not given.is_active:
            await _close(program, account_id)
    return await user_of(program, account_id)


async def change(program: Program, user: User, given: Given) -> User:
    """Let an account be as a directory says; one that is closed has no session any more. Raises ScimRefused.

    One that was closed and is opened begins anew, with the roles that are named now.
    """
    program.bearer.require(Scope.ACCOUNTS_WRITE)
    if given == user.given:
        return user
    login, now = _login(given), program.services.clock.now()
    is_back = given.is_active and not user.given.is_active
    async with program.services.database.transaction() as connection:
        at = raw(connection)
        if not await change_account(
            at, user.id, kept(program.services.vault, login), given.display_name, given.language
        ):
            raise _taken(login)
        if is_back:
            await _begin_anew(connection, program, user.id, now)
        await _link(connection, program, user.id, given, now)
        await _set_roles(program, user.id, frozenset() if is_back else user.given.roles, given.roles)
        if user.given.is_active and not given.is_active:
            await _close(program, user.id)
    return await user_of(program, user.id)


async def remove(program: Program, user: User) -> None:
    """Close an account for good, as far as the directory sees; what it did stays told."""
    program.bearer.require(Scope.ACCOUNTS_WRITE)
    now = program.services.clock.now()
    async with program.services.database.transaction() as connection:
        await _close(program, user.id)
        await raw(connection).execute(_REMOVE, program.bearer.school_id, user.id, now)
        await _note(connection, program, "account.deprovisioned", user.id, now)


async def _opened(connection: BaseDBAsyncClient, program: Program, login: str, given: Given, now: datetime) -> int:
    """Return the account of a login that nobody has, or that this directory removed. Raises ScimRefused."""
    at, vault = raw(connection), program.services.vault
    removed: int | None = await at.fetchval(_REMOVED, login_digest(vault, login), program.bearer.school_id, _ROLES)
    if removed is not None:
        await change_account(at, removed, kept(vault, login), given.display_name, given.language)
        await _begin_anew(connection, program, removed, now)
        return removed
    account_id = await open_account(at, kept(vault, login), given.display_name, given.language, now)
    if account_id is None:
        raise _taken(login)
    return account_id


async def _begin_anew(connection: BaseDBAsyncClient, program: Program, account_id: int, now: datetime) -> None:
    await note_roles_taken(program.services, connection, program.bearer.actor, account_id)
    await open_anew(raw(connection), account_id, now)


async def _link(connection: BaseDBAsyncClient, program: Program, account_id: int, given: Given, now: datetime) -> None:
    await raw(connection).execute(_LINK, program.bearer.school_id, account_id, given.external_id, now)
    await _note(connection, program, "account.provisioned", account_id, now)


async def _note(connection: BaseDBAsyncClient, program: Program, verb: str, account_id: int, now: datetime) -> None:
    await audit(
        connection, program.bearer.actor, verb, f"account:{account_id}", school_id=program.bearer.school_id, at=now
    )


async def _close(program: Program, account_id: int) -> None:
    await close_account(program.services, giver_of(program), account_id)


async def _set_roles(program: Program, account_id: int, held: frozenset[Role], wanted: frozenset[Role]) -> None:
    """Give and take roles, within the transaction that is open."""
    giver, school_id = giver_of(program), program.bearer.school_id
    for role in sorted(wanted - held, key=lambda each: each.value):
        await give_role(program.services, giver, account_id, Reach(role, school_id))
    for role in sorted(held - wanted, key=lambda each: each.value):
        await take_role(program.services, giver, account_id, Reach(role, school_id))


def giver_of(program: Program) -> Actor:
    """Return who gives and takes the roles: the program, with the IT's right at its school; which ones, ROLES says."""
    return Actor(program.bearer.actor.name, None, frozenset({Reach(Role.IT, program.bearer.school_id)}))


def _login(given: Given) -> str:
    try:
        return normal_login(given.user_name)
    except LoginRefused:
        raise wrong("invalidValue", "userName") from None


def _taken(login: str) -> ScimRefused:
    return ScimRefused("uniqueness", LoginTaken(login).message, HTTPStatus.CONFLICT)


def _user(program: Program, row: asyncpg.Record) -> User:
    roles = frozenset(Role(role) for role in row["roles"])
    login = opened(program.services.vault, row["login_encrypted"])
    given = Given(login, row["name"], row["is_active"], row["language"], row["external_id"], roles)
    changed_at: datetime = row["changed_at"]
    return User(row["id"], given, row["created_at"], changed_at)
