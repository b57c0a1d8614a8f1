"""The tables of servers and of the service's programs: as they are, and some days of minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import msgspec

from cloud.monitoring.measuring import Reading
from cloud.monitoring.rules import FORGOTTEN_AFTER, LASTING, Minute, Running, Server

KEPT = timedelta(days=7)
SERVERS_MAX, PROCESSES_MAX = 100, 1_000
FORGOTTEN_AT_ONCE = 50_000
_READING = """
INSERT INTO server_reading (server, at, told) VALUES ($1, $2, $3)
ON CONFLICT (server) DO UPDATE SET at = excluded.at, told = excluded.told WHERE excluded.at > server_reading.at
"""
_MINUTE = """
INSERT INTO server_minute (server, at, processor, load, memory, disk, received, sent)
VALUES ($1, date_trunc('minute', $2::timestamptz), $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
"""
_READINGS = "SELECT told FROM server_reading ORDER BY server LIMIT $1"
_MINUTES = """
SELECT server, minute.* FROM server_reading CROSS JOIN LATERAL (
  SELECT at, processor, load, memory, disk, received, sent FROM server_minute
  WHERE server_minute.server = server_reading.server AND server_minute.at >= $1 ORDER BY at DESC LIMIT $2
) AS minute ORDER BY server, minute.at DESC
"""
_HOURS = """
SELECT date_bin($3, at, 'epoch') AS at, max(processor) AS processor, max(load) AS load, max(memory) AS memory,
  max(disk) AS disk, max(received) AS received, max(sent) AS sent
FROM server_minute WHERE server = $1 AND at >= $2 GROUP BY 1 ORDER BY 1 LIMIT 400
"""
_BEAT = """
INSERT INTO service_process (name, server, part, pid, version, started_at, seen_at, has_turn, failing)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)
ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, has_turn = excluded.has_turn, failing = excluded.failing,
  server = excluded.server, pid = excluded.pid, version = excluded.version
"""
_PROCESSES = """
SELECT name, server, part, pid, version, started_at, seen_at, has_turn, failing FROM service_process
ORDER BY part, server, name LIMIT $1
"""
_FORGET = """
DELETE FROM server_minute WHERE (server, at) IN (
  SELECT server, at FROM server_minute WHERE at < $1 ORDER BY at LIMIT $2)
"""


@dataclass(frozen=True, slots=True)
class Process:
    """A web process or a worker, as it last told of itself."""

    name: str
    server: str
    part: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    has_turn: bool
    failing: Sequence[str]

    @property
    def running(self) -> Running:
        return Running(self.name, self.server, self.part, self.seen_at, self.has_turn, self.failing)


async def keep(pool: asyncpg.Pool, reading: Reading) -> None:
    """Keep a reading, and the first of each minute for some days."""
    told, snapshot = msgspec.json.encode(reading).decode(), reading.snapshot
    async with pool.acquire() as connection:
        await connection.execute(_READING, reading.server, reading.at, told)
        await connection.execute(
            _MINUTE, reading.server, reading.at, snapshot.processor, snapshot.load, reading.memory, reading.disk,
            reading.received, reading.sent,
        )  # fmt: skip


async def readings(connection: asyncpg.Connection | asyncpg.Pool) -> list[Reading]:
    """Return each server as it last was."""
    rows = await connection.fetch(_READINGS, SERVERS_MAX)
    return [msgspec.json.decode(row["told"], type=Reading) for row in rows]


async def servers(connection: asyncpg.Connection, now: datetime) -> list[Server]:
    """Return each server with its last minutes, to be judged."""
    minutes: dict[str, list[Minute]] = {}
    for row in await connection.fetch(_MINUTES, now - timedelta(minutes=2 * LASTING), LASTING):
        minutes.setdefault(row["server"], []).append(_minute(row))
    return [
        Server(
            each.server, each.at, [(disk.place, disk.share) for disk in each.snapshot.disks], each.errors,
            each.jumped_s, minutes.get(each.server, ()),
        )
        for each in await readings(connection)
    ]  # fmt: skip


async def past_of(connection: asyncpg.Connection, server: str, since: datetime, step: timedelta) -> list[Minute]:
    """Return the highest figures of a server in each step of time, oldest first."""
    return [_minute(row) for row in await connection.fetch(_HOURS, server, since, step)]


async def beat(pool: asyncpg.Pool, process: Process) -> None:
    """Say that a program runs."""
    await pool.execute(
        _BEAT, process.name, process.server, process.part, process.pid, process.version, process.seen_at,
        process.has_turn, list(process.failing),
    )  # fmt: skip


async def leave(pool: asyncpg.Pool, name: str) -> None:
    """Say that a program ends as it was asked to: nobody misses it."""
    await pool.execute("DELETE FROM service_process WHERE name = $1", name)


async def processes(connection: asyncpg.Connection | asyncpg.Pool) -> list[Process]:
    """Return the service's programs that did not say that they ended."""
    return [Process(**row) for row in await connection.fetch(_PROCESSES, PROCESSES_MAX)]


async def forget(pool: asyncpg.Pool, now: datetime) -> None:
    """Forget minutes of long ago, and servers and programs that nobody misses any more."""
    await pool.execute(_FORGET, now - KEPT, FORGOTTEN_AT_ONCE)
    await pool.execute("DELETE FROM server_reading WHERE at < $1", now - KEPT)
    await pool.execute("DELETE FROM service_process WHERE seen_at < $1", now - FORGOTTEN_AFTER)


def _minute(row: asyncpg.Record) -> Minute:
    return Minute(
        row["at"], row["processor"], row["load"], row["memory"], row["disk"], row["received"], row["sent"]
    )  # fmt: skip
