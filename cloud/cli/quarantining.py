"""`esik cloud quarantine list` and `retry`: records that came under a right seal and could not be understood."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from cloud.accounts.actions import audit
from cloud.cli.world import Data, EditionOption, fail, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.ingest.postgres import PgStore
from cloud.ingest.quarantine import Held, count_readable, held
from cloud.ingest.senders import Senders
from cloud.ingest.store import StoreFailed

SYSTEM = Actor.system("command quarantine")
VERB = "quarantine.retried"
quarantine = typer.Typer(
    no_args_is_help=True, help="Records that were kept and not understood: list them, read them again."
)
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of words.")]


@quarantine.command("list")
def list_held(
    data: Data = None,
    edition: EditionOption = None,
    device: Annotated[str | None, typer.Option("--device", help="Only this device's.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List what is held by device and reason; what stands in the records is not shown, it may name people."""
    settings = settings_of(data, edition)

    async def work() -> list[Held]:
        async with services_of(settings) as services:
            return await held(services.database.pool, device)

    found = run_to_the_end(work())
    if as_json:
        lines = [{**asdict(each), "may_be_read_later": each.may_be_read_later} for each in found]
        typer.echo(json.dumps(lines, default=lambda at: at.isoformat()))
        return
    for each in found:
        when = f"{each.first_at:%Y-%m-%d %H:%M} to {each.last_at:%Y-%m-%d %H:%M} UTC"
        which = f"{each.records} records, {each.first_seq} to {each.last_seq}"
        typer.echo(f"{each.device} {each.reason}: {which}, {when}; {_meaning(each)}")
    typer.echo(f"{sum(each.records for each in found)} records are held" if found else "nothing is held")


@quarantine.command("retry")
def retry(
    data: Data = None,
    edition: EditionOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many could be read now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read again what an older program could not; workers do it by themselves when they start."""
    settings = settings_of(data, edition)

    async def work() -> tuple[int, int]:
        async with services_of(settings) as services:
            count = await count_readable(services.database.pool) if dry_run else await _released(services)
            return count, sum(each.records for each in await held(services.database.pool, None))

    count, left = run_to_the_end(work())
    if as_json:
        typer.echo(json.dumps({"readable" if dry_run else "released": count, "held": left}))
        return
    typer.echo(f"{count} of {left} could be read now" if dry_run else f"{count} were read, {left} are held still")


async def _released(services: Services) -> int:
    pool = services.database.pool
    store = PgStore(services.settings.database_url, Senders(pool, services.vault, services.clock))
    try:
        released = await store.reinterpret()
    except StoreFailed as error:
        fail(error)
    finally:
        await store.close()
    async with services.database.transaction() as connection:
        await audit(connection, SYSTEM, VERB, f"records:{released}", at=services.clock.now())
    return released


def _meaning(each: Held) -> str:
    if each.may_be_read_later:
        return "a newer program may read them"
    return "they contradict what came before: look at the device's alarms"
