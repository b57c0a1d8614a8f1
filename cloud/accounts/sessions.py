"""All sessions of one account at once, and the login they began with."""

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.services import Services


async def sign_out_everywhere(services: Services, actor: Actor) -> None:
    """End every session of the actor's account, this one too."""
    async with services.database.transaction() as connection:
        await connection.execute_query("DELETE FROM sign_in WHERE account_id = $1", [actor.account_id])
        subject = f"account:{actor.account_id}"
        await audit(connection, actor, "account.signed_out_everywhere", subject, at=services.clock.now())


async def login_of(services: Services, actor: Actor) -> str:
    """Return the login of the actor's own account."""
    login = await services.database.pool.fetchval("SELECT login FROM account WHERE id = $1", actor.account_id)
    if login is None:
        raise NotFound
    return str(login)
