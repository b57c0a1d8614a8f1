"""Releases as people see them: each with its notes, and how far it has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.releases.rollouts import progress_of
from cloud.releases.rules import SILENT_AFTER, Progress, Stage

RELEASES_MAX = 50
DEVICES_MAX = 100

_RELEASES = """
SELECT release.id, product, board, counter, version, size, notes_kk, notes_ru, notes_en, added_at,
  rollout.id AS rollout_id, coalesce(state, '') AS state, coalesce(stage, '') AS stage, started_at, changed_at
FROM release LEFT JOIN rollout ON release_id = release.id ORDER BY added_at DESC, release.id DESC LIMIT $1
"""
_TROUBLED = """
SELECT device.name, school.code, why, coalesce(failed_at, tried_at) AS at FROM rollout_device
JOIN device ON device.id = device_id JOIN school ON school.id = device.school_id
WHERE rollout_id = $1 AND done_at IS NULL AND forgiven_at IS NULL AND (failed_at IS NOT NULL OR tried_at < $2)
ORDER BY at DESC, device.name LIMIT $3
"""
_CANDIDATES = """
SELECT DISTINCT ON (product, board, device.name) product, board, device.name FROM device_program
JOIN device ON device.id = device_id WHERE device.state = 'active' AND is_online
ORDER BY product, board, device.name LIMIT $1
"""


@dataclass(frozen=True, slots=True)
class Troubled:
    """A device that failed with a release, or did not come back; `why` is empty then."""

    name: str
    school: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release; `state` and `stage` are empty while it is given to nobody."""

    product: str
    board: str
    counter: int
    version: str
    size: int
    notes: Mapping[str, str]
    added_at: datetime
    state: str
    stage: str
    changed_at: datetime | None
    progress: Progress
    troubled: Sequence[Troubled]

    @property
    def next_stage(self) -> str:
        """Return the stage that widening would lead to; nothing where there is none."""
        following = Stage(self.stage).next if self.stage else None
        return following.value if following is not None and self.state == "running" else ""


async def releases_of(services: Services, actor: Actor) -> list[ReleaseRow]:
    """Return the newest releases first. Raises NotAllowed."""
    actor.require_everywhere(Right.RELEASES_KEEP)
    now = services.clock.now()
    async with services.database.pool.acquire() as connection:
        rows = await connection.fetch(_RELEASES, RELEASES_MAX)
        found = []
        for row in rows:  # each of a few releases that are being given out has its own figures
            progress, troubled = Progress(), []
            if row["rollout_id"] is not None:
                progress = await progress_of(connection, row["rollout_id"], row["product"], row["board"], now)
            if progress.bad:
                told = await connection.fetch(_TROUBLED, row["rollout_id"], now - SILENT_AFTER, DEVICES_MAX)
                troubled = [Troubled(each["name"], each["code"], each["why"], each["at"]) for each in told]
            found.append(_row(row, progress, troubled))
    return found


async def first_ones(services: Services, actor: Actor) -> Mapping[tuple[str, str], Sequence[str]]:
    """Return online devices by product and board, of which one may be the first. Raises NotAllowed."""
    actor.require_everywhere(Right.RELEASES_KEEP)
    found: dict[tuple[str, str], list[str]] = {}
    for row in await services.database.pool.fetch(_CANDIDATES, DEVICES_MAX):
        found.setdefault((row["product"], row["board"]), []).append(row["name"])
    return found


def _row(row: Mapping[str, Any], progress: Progress, troubled: Sequence[Troubled]) -> ReleaseRow:
    notes = {code: row[f"notes_{code}"] for code in ("kk", "ru", "en")}
    return ReleaseRow(
        row["product"], row["board"], row["counter"], row["version"], row["size"], notes, row["added_at"], row["state"],
        row["stage"], row["changed_at"], progress, troubled,
    )  # fmt: skip
