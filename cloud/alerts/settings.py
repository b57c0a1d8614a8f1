"""What a school has set about alerts of absence; each change stands in the audit journal."""

from dataclasses import asdict

import asyncpg

from cloud.accounts.actions import audit
from cloud.alerts.rules import AlertRules
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.rights import Right
from cloud.core.services import Services

_OF_SCHOOL = "SELECT absent_after_min, class_share, school_share, gate_share FROM alert_rule WHERE school_id = $1"
_PUT = """
INSERT INTO alert_rule (school_id, absent_after_min, class_share, school_share, gate_share, set_at, set_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (school_id) DO UPDATE SET absent_after_min = excluded.absent_after_min,
  class_share = excluded.class_share, school_share = excluded.school_share, gate_share = excluded.gate_share,
  set_at = excluded.set_at, set_by = excluded.set_by
"""
_LOOK = "UPDATE alert_watch SET next_at = $2 WHERE school_id = $1 AND next_at > $2"


async def rules_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> AlertRules:
    """Return what holds at a school, for slices above, after their own check."""
    row = await connection.fetchrow(_OF_SCHOOL, school_id)
    return AlertRules() if row is None else AlertRules(**row)


async def set_rules(services: Services, actor: Actor, school_id: int, rules: AlertRules) -> None:
    """Let other rules hold for what falls due from now on. Raises NotAllowed."""
    actor.require(Right.ALERTS_DECIDE, school_id)
    now, values = services.clock.now(), asdict(rules)
    async with services.database.transaction() as connection:
        if await rules_of(raw(connection), school_id) == rules:
            return
        await raw(connection).execute(_PUT, school_id, *values.values(), now, actor.name)
        await raw(connection).execute(_LOOK, school_id, now)
        told = {name: str(value) for name, value in values.items()}
        await audit(connection, actor, "alerts.rules_set", f"school:{school_id}", told, school_id=school_id, at=now)
