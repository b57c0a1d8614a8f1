"""`esik cloud verify`: whether the log of records is whole."""

import typer

from cloud.cli.world import Data, EditionOption, run_to_the_end, services_of, settings_of
from cloud.ingest.verifying import Verified, verify_log


def verify(data: Data = None, edition: EditionOption = None) -> None:
    """Compute every chain of records anew and count every shard's positions; the status is 1 when anything is wrong.

    It only reads, and the service may run meanwhile. Whoever can write the database could make chains anew: what is
    proved is that no accident and no device changed a record.
    """
    settings = settings_of(data, edition)

    async def work() -> Verified:
        async with services_of(settings) as services:
            return await verify_log(services)

    verified = run_to_the_end(work())
    for finding in verified.findings:
        typer.echo(f"{finding.place}: {finding.what}")
    if not verified.count:
        typer.echo(f"in order: {verified.records} records in {verified.epochs} epochs, every chain and every position")
        return
    more = verified.count - len(verified.findings)
    typer.echo(f"{verified.count} things are wrong{f', {more} not shown' if more else ''}.")
    typer.echo("Make a copy of this database before anything else is done with it.")
    raise typer.Exit(1)
