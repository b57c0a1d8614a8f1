"""`esik cloud security-events` and `database-events`: what happened, for operators and programs that collect it."""

import platform
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from cloud.cli.world import Data, EditionOption, fail, reached, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.clock import SystemClock
from cloud.core.database import address
from cloud.core.settings import Edition, Settings
from cloud.integrity.database_events import WANTED, EventKind, events_in
from cloud.integrity.security_events import SecurityEvent, follow, security_events

SYSTEM = Actor.system("command")
LOOK_S = 5.0
ASKED = WANTED.keys() - {"log_line_prefix", "log_rotation_age"}


class Form(StrEnum):
    """How events are written."""

    JSON = "json"
    SYSLOG = "syslog"


Since = Annotated[datetime | None, typer.Option("--since", help="From this instant on (UTC); a day ago if not given.")]
Until = Annotated[datetime | None, typer.Option("--until", help="Before this instant (UTC); now if not given.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many, the newest.")]


def security(
    data: Data = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 1_000,
    form: Annotated[
        Form, typer.Option("--form", help="A line of JSON, or of syslog (RFC 5424), for each.")
    ] = Form.JSON,
    *,
    following: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until ended.")] = False,
) -> None:
    """Print security events of all schools: alarms, failed sign-ins, changes of keys, devices and rights."""
    settings, now = settings_of(data), SystemClock().now()
    begin, end = _utc(since) or now - timedelta(days=1), _utc(until) or now

    async def work() -> None:
        async with services_of(settings) as services:
            for event in reversed(await security_events(services, SYSTEM, None, begin, end, limit)):
                _tell(event, form)
            if following:
                async for event in follow(services, SYSTEM, end, LOOK_S):
                    _tell(event, form)

    run_to_the_end(work())


def database(
    data: Data = None,
    edition: EditionOption = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 1_000,
    kind: Annotated[list[EventKind] | None, typer.Option("--kind", help="Only these kinds.")] = None,
    log: Annotated[Path | None, typer.Option("--log", help="Folder of the server's logs (server edition).")] = None,
) -> None:
    """Print events of PostgreSQL itself: connections, changes of tables, roles and rights, guards off, failures."""
    settings, now = settings_of(data, edition), SystemClock().now()
    folder = log or (settings.data / "postgres" / "cluster" / "log" if settings.edition is Edition.EMBEDDED else None)
    for problem in run_to_the_end(_unlike_wanted(settings)):
        typer.echo(problem, err=True)
    if folder is None or not folder.is_dir():
        fail("say with --log where the server writes its logs (SHOW log_directory), and run this where they are read")
    begin, end = _utc(since) or now - timedelta(days=1), _utc(until) or now + timedelta(minutes=1)
    for event in events_in(folder, begin, end, limit, frozenset(kind or EventKind)):
        who = f"{event.user or '-'}@{event.database or '-'} {event.host or '-'} {event.program or '-'}"
        typer.echo(f"{event.at.isoformat(timespec='milliseconds')} {event.kind.value} {who} {event.told}")


async def _unlike_wanted(settings: Settings) -> list[str]:
    """Return how the server's settings of its log differ from what is wanted, one line each."""
    async with reached(settings) as at:
        connection = await asyncpg.connect(**address(at.database_url), timeout=10)
        try:
            rows = await connection.fetch("SELECT name, setting FROM pg_settings WHERE name = ANY($1)", list(WANTED))
        finally:
            await connection.close(timeout=10)
    found = {row["name"]: row["setting"] for row in rows}
    return [
        f"{name} is {found.get(name)}: set {name} = '{value}' in postgresql.conf, and reload"
        for name, value in WANTED.items()
        if name in ASKED and not _is_like(found.get(name, ""), value)
    ]


def _is_like(found: str, wanted: str) -> bool:
    parts = {word.strip() for word in wanted.split(",")}
    return parts <= {word.strip() for word in found.split(",")} or found in {"all", "mod"} or (
        wanted == "on" and found not in {"off", ""}
    )  # fmt: skip


def _tell(event: SecurityEvent, form: Form) -> None:
    typer.echo(event.as_json if form is Form.JSON else event.as_syslog(platform.node() or "-"))


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC) if at.tzinfo is None else at
