"""Sessions of who was signed in by somebody else's word: an identity provider that the school or the operator chose."""

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.accounts.beginnings import Half, Session, begin, begin_half, ways_of
from cloud.accounts.models import Account
from cloud.core.actor import Actor
from cloud.core.services import Services


async def begin_by(
    services: Services, connection: BaseDBAsyncClient, account_id: int, by: str, device: str = ""
) -> Session | Half:
    """Begin a session, or half a one where the account has a second step: the other's word is but the first one."""
    if ways := await ways_of(connection, account_id):
        return await begin_half(services, connection, account_id, ways)
    account = await Account.get(id=account_id)
    session = await begin(services, connection, account, device)
    actor = Actor(account.name, account_id)
    await audit(
        connection, actor, "account.signed_in", f"account:{account_id}", {"by": by}, at=services.clock.now()
    )  # fmt: skip
    return session
