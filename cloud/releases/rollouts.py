"""What is done with rollouts: starting, widening, pausing, resuming, giving up; and stopping by themselves.

Rule: only widening gives a release to more devices, and only an operator widens. Every change stands in the audit
journal.
"""

from datetime import datetime

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.page_wakeups import CHANNEL as PAGES
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import NOBODY, notify
from cloud.devices.alarms import OPERATORS, note_alarm
from cloud.releases.errors import DeviceNotFit, ReleaseUnknown, RolloutElsewhere, RolloutNot
from cloud.releases.rules import SILENT_AFTER, Progress, Stage, must_stop
from schemas.release import ANY_BOARD

CHANNEL = "esik_releases"  # the payload is the rollout's id
STOPPED = "rollout_stopped"
OPERATORS_PAGES = f"{OPERATORS}:{NOBODY}"

_RELEASE = "SELECT id, product, board, counter FROM release WHERE product = $1 AND board = $2 AND counter = $3"
_FIRST = """
SELECT device.id FROM device JOIN device_program ON device_program.device_id = device.id
WHERE device.name = $1 AND state = 'active' AND product = $2 AND (board = $3 OR $3 = $4) AND counter < $5
"""
_START = """
INSERT INTO rollout (release_id, state, stage, first_device_id, started_at, changed_at)
VALUES ($1, 'running', 'one', $2, $3, $3) ON CONFLICT DO NOTHING RETURNING id
"""
_OTHER = """
SELECT counter FROM rollout JOIN release ON release.id = release_id
WHERE product = $1 AND board = $2 AND state IN ('running', 'paused', 'stopped') AND counter <> $3 LIMIT 1
"""
_SUPERSEDE = """
UPDATE rollout SET state = 'done', changed_at = $4 FROM release
WHERE release.id = release_id AND product = $1 AND board = $2 AND counter < $3 AND state = 'running' AND stage = 'all'
"""
_LOCK = """
SELECT rollout.id, state, stage, product, board, counter FROM rollout JOIN release ON release.id = release_id
WHERE product = $1 AND board = $2 AND counter = $3 FOR UPDATE OF rollout
"""
_LOCK_BY_ID = """
SELECT rollout.id, state, stage, product, board, counter FROM rollout JOIN release ON release.id = release_id
WHERE rollout.id = $1 FOR UPDATE OF rollout
"""
_CHANGE = "UPDATE rollout SET state = $2, stage = $3, changed_at = $4 WHERE id = $1"
_FORGIVE = """
UPDATE rollout_device SET forgiven_at = $2
WHERE rollout_id = $1 AND done_at IS NULL AND (failed_at IS NOT NULL OR tried_at < $3)
"""
_PROGRESS = """
SELECT count(*) AS offered, count(done_at) AS done,
  count(*) FILTER (WHERE failed_at IS NOT NULL AND forgiven_at IS NULL) AS failed,
  count(*) FILTER (WHERE failed_at IS NULL AND done_at IS NULL AND forgiven_at IS NULL AND tried_at < $2) AS silent
FROM rollout_device WHERE rollout_id = $1
"""
_ELIGIBLE = """
SELECT count(*) FROM device_program JOIN device ON device.id = device_id
WHERE product = $1 AND (board = $2 OR $2 = $3) AND device.state = 'active'
"""
_RUNNING = "SELECT id FROM rollout WHERE state = 'running' ORDER BY id LIMIT 100"


async def start(services: Services, actor: Actor, release: tuple[str, str, int], device: str) -> None:
    """Offer a release (product, board, counter) to one device.

    Raises NotAllowed, ReleaseUnknown, DeviceNotFit, RolloutElsewhere or RolloutNot.
    """
    actor.require_everywhere(Right.RELEASES_KEEP)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        plain = raw(connection)
        row = await plain.fetchrow(_RELEASE, *release)
        if row is None:
            raise ReleaseUnknown(release[2])
        await plain.execute(_SUPERSEDE, *release, now)
        if (other := await plain.fetchval(_OTHER, *release)) is not None:
            raise RolloutElsewhere(other)
        first = await plain.fetchval(_FIRST, device, release[0], release[1], ANY_BOARD, release[2])
        if first is None:
            raise DeviceNotFit(device)
        rollout_id = await plain.fetchval(_START, row["id"], first, now)
        if rollout_id is None:
            raise RolloutNot(release[2])
        await _tell(connection, actor, rollout_id, row, "rollout.started", now, device=device)


async def widen(services: Services, actor: Actor, release: tuple[str, str, int]) -> Stage:
    """Offer a running release to the next stage; return it. Raises NotAllowed or RolloutNot."""
    actor.require_everywhere(Right.RELEASES_KEEP)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        row = await _locked(connection, release)
        stage = Stage(row["stage"]).next
        if row["state"] != "running" or stage is None:
            raise RolloutNot(release[2])
        await raw(connection).execute(_CHANGE, row["id"], "running", stage.value, now)
        await _tell(connection, actor, row["id"], row, "rollout.widened", now, stage=stage.value)
    return stage


async def pause(services: Services, actor: Actor, release: tuple[str, str, int]) -> None:
    """Offer a release to nobody new for now. Raises NotAllowed or RolloutNot."""
    await _turn(services, actor, release, ("running",), "paused")


async def resume(services: Services, actor: Actor, release: tuple[str, str, int]) -> None:
    """Go on with a release that was paused or stopped; what failed so far is forgiven. Raises as `pause`."""
    await _turn(services, actor, release, ("paused", "stopped"), "running")


async def abort(services: Services, actor: Actor, release: tuple[str, str, int]) -> None:
    """Offer a release to nobody any more, for good. Raises as `pause`."""
    await _turn(services, actor, release, ("running", "paused", "stopped"), "aborted")


async def look_at_all(services: Services) -> None:
    """Stop every running rollout that must be; called once a minute."""
    for row in await services.database.pool.fetch(_RUNNING):
        await look_at(services, row["id"])


async def look_at(services: Services, rollout_id: int) -> None:
    """Stop a rollout if its devices do not come back, with an alarm."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        plain = raw(connection)
        row = await plain.fetchrow(_LOCK_BY_ID, rollout_id)
        found = await progress_of(plain, row["id"], row["product"], row["board"], now)
        await notify(connection, PAGES, OPERATORS_PAGES)
        if row["state"] != "running" or not must_stop(Stage(row["stage"]), found):
            return
        await plain.execute(_CHANGE, row["id"], "stopped", row["stage"], now)
        told = f"release {row['counter']} of the {row['product']}: {found.failed} failed, {found.silent} silent"
        await note_alarm(connection, None, f"{row['product']}-{row['counter']}", STOPPED, told, now)
        await _tell(
            connection, Actor.system("too many failed"), row["id"], row, "rollout.stopped", now,
            failed=str(found.failed), silent=str(found.silent),
        )  # fmt: skip


async def progress_of(
    connection: asyncpg.Connection, rollout_id: int, product: str, board: str, now: datetime
) -> Progress:
    """Return how far a rollout is."""
    row = await connection.fetchrow(_PROGRESS, rollout_id, now - SILENT_AFTER)
    eligible = await connection.fetchval(_ELIGIBLE, product, board, ANY_BOARD)
    return Progress(eligible, row["offered"], row["done"], row["failed"], row["silent"])


async def _turn(
    services: Services, actor: Actor, release: tuple[str, str, int], wanted: tuple[str, ...], to: str
) -> None:
    actor.require_everywhere(Right.RELEASES_KEEP)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        row = await _locked(connection, release)
        if row["state"] not in wanted:
            raise RolloutNot(release[2])
        await raw(connection).execute(_CHANGE, row["id"], to, row["stage"], now)
        if to == "running":
            await raw(connection).execute(_FORGIVE, row["id"], now, now - SILENT_AFTER)
        await _tell(connection, actor, row["id"], row, f"rollout.{to}", now)


async def _locked(connection: BaseDBAsyncClient, release: tuple[str, str, int]) -> asyncpg.Record:
    row = await raw(connection).fetchrow(_LOCK, *release)
    if row is None:
        raise RolloutNot(release[2])
    return row


async def _tell(
    connection: BaseDBAsyncClient, actor: Actor, rollout_id: int, row: asyncpg.Record, verb: str, now: datetime,
    **detail: str,
) -> None:  # fmt: skip
    """Note a change in the audit journal, and wake who tells devices and pages."""
    subject = f"release:{row['product']}/{row['board']}/{row['counter']}"
    await audit(connection, actor, verb, subject, detail, at=now)
    await notify(connection, CHANNEL, str(rollout_id))
    await notify(connection, PAGES, OPERATORS_PAGES)
