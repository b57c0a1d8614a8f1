"""Security events go to a collector (SIEM) as syslog (RFC 5424) over TCP or TLS, framed by their length (RFC 6587).

Rule: what went is noted after it was given to the line; an event may go twice when the line breaks, and syslog over TCP
itself tells nobody what arrived: what a broken line swallowed is in the list of security events all the same.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import asyncpg
import structlog

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.integrity.security_events import EVENTS_MAX, SecurityEvent, security_events

LOOK_S = 2.0
OPEN_S, WRITE_S = 10.0, 30.0
OVERLAP = timedelta(minutes=2)  # a transaction may commit so long after the instant it notes
FIRST = timedelta(minutes=5)  # of what was before the setting
AT_ONCE = 1_000
TCP_PORT, TLS_PORT = 601, 6514
WHO = Actor.system("syslog")
_READ = "SELECT since, told FROM syslog_cursor"
_KEEP = """
INSERT INTO syslog_cursor (is_only, since, told) VALUES (true, $1, $2)
ON CONFLICT (is_only) DO UPDATE SET since = excluded.since, told = excluded.told
"""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Collector:
    """Where events go."""

    host: str
    port: int
    tls: ssl.SSLContext | None

    @classmethod
    def of(cls, settings: Settings) -> "Collector":
        """Read the settings. Raises OSError for a CA that cannot be read."""
        parts = urlsplit(settings.syslog_url)
        is_tls = parts.scheme == "tls"
        tls = ssl.create_default_context(cafile=settings.syslog_ca) if is_tls else None
        return cls(parts.hostname or "", parts.port or (TLS_PORT if is_tls else TCP_PORT), tls)


def framed(event: SecurityEvent, host: str) -> bytes:
    """Return an event as it travels: its length in bytes, a space, and itself."""
    line = event.as_syslog(host).encode()
    return b"%d %s" % (len(line), line)


async def forward(services: Services, has_turn: Callable[[], bool]) -> None:
    """Send security events as they come while this worker has the turn. Raises OSError when the collector is away."""
    if not services.settings.syslog_url:
        await asyncio.Event().wait()
        return
    while not has_turn():
        await services.clock.sleep(LOOK_S)
    host = urlsplit(services.settings.public_url).hostname or "esik"
    async with _line(Collector.of(services.settings)) as (reader, writer):
        while has_turn():
            if reader.at_eof():
                raise ConnectionResetError("the collector closed the line")
            await send_new(services, writer, host)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await reader.read(1)  # a collector says nothing: this waits, and sees the line's end


async def send_new(services: Services, writer: asyncio.StreamWriter, host: str) -> int:
    """Send what was not sent yet, oldest first, and note it; return how many those are."""
    pool, now = services.database.pool, services.clock.now()
    since, told = await _cursor(pool, now)
    found = await security_events(services, WHO, None, since, now + timedelta(seconds=1), EVENTS_MAX)
    new = [each for each in reversed(found) if _mark(each) not in told]
    for first in range(0, len(new), AT_ONCE):
        batch = new[first : first + AT_ONCE]
        writer.write(b"".join(framed(each, host) for each in batch))
        async with asyncio.timeout(WRITE_S):
            await writer.drain()
        told |= {_mark(each): each.at.timestamp() for each in batch}
        reached = max(since, min(batch[-1].at, now) - OVERLAP)
        told = {mark: at for mark, at in told.items() if at >= reached.timestamp()}
        await pool.execute(_KEEP, reached, json.dumps(told))
    return len(new)


async def _cursor(pool: asyncpg.Pool, now: datetime) -> tuple[datetime, dict[str, float]]:
    row = await pool.fetchrow(_READ)
    return (row["since"], json.loads(row["told"])) if row else (now - FIRST, {})


def _mark(event: SecurityEvent) -> str:
    """Return what tells an event from others; an alarm that came again is another one."""
    return f"{event.id} {event.at.timestamp():.6f}"


@asynccontextmanager
async def _line(collector: Collector) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with asyncio.timeout(OPEN_S):
        reader, writer = await asyncio.open_connection(collector.host, collector.port, ssl=collector.tls)
    log.info("syslog.connected", host=collector.host, port=collector.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(OPEN_S):
                await writer.wait_closed()
