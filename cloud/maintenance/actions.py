"""Announcing maintenance windows, calling them off, and forgetting those of years ago."""

from datetime import datetime, timedelta

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.windows import Window
from cloud.maintenance.errors import WindowRefused

LONGEST = timedelta(hours=24)
AHEAD = timedelta(days=366)
LATE = timedelta(minutes=5)  # so long ago may a window have begun that begins "now"
KEPT = timedelta(days=3 * 366)  # as troubles
_PLAN = "INSERT INTO maintenance_window (starts_at, ends_at, planned_at) VALUES ($1, $2, $3) RETURNING id"
_CANCEL = """
UPDATE maintenance_window SET cancelled_at = $2 WHERE id = $1 AND cancelled_at IS NULL AND ends_at > $2 RETURNING id
"""
_FORGET = "DELETE FROM maintenance_window WHERE ends_at < $1"


async def plan(services: Services, actor: Actor, window: Window) -> int:
    """Announce a window and return its number. Raises NotAllowed or WindowRefused."""
    actor.require_everywhere(Right.MAINTENANCE_PLAN)
    now = services.clock.now()
    _check(window, now)
    try:
        async with services.database.transaction() as transaction:
            number: int = await raw(transaction).fetchval(_PLAN, window.starts_at, window.ends_at, now)
            told = {"from": window.starts_at.isoformat(), "until": window.ends_at.isoformat()}
            await audit(transaction, actor, "maintenance.planned", f"maintenance:{number}", told, at=now)
    except asyncpg.ExclusionViolationError:
        raise WindowRefused(message("Another window is announced for that time. Cancel it first.")) from None
    return number


async def cancel(services: Services, actor: Actor, number: int) -> None:
    """Call a window off, or end one that runs. Raises NotAllowed or NotFound."""
    actor.require_everywhere(Right.MAINTENANCE_PLAN)
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        if await raw(transaction).fetchval(_CANCEL, number, now) is None:
            raise NotFound(message("No such window runs or is to come."))
        await audit(transaction, actor, "maintenance.cancelled", f"maintenance:{number}", at=now)


async def forget(pool: asyncpg.Pool, now: datetime) -> None:
    """Forget windows of years ago."""
    await pool.execute(_FORGET, now - KEPT)


def _check(window: Window, now: datetime) -> None:
    if window.ends_at <= window.starts_at:
        raise WindowRefused(message("The end comes before the beginning."))
    if window.starts_at < now - LATE:
        raise WindowRefused(message("The beginning is in the past. Take now, or later."))
    if window.starts_at > now + AHEAD:
        raise WindowRefused(message("That is more than a year ahead."))
    if window.ends_at - window.starts_at > LONGEST:
        raise WindowRefused(message("A window lasts {hours} hours at most. Plan several.",
                                    hours=LONGEST // timedelta(hours=1)))  # fmt: skip
