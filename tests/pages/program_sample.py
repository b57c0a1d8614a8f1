"""Programs of the school: tokens in every state, a webhook, and how its tellings went."""

from datetime import timedelta

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.tokens.actions import make_token, revoke_token
from cloud.webhooks.actions import add_webhook, send_test

SYSTEM = Actor.system("sample")
_TOLD = """
UPDATE webhook_event SET attempts = 3, last_status = $2, last_error = $3, next_at = $4, delivered_at = $5 WHERE id = $1
"""


async def write(services: Services, school_id: int) -> None:
    """Write two tokens, one of them revoked, and a webhook that was told three times."""
    await make_token(services, SYSTEM, school_id, "Electronic diary", ["roster.read", "presence.read"], 90)
    old = await make_token(services, SYSTEM, school_id, "Analytics", ["passages.read"], 30)
    await revoke_token(services, SYSTEM, school_id, old.id)
    hook = await add_webhook(
        services, SYSTEM, school_id, "Electronic diary", "https://example.kz/esik", ["passage", "roster.changed"]
    )
    for _ in range(3):
        await send_test(services, SYSTEM, school_id, hook.webhook_id)
    pool, now = services.database.pool, services.clock.now()
    events = await pool.fetch("SELECT id FROM webhook_event ORDER BY id LIMIT 2")
    await pool.execute(_TOLD, events[0]["id"], 204, "", None, now)
    await pool.execute(_TOLD, events[1]["id"], 500, "status 500", now + timedelta(minutes=10), None)
