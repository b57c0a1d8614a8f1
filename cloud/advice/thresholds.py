"""With what a school's rules compare: versions, of which the last one counts, and a new one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloud.accounts.actions import audit
from cloud.advice.errors import AdviceRefused
from cloud.advice.kinds import Thresholds
from cloud.advice.rules import checked_thresholds
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services

VERSIONS_MAX = 200
FIGURES = ("works", "owes", "behind", "falls", "misses", "late", "near", "strong", "idle")
OF_PROGRAM = Thresholds()
_ALL = """
SELECT number, works, owes, behind, falls, misses, late, near, strong, idle, at, by_name FROM advice_threshold
WHERE school_id = $1 ORDER BY number LIMIT $2
"""
_LOCK = "SELECT id FROM school WHERE id = $1 FOR NO KEY UPDATE"
_NEXT = "SELECT coalesce(max(number), 0) + 1 FROM advice_threshold WHERE school_id = $1"
_PUT = """
INSERT INTO advice_threshold (school_id, number, works, owes, behind, falls, misses, late, near, strong, idle, at,
  by_name)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the school's own, when it was set, and by whom."""

    thresholds: Thresholds
    at: datetime
    by: str


async def versions_of(services: Services, school_id: int) -> list[Version]:
    """Return the versions that a school has set, in order; rights are the caller's to check."""
    rows = await services.database.pool.fetch(_ALL, school_id, VERSIONS_MAX)
    return [Version(_thresholds(row), row["at"], row["by_name"]) for row in rows]


async def thresholds_of(services: Services, school_id: int) -> Thresholds:
    """Return what counts at a school now: its last version, or this program's."""
    versions = await versions_of(services, school_id)
    return versions[-1].thresholds if versions else OF_PROGRAM


async def put_thresholds(services: Services, actor: Actor, school_id: int, by: Thresholds) -> int:
    """Set a version, and return its number. Raises NotAllowed or AdviceRefused."""
    actor.require(Right.ADVICE_RULES_KEEP, school_id)
    checked_thresholds(by)
    async with services.database.transaction() as transaction:
        connection, now = raw(transaction), services.clock.now()
        await connection.execute(_LOCK, school_id)
        number = int(await connection.fetchval(_NEXT, school_id))
        if number > VERSIONS_MAX:
            raise AdviceRefused(message("The school has {count} versions already.", count=VERSIONS_MAX))
        figures = [getattr(by, name) for name in FIGURES]
        await connection.execute(_PUT, school_id, number, *figures, now, actor.name)
        detail = {"number": str(number), **{name: str(getattr(by, name)) for name in FIGURES}}
        await audit(
            transaction, actor, "advice.thresholds_set", f"school:{school_id}", detail, school_id=school_id, at=now
        )
    return number


def _thresholds(row: Mapping[str, Any]) -> Thresholds:
    return Thresholds(row["number"], **{name: row[name] for name in FIGURES})
