"""What is asked of accounts: whose session a token is, and who may sign in at a school."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cloud.accounts.beginnings import token_digest
from cloud.accounts.logins import login_digest, opened
from cloud.accounts.reaching import reaches_at_nodes, reaches_of_classes
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services

ACTOR = """
SELECT account.id, account.name, account.language, account.must_change, sign_in.must_enrol, sign_in.id AS session_id,
    coalesce(sign_in.seen_at, sign_in.created_at) AS seen_at,
    array_agg(role ORDER BY grant_of_role.id) FILTER (WHERE role IS NOT NULL) AS roles,
    array_agg(school_id ORDER BY grant_of_role.id) FILTER (WHERE role IS NOT NULL) AS schools,
    EXISTS (SELECT FROM grant_of_role AS own WHERE own.account_id = account.id AND node_id IS NOT NULL) AS has_nodes,
    ARRAY(SELECT concat_ws(':', own.role, taught.school_id, taught.id)
        FROM class_of_account AS own JOIN school_class AS taught ON taught.id = own.school_class_id
        WHERE own.account_id = account.id AND taught.is_active) AS classes
FROM sign_in JOIN account ON account.id = sign_in.account_id
LEFT JOIN grant_of_role ON grant_of_role.account_id = account.id AND grant_of_role.node_id IS NULL
WHERE token_digest = $1 AND expires_at > $2 AND is_active
GROUP BY account.id, sign_in.id
"""
OF_ACCOUNT = """
SELECT account.id, account.name, account.language, account.must_change,
    array_agg(role ORDER BY grant_of_role.id) FILTER (WHERE role IS NOT NULL) AS roles,
    array_agg(school_id ORDER BY grant_of_role.id) FILTER (WHERE role IS NOT NULL) AS schools,
    EXISTS (SELECT FROM grant_of_role AS own WHERE own.account_id = account.id AND node_id IS NOT NULL) AS has_nodes,
    ARRAY(SELECT concat_ws(':', own.role, taught.school_id, taught.id)
        FROM class_of_account AS own JOIN school_class AS taught ON taught.id = own.school_class_id
        WHERE own.account_id = account.id AND taught.is_active) AS classes
FROM account LEFT JOIN grant_of_role ON grant_of_role.account_id = account.id AND grant_of_role.node_id IS NULL
WHERE account.id = $1 AND is_active GROUP BY account.id
"""
SEEN = "UPDATE sign_in SET seen_at = $2 WHERE id = $1"
ACCOUNTS = """
SELECT account.id, login_encrypted, name, must_change, is_active, array_agg(role ORDER BY role) AS roles
FROM grant_of_role JOIN account ON account.id = account_id
WHERE school_id = $1 GROUP BY account.id ORDER BY name, account.id LIMIT $2
"""
LIST_MAX = 500
SEEN_EVERY = timedelta(minutes=10)  # a session's last use is told no finer


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account with its roles at one school."""

    account_id: int
    login: str
    name: str
    must_change: bool
    is_active: bool
    roles: tuple[Role, ...]


async def actor_of(services: Services, token: str) -> Actor | None:
    """Return whose session a token is, with all roles; None when it ended or never was."""
    now = services.clock.now()
    row = await services.database.pool.fetchrow(ACTOR, token_digest(token), now)
    if row is None:
        return None
    if row["seen_at"] < now - SEEN_EVERY:
        await services.database.pool.execute(SEEN, row["session_id"], now)
    if row["must_enrol"]:
        return Actor(row["name"], row["id"], frozenset(), row["language"], row["must_change"], must_enrol=True)
    return await _actor(services, row)


async def actor_of_account(services: Services, account_id: int) -> Actor | None:
    """Return an account as it is now, with all roles, for what is done in its name later; None where it is closed."""
    row = await services.database.pool.fetchrow(OF_ACCOUNT, account_id)
    return None if row is None else await _actor(services, row)


async def account_of_login(services: Services, login: str) -> int:
    """Return the id of the account with a login, as it is kept. Raises NotFound."""
    account_id: int | None = await services.database.pool.fetchval(
        "SELECT id FROM account WHERE login_digest = $1", login_digest(services.vault, login)
    )
    if account_id is None:
        raise NotFound
    return account_id


async def accounts_of(services: Services, actor: Actor, school_id: int) -> list[AccountRow]:
    """Return the accounts of a school by name, LIST_MAX at most. Raises NotAllowed."""
    actor.require(Right.ACCOUNTS_READ, school_id)
    rows = await services.database.pool.fetch(ACCOUNTS, school_id, LIST_MAX)
    return [
        AccountRow(
            row["id"],
            opened(services.vault, row["login_encrypted"]),
            row["name"],
            row["must_change"],
            row["is_active"],
            tuple(map(Role, row["roles"])),
        )
        for row in rows
    ]


async def _actor(services: Services, row: Mapping[str, Any]) -> Actor:
    reaches = frozenset(
        Reach(Role(role), school) for role, school in zip(row["roles"] or (), row["schools"] or (), strict=True)
    )
    reaches |= reaches_of_classes(row["classes"], reaches)
    if row["has_nodes"]:
        reaches |= await reaches_at_nodes(services, row["id"])
    return Actor(row["name"], row["id"], reaches, row["language"], row["must_change"])
