"""`esik cloud quarantine list` and `retry`: records that came under a right seal and could not be understood."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from cloud.accounts.actions import audit
from cloud.cli.telling import AsJson, DryRun, answer
from cloud.cli.world import Data, EditionOption, run_to_the_end, services_as_they_are, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.ingest.postgres import PgStore
from cloud.ingest.quarantine import Held, held, readable
from cloud.ingest.senders import Senders

SYSTEM = Actor.system("command quarantine")
VERB = "quarantine.retried"
quarantine = typer.Typer(
    no_args_is_help=True, help="Records that were kept and not understood: list them, read them again."
)


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
    values = {"records": sum(each.records for each in found), "held": _as_json(found)}
    answer("quarantine list", values, _words_of_list(found), as_json=as_json)


@quarantine.command("retry")
def retry(
    data: Data = None, edition: EditionOption = None, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Read again what an older program could not; workers do it by themselves when they start."""
    settings = settings_of(data, edition)

    async def work() -> tuple[int, list[Held], int]:
        async with services_as_they_are(settings) if dry_run else services_of(settings) as services:
            which = await readable(services.database.pool)
            count = sum(each.records for each in which) if dry_run else await _released(services)
            return count, which, sum(each.records for each in await held(services.database.pool, None))

    count, which, left = run_to_the_end(work())
    values = {"dry_run": dry_run, "records": count, "held": left, "which": _as_json(which)}
    words = [f"{count} were read, {left} are held still"]
    if dry_run:
        words = [*(_line(each) for each in which), f"{count} of {left} could be read now"]
    answer("quarantine retry", values, words, as_json=as_json)


async def _released(services: Services) -> int:
    pool = services.database.pool
    store = PgStore(services.settings.database_url, Senders(pool, services.vault, services.clock))
    try:
        released = await store.reinterpret()
    finally:
        await store.close()
    async with services.database.transaction() as connection:
        await audit(connection, SYSTEM, VERB, f"records:{released}", at=services.clock.now())
    return released


def _words_of_list(found: Sequence[Held]) -> Iterator[str]:
    for each in found:
        yield f"{_line(each)}; {_meaning(each)}"
    yield f"{sum(each.records for each in found)} records are held" if found else "nothing is held"


def _line(each: Held) -> str:
    when = f"{each.first_at:%Y-%m-%d %H:%M} to {each.last_at:%Y-%m-%d %H:%M} UTC"
    return f"{each.device} {each.reason}: {each.records} records, {each.first_seq} to {each.last_seq}, {when}"


def _as_json(found: Sequence[Held]) -> list[dict[str, object]]:
    return [{**asdict(each), "may_be_read_later": each.may_be_read_later} for each in found]


def _meaning(each: Held) -> str:
    if each.may_be_read_later:
        return "a newer program may read them"
    return "they contradict what came before: look at the device's alarms"
