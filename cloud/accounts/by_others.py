"""Sessions of who was signed in by somebody else's word: an identity provider that the school or the operator chose."""

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import begun
from cloud.accounts.beginnings import Half, Session, lock_account
from cloud.accounts.models import Account
from cloud.core.services import Services


async def begin_by(
    services: Services, connection: BaseDBAsyncClient, account_id: int, by: str, device: str = ""
) -> Session | Half:
    """Begin a session, or half a one where the account has a second step: the other's word is but the first one."""
    await lock_account(connection, account_id)
    account = await Account.get(id=account_id)
    return await begun(services, connection, account, device, {"by": by})
