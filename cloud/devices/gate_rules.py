"""What a school has set that a fire and a lockdown do at each gate; each change stands in the audit journal.

Rule: a fire shuts no gate. A gate without a row goes by the default: a fire opens it, a lockdown closes the way in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.devices.errors import RuleRefused
from cloud.people.kinds import CHANGED

GATES_MAX = 1_000
_GATES = """
SELECT key, name_kk, name_ru, name_en, coalesce(fire, 'open') AS fire, coalesce(lockdown, 'shut') AS lockdown
FROM gate LEFT JOIN gate_rule ON gate_rule.gate_id = gate.id WHERE gate.school_id = $1 ORDER BY key LIMIT $2
"""
_PUT = """
INSERT INTO gate_rule (school_id, gate_id, fire, lockdown, set_at, set_by)
SELECT $1, id, $3, $4, $5, $6 FROM gate WHERE school_id = $1 AND key = $2
ON CONFLICT (gate_id) DO UPDATE SET fire = excluded.fire, lockdown = excluded.lockdown, set_at = excluded.set_at,
  set_by = excluded.set_by
"""


class FireDoes(StrEnum):
    """What a fire does at a gate; it shuts none. Its words are `word(f"fire_{rule}")`."""

    OPEN = "open"
    USUAL = "usual"


class LockdownDoes(StrEnum):
    """What a lockdown does at a gate. Its words are `word(f"lockdown_{rule}")`."""

    SHUT = "shut"  # nobody comes in, the way out lets out
    SHUT_BOTH = "shut_both"
    OPEN = "open"
    USUAL = "usual"


@dataclass(frozen=True, slots=True)
class GateRule:
    """A gate and what orders do there."""

    key: str
    names: tuple[str, str, str]
    fire: FireDoes
    lockdown: LockdownDoes


async def rules_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> Sequence[GateRule]:
    """Return what orders do at a school's gates, for slices above, after their own check."""
    return [
        GateRule(
            row["key"], (row["name_kk"], row["name_ru"], row["name_en"]), FireDoes(row["fire"]),
            LockdownDoes(row["lockdown"]),
        )
        for row in await connection.fetch(_GATES, school_id, GATES_MAX)
    ]  # fmt: skip


async def set_rules(
    services: Services, actor: Actor, school_id: int, said: Mapping[str, tuple[str, str]]
) -> int:  # fmt: skip
    """Let other rules (fire, lockdown) hold at gates, by key; return at how many something changed.

    Raises NotAllowed, NotFound for a gate that is none of the school's, and RuleRefused: a fire shuts nothing.
    """
    actor.require(Right.GATE_RULES_KEEP, school_id)
    wanted = {key: _checked(*rule) for key, rule in said.items()}
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        known = {each.key: each for each in await rules_of(connection, school_id)}
        if not wanted.keys() <= known.keys():
            raise NotFound
        changed = {key: rule for key, rule in wanted.items() if (known[key].fire, known[key].lockdown) != rule}
        for key, (fire, lockdown) in changed.items():
            await connection.execute(_PUT, school_id, key, fire.value, lockdown.value, now, actor.name)
            await audit(
                transaction, actor, "gates.rule_set", f"gate:{key}", {"fire": fire.value, "lockdown": lockdown.value},
                school_id=school_id, at=now,
            )  # fmt: skip
        if changed:
            await notify(connection, CHANGED, str(school_id))
    return len(changed)


def _checked(fire: str, lockdown: str) -> tuple[FireDoes, LockdownDoes]:
    if fire not in {*FireDoes}:
        raise RuleRefused(message("A fire never shuts a gate: people must get out. Choose “open”, or “as usual”."))
    if lockdown not in {*LockdownDoes}:
        raise RuleRefused(message("Choose what a lockdown does at each gate."))
    return FireDoes(fire), LockdownDoes(lockdown)
