"""`esik cloud doctor` and `status`: whether an installation is well, with what to do, and how far its work has come."""

import asyncio
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from typing import NoReturn

import typer

from cloud.cli.examining import examine
from cloud.cli.findings import Finding, Level, wrong
from cloud.cli.telling import AsJson, Status, answer
from cloud.cli.world import Data, EditionOption, reached, run_to_the_end, services_of, settings_of
from cloud.core.clock import Clock, SystemClock
from cloud.core.database import DatabaseUnreachable
from cloud.core.errors import Refused
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.embedded.leftovers import StillRunning
from cloud.embedded.postgres import ServerRefused
from cloud.embedded.programs import ProgramsMissing
from cloud.figures import read_fleet
from schemas.topics import SHARDS

MARKS = {Level.OK: "ok     ", Level.WARNING: "warning", Level.WRONG: "WRONG  "}
_NEWEST = "SELECT max(received_at) FROM record"
_LEASES = """
SELECT (SELECT count(*) FROM worker_beat WHERE expires_at > clock_timestamp()) AS workers,
  (SELECT count(*) FROM shard_lease WHERE expires_at > clock_timestamp()) AS shards,
  (SELECT count(*) FROM quarantine) AS quarantine
"""


def doctor(data: Data = None, edition: EditionOption = None, *, as_json: AsJson = False) -> None:
    """Look at settings, keys, disks, database, tables, workers, clock, broker, certificates, pages and backups.

    Each line is ok, a warning, or wrong, and says what to do. The status is 1 when something is wrong, 78 when the
    settings are. Nothing is changed.
    """
    found: list[Finding] = []

    def tell(each: Finding) -> None:
        found.append(each)
        if not as_json:
            typer.echo(f"{MARKS[each.level]} {each.what}: {each.told}{f'. Do: {each.todo}' if each.todo else ''}")

    try:
        settings = Settings.from_environment(data=data, edition=edition)
    except Refused as error:
        tell(wrong("settings", str(error), "mend it in /etc/esik/cloud.env; docs/settings.md has them all"))
        _end(found, Status.SETTINGS, as_json=as_json)

    async def work(clock: Clock) -> None:
        try:
            async with reached(settings) as at:
                async for each in examine(at, clock):
                    tell(each)
        except (DatabaseUnreachable, ServerRefused, ProgramsMissing, StillRunning) as error:
            tell(wrong("database", str(error), "start the service, or free what holds it up"))

    asyncio.run(work(SystemClock()))
    _end(found, Status.FAILED if any(each.level is Level.WRONG for each in found) else Status.DONE, as_json=as_json)


def status(data: Data = None, edition: EditionOption = None, *, as_json: AsJson = False) -> None:
    """Tell how far the work has come: workers, devices, the last record, and what each queue has before it."""
    settings = settings_of(data, edition)

    async def work() -> dict[str, object]:
        async with services_of(settings) as services:
            return await state_of(services)

    told = run_to_the_end(work())
    answer("status", told, (f"{name}: {_shown(value)}" for name, value in told.items()), as_json=as_json)


async def state_of(services: Services) -> dict[str, object]:
    """Return what `status` tells, in the words of JSON."""
    fleet = await read_fleet(services.database.pool, range(SHARDS), services.clock)
    newest = await services.database.pool.fetchval(_NEWEST)
    leases = await services.database.pool.fetchrow(_LEASES)
    assert leases is not None, "a SELECT of numbers has a row"  # noqa: S101
    return {
        "edition": services.settings.edition.value,
        "at": _iso(services.clock.now()), "last_record_at": _iso(newest), "workers": leases["workers"],
        "shards_served": leases["shards"], "devices": fleet.devices, "devices_not_heard": fleet.not_heard,
        "certificates_ending": fleet.ending, "unsent_records": fleet.unsent, "lost_records_of_a_day": fleet.lost,
        "quarantined_records": leases["quarantine"], "open_alarms": fleet.alarms, "commands": fleet.commands,
        "behind": fleet.behind,
    }  # fmt: skip


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "none"
    return "never" if value is None else str(value)


def _end(found: list[Finding], status: Status, *, as_json: bool) -> NoReturn:
    counts = Counter(each.level for each in found)
    words = f"all {counts[Level.OK]} lines are ok"
    if counts[Level.WRONG] or counts[Level.WARNING]:
        words = f"{counts[Level.WRONG]} wrong, {counts[Level.WARNING]} warnings, {counts[Level.OK]} ok"
    lines = [{**asdict(each), "level": each.level.value} for each in found]
    answer("doctor", {"lines": lines, "status": status}, [words], as_json=as_json)
    raise typer.Exit(status)
