"""A password that is renewed without the old one: by who proved something else to another slice.

Rule: only an account whose holder has chosen a password before; a first one is the office's to renew. None that a
school's directory keeps: a program that may change a login would choose the mailbox. The password that was there when
it was proved is there still, or nothing is changed.
"""

from dataclasses import dataclass, field

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import LOCKED
from cloud.accounts.beginnings import end_sessions
from cloud.accounts.logins import opened, typed_digest
from cloud.accounts.models import Account
from cloud.accounts.others import note
from cloud.core.actor import Actor
from cloud.core.services import Services

_IS_KEPT = "SELECT EXISTS (SELECT FROM scim_account WHERE account_id = $1 AND removed_at IS NULL)"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who may have a password renewed."""

    account_id: int
    name: str
    login: str = field(repr=False)
    password_hash: str = field(repr=False)


async def holder_of(services: Services, typed: str) -> Holder | None:
    """Return whose login this is, as somebody typed it, if a password of it may be renewed."""
    digest = typed_digest(services.vault, typed)
    account = await Account.get_or_none(login_digest=digest, is_active=True, must_change=False)
    is_kept = await services.database.pool.fetchval(_IS_KEPT, account.id if account else 0)
    if account is None or is_kept:
        return None
    return Holder(account.id, account.name, opened(services.vault, account.login_encrypted), account.password_hash)


async def renew_password(services: Services, connection: BaseDBAsyncClient, holder: Holder, hashed: str) -> bool:
    """Change the password, end every session and note it; tell whether the password was still the one before."""
    (row,) = await connection.execute_query_dict(LOCKED, [holder.account_id])
    if row["password_hash"] != holder.password_hash or not row["is_active"]:
        return False
    await Account.filter(id=holder.account_id).update(password_hash=hashed)
    await end_sessions(connection, holder.account_id)
    await note(services, connection, Actor(holder.name, holder.account_id), "account.recovered", holder.account_id)
    return True
