"""Who was told what a client learns of them, and went on: asked once, and again when it is to learn more."""

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.services import Services
from cloud.signon.parties import Party

_RELEASED = "SELECT scopes FROM resource_release WHERE party_id = $1 AND account_id = $2"
_RELEASE = """
INSERT INTO resource_release (party_id, account_id, scopes, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (party_id, account_id) DO UPDATE SET scopes = excluded.scopes, at = excluded.at
"""


async def is_released(services: Services, account_id: int, party: Party, told: tuple[str, ...]) -> bool:
    """Tell whether somebody has seen that a client learns this, or more; who is not named needs to see nothing."""
    scopes = await services.database.pool.fetchval(_RELEASED, party.id, account_id)
    return scopes is not None and set(told) <= set(scopes)


async def release(services: Services, actor: Actor, party: Party, told: tuple[str, ...]) -> None:
    """Note that the actor went on after having been told what a client learns."""
    async with services.database.transaction() as connection:
        await raw(connection).execute(_RELEASE, party.id, actor.account_id, list(told), services.clock.now())
        await audit(
            connection, actor, "party.released", f"party:{party.id}", {"scopes": " ".join(told)},
            school_id=party.school_id, at=services.clock.now(),
        )  # fmt: skip
