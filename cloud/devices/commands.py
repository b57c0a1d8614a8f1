"""Commands to devices: asked for by a person, sealed and sent by ingest, obeyed once, answered by a record.

Rule: a command's counter is above every earlier one's to its device, also after the database was set back to a backup,
so counters follow the clock. Who asked, and why, stands in the audit journal before anything is sent.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.page_wakeups import CHANNEL as PAGES
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import NOBODY, notify
from cloud.devices.command_errors import CommandsTooMany, GateElsewhere, ReasonMissing
from cloud.devices.errors import DeviceRevoked, DeviceUnknown
from cloud.devices.models import DeviceState

CHANNEL = "esik_commands"  # the payload is the device's name
REASON_MAX, REASON_MIN = 120, 3
AT_ONCE_MAX, AT_ONCE = 30, timedelta(minutes=10)
ROOM = 100  # numbers between two commands, for older ones that must be given a new number above the first
SHOWN_MAX = 20
KEPT = timedelta(days=3 * 366)  # as alarms are
FORGOTTEN_AT_ONCE = 10_000


class Action(StrEnum):
    """What a device may be told; the values stand on the wire."""

    OPEN_ONCE = "open_once"
    LOCK_DOWN = "lock_down"
    FREE_PASS = "free_pass"  # noqa: S105 (no password)
    NORMAL = "normal"
    LOCATE = "locate"
    ROSTER = "roster"
    REPORT = "report"
    RESTART = "restart"


# How long a command waits for its device: opening makes sense now or never, a lock-down still after an outage.
LASTS = {
    Action.OPEN_ONCE: timedelta(seconds=20),
    Action.LOCATE: timedelta(minutes=1),
    Action.FREE_PASS: timedelta(minutes=5),
    Action.RESTART: timedelta(minutes=5),
    Action.ROSTER: timedelta(minutes=10),
    Action.REPORT: timedelta(minutes=10),
    Action.LOCK_DOWN: timedelta(hours=1),
    Action.NORMAL: timedelta(hours=1),
}
DANGEROUS = frozenset({Action.OPEN_ONCE, Action.LOCK_DOWN, Action.FREE_PASS})  # these are given a reason
OF_GATES = frozenset({Action.OPEN_ONCE, Action.LOCK_DOWN, Action.FREE_PASS, Action.NORMAL, Action.LOCATE})

_FIND = "SELECT id, school_id, state, command_counter FROM device WHERE name = $1 FOR UPDATE"
_SERVES = "SELECT true FROM gate WHERE device_id = $1 AND key = $2"
_LATELY = "SELECT count(*) FROM device_command WHERE device_id = $1 AND asked_at > $2"
_ASK = """
INSERT INTO device_command (id, school_id, device_id, counter, action, gate, reason, asked_by, asked_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_COUNT = "UPDATE device SET command_counter = $2 WHERE id = $1"
_LIST = """
SELECT device_command.id, action, gate, reason, asked_by, asked_at, expires_at, sent_at, outcome, done_at, answered_at
FROM device_command JOIN device ON device.id = device_id
WHERE device.name = $1 AND device.school_id = $2 ORDER BY counter DESC LIMIT $3
"""
_ANSWER = """
WITH answered AS (
  UPDATE device_command SET outcome = told.outcome, done_at = told.at, answered_at = told.received_at
  FROM unnest($1::text[], $2::bigint[], $3::text[], $4::timestamptz[], $5::timestamptz[])
    AS told (id, device_id, outcome, at, received_at)
  WHERE device_command.id = told.id AND device_command.device_id = told.device_id AND device_command.outcome = ''
  RETURNING school_id
)
SELECT pg_notify($6, school_id || $7) FROM (SELECT DISTINCT school_id FROM answered) AS schools
"""
_FORGET = """
DELETE FROM device_command WHERE id IN (
  SELECT id FROM device_command WHERE asked_at < $1 ORDER BY asked_at LIMIT $2
)
"""


class Stage(StrEnum):
    """How far a command came."""

    WAITING = "waiting"  # not sent yet, or sent and not answered
    DONE = "done"
    FAILED = "failed"  # the device says that there was nothing to do it with
    UNANSWERED = "unanswered"  # sent until it expired, and nothing heard: it may have been obeyed
    LAPSED = "lapsed"  # never sent


@dataclass(frozen=True, slots=True)
class CommandSeen:
    """A command as a list shows it."""

    id: str
    action: Action
    gate: str  # empty: every gate of the device
    reason: str
    asked_by: str
    asked_at: datetime
    stage: Stage
    done_at: datetime | None
    took_s: float | None  # from asking to hearing of it


@dataclass(frozen=True, slots=True)
class Answered:
    """A device's word on what came of a command."""

    id: str
    device_id: int
    outcome: str
    at: datetime
    received_at: datetime


async def command(services: Services, actor: Actor, name: str, action: Action, gate: str = "", reason: str = "") -> str:
    """Ask a device to do something; return the command's id.

    Raises NotAllowed, DeviceUnknown, DeviceRevoked, GateElsewhere, ReasonMissing or CommandsTooMany.
    """
    now, reason = services.clock.now(), " ".join(reason.split())[:REASON_MAX]
    async with services.database.transaction() as connection:
        plain = raw(connection)
        row = await plain.fetchrow(_FIND, name)
        if row is None:
            raise DeviceUnknown(name)
        actor.require(Right.DEVICES_COMMAND, row["school_id"])
        await _check(plain, row, action, gate, reason, now)
        id_, counter = secrets.token_hex(8), max(row["command_counter"] + ROOM, int(now.timestamp() * 1_000))
        await plain.execute(
            _ASK, id_, row["school_id"], row["id"], counter, action.value, gate or None, reason, actor.name[:180], now,
            now + LASTS[action],
        )  # fmt: skip
        await plain.execute(_COUNT, row["id"], counter)
        detail = {"action": action.value, "gate": gate, "reason": reason, "command": id_}
        await audit(connection, actor, "device.commanded", f"device:{name}", detail, school_id=row["school_id"], at=now)
        await notify(connection, CHANNEL, name)
        await notify(connection, PAGES, f"{row['school_id']}:{NOBODY}")
    return id_


async def commands_of(services: Services, actor: Actor, school_id: int, name: str) -> Sequence[CommandSeen]:
    """Return the last commands to a device of a school, the newest first. Raises NotAllowed."""
    actor.require(Right.DEVICES_KEEP, school_id)
    rows = await services.database.pool.fetch(_LIST, name, school_id, SHOWN_MAX)
    return [_seen(row, services.clock.now()) for row in rows]


async def note_answers(connection: asyncpg.Connection, answers: Iterable[Answered]) -> None:
    """Note what devices say of commands, each once, in a transaction; pages are told when it commits."""
    rows = [(each.id, each.device_id, each.outcome, each.at, each.received_at) for each in answers]
    if rows:
        await connection.execute(_ANSWER, *[list(column) for column in zip(*rows, strict=True)], PAGES, f":{NOBODY}")


async def forget_commands(pool: asyncpg.Pool, now: datetime) -> None:
    """Forget the oldest of the commands that need not be kept any longer."""
    await pool.execute(_FORGET, now - KEPT, FORGOTTEN_AT_ONCE)


async def _check(
    connection: asyncpg.Connection, row: Mapping[str, Any], action: Action, gate: str, reason: str, now: datetime
) -> None:
    """Raise why a command is not given, if it is not."""
    if row["state"] != DeviceState.ACTIVE.value:
        raise DeviceRevoked
    if gate and (action not in OF_GATES or not await connection.fetchval(_SERVES, row["id"], gate)):
        raise GateElsewhere(gate)
    if action in DANGEROUS and len(reason) < REASON_MIN:
        raise ReasonMissing
    if await connection.fetchval(_LATELY, row["id"], now - AT_ONCE) >= AT_ONCE_MAX:
        raise CommandsTooMany(AT_ONCE_MAX)


def _seen(row: Mapping[str, Any], now: datetime) -> CommandSeen:
    answered: datetime | None = row["answered_at"]
    took_s = None if answered is None else max(0.0, (answered - row["asked_at"]).total_seconds())
    return CommandSeen(
        row["id"], Action(row["action"]), row["gate"] or "", row["reason"], row["asked_by"], row["asked_at"],
        _stage(row, now), row["done_at"], took_s,
    )  # fmt: skip


def _stage(row: Mapping[str, Any], now: datetime) -> Stage:
    if row["outcome"]:
        return Stage(row["outcome"])
    if now <= row["expires_at"]:
        return Stage.WAITING
    return Stage.LAPSED if row["sent_at"] is None else Stage.UNANSWERED
