"""A browser is subscribed for whoever is signed in there, and for as long as that session lasts.

Rule: a browser tells one account's news. When its session ends, however it ends, the subscription goes with it.
"""

import json

import asyncpg

from cloud.accounts.errors import SessionEnded
from cloud.accounts.sessions import session_of
from cloud.core.actor import Actor
from cloud.core.base64url import base64url
from cloud.core.database import raw
from cloud.core.services import Services
from cloud.notifications.channels.addresses import VALUE, add_address, release_elsewhere
from cloud.notifications.channels.push_keys import push_key
from cloud.notifications.channels.push_subscriptions import Subscription, SubscriptionWrong
from cloud.notifications.channels.sender import WEBPUSH, Address, Message, Outcome, Sender

_ONE_A_SESSION = "DELETE FROM channel_address WHERE channel = $1 AND sign_in_id = $2"
_HAS = "SELECT EXISTS (SELECT FROM channel_address WHERE channel = $1 AND sign_in_id = $2 AND gone_at IS NULL)"
_VALUE = """
SELECT id, value_encrypted FROM channel_address
WHERE channel = $1 AND account_id = $2 AND sign_in_id = $3 AND gone_at IS NULL
"""


async def subscribe(services: Services, actor: Actor, token: str, key: str, given: str, label: str) -> None:
    """Let the browser of a session get what its account is told. Raises SubscriptionWrong, also for another key."""
    held = await push_key(services)
    if held is None or key != held.public:
        raise SubscriptionWrong
    subscription = Subscription.parse(given, services.settings.push_networks)
    async with services.database.transaction() as connection:
        at = raw(connection)
        if (session := await session_of(at, actor, token)) is None:
            raise SessionEnded
        await _put(services, at, actor, session, subscription, label)


async def renew(services: Services, actor: Actor, token: str, given: str, label: str) -> None:
    """Put what a browser subscribed anew in the old one's place; nothing where its session had none."""
    subscription = Subscription.parse(given, services.settings.push_networks)
    async with services.database.transaction() as connection:
        at = raw(connection)
        session = await session_of(at, actor, token)
        if session is not None and await at.fetchval(_HAS, WEBPUSH, session):
            await _put(services, at, actor, session, subscription, label)


async def is_subscribed(services: Services, actor: Actor, token: str) -> bool:
    """Tell whether the browser of a session shows notices."""
    pool = services.database.pool
    return bool(await pool.fetchval(_HAS, WEBPUSH, await session_of(pool, actor, token)))


async def send_to_session(
    services: Services, sender: Sender, actor: Actor, token: str, message: Message
) -> Outcome | None:
    """Send a message to the browser of a session; None where it shows no notices."""
    pool = services.database.pool
    row = await pool.fetchrow(_VALUE, WEBPUSH, actor.account_id, await session_of(pool, actor, token))
    if row is None:
        return None
    value = services.vault.decrypt(row["value_encrypted"], VALUE, str(row["id"]))
    return await sender.send(message, Address(row["id"], actor.account_id or 0, WEBPUSH, value))


async def _put(
    services: Services, at: asyncpg.Connection, actor: Actor, session: int, new: Subscription, label: str
) -> None:
    assert actor.account_id is not None  # noqa: S101 (who has a session has an account)
    await release_elsewhere(services, at, actor.account_id, WEBPUSH, new.endpoint)
    await at.execute(_ONE_A_SESSION, WEBPUSH, session)
    keys = {"p256dh": base64url(new.point), "auth": base64url(new.auth)}
    await add_address(
        services, at, actor.account_id, WEBPUSH, json.dumps({"endpoint": new.endpoint, "keys": keys}),
        same_as=new.endpoint, label=label, sign_in_id=session,
    )  # fmt: skip
