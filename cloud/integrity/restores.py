"""Restores of a backup, as the audit journal tells them: what was anchored between the backup and them is not here.

Rule: a restore stands in the journal's chain, which is anchored itself, and raises an alarm once: whoever claims one is
seen, by every later check too.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from cloud.audit.writing import ADD
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.integrity.anchor import Anchor

VERB = "backup.restored"
RESTORES_MAX = 1_000
_RESTORES = "SELECT at, detail->>'made_at' AS made_at FROM audit_entry WHERE verb = $1 ORDER BY id DESC LIMIT $2"


@dataclass(frozen=True, slots=True)
class Restore:
    """A backup of an instant that was put back at another."""

    made_at: datetime
    restored_at: datetime

    def left_behind(self, anchor: Anchor) -> bool:
        """Tell whether an anchor is of the time that the restore took back."""
        at = datetime.fromisoformat(anchor.at)
        return self.made_at < at <= self.restored_at

    @property
    def when(self) -> str:
        """Return when it was put back, for people."""
        return f"restored on {_minute(self.restored_at)}"

    def told(self, count: int) -> tuple[str, str]:
        """Return what a check says of it."""
        return self.when, f"a backup of {_minute(self.made_at)}; {count} anchors of the time between prove nothing"


async def restores_of(services: Services) -> list[Restore]:
    """Return the restores that the journal tells of, the last first."""
    rows = await services.database.pool.fetch(_RESTORES, VERB, RESTORES_MAX)
    told = [(row["made_at"], row["at"]) for row in rows if row["made_at"]]
    return [Restore(datetime.fromisoformat(made_at), at) for made_at, at in told]


async def note_restore(connection: asyncpg.Connection, made_at: str, at: datetime | None = None) -> None:
    """Note in the audit journal that a backup of an instant was put back, now if no instant is named."""
    detail = json.dumps({"made_at": datetime.fromisoformat(made_at).isoformat()})
    await connection.execute(ADD, at, None, Actor.system("command restore").name, None, VERB, "database", detail)


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
