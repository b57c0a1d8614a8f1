"""The builder's periodic work: reports that are due, letters, and the end of what was kept long enough."""

from datetime import datetime, timedelta

import asyncpg

from cloud.builder.letters import send_ready
from cloud.builder.making import make_due
from cloud.core.mail import Post
from cloud.core.services import Services

KEPT = timedelta(days=60)  # what was made by itself
AT_ONCE = 5_000
_FORGET = """
DELETE FROM built_run WHERE id IN (SELECT id FROM built_run WHERE made_at < $1 ORDER BY id LIMIT $2) RETURNING id
"""


async def make_and_tell(services: Services, post: Post | None) -> int:
    """Make what is due, send the letters, forget what is old; return how many reports were made."""
    made = await make_due(services)
    await send_ready(services, post)
    await forget_runs(services.database.pool, services.clock.now())
    return made


async def forget_runs(pool: asyncpg.Pool, now: datetime) -> int:
    """Delete what was made by itself long ago; return how many of them."""
    return len(await pool.fetch(_FORGET, now - KEPT, AT_ONCE))
