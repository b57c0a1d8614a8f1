"""`esik cloud verify`: whether the log of records, and every school's books, are whole."""

import typer

from cloud.cli.world import Data, EditionOption, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.ingest.verifying import Verified, verify_log
from cloud.ledger.checking import check
from cloud.schools.queries import schools_of

SYSTEM = Actor.system("command")


def verify(data: Data = None, edition: EditionOption = None) -> None:
    """Compute every chain of records anew, count every shard's positions, and add up every school's books.

    The status is 1 when anything is wrong.

    It only reads, and the service may run meanwhile. Whoever can write the database could make chains anew: what is
    proved is that no accident and no device changed a record.
    """
    settings = settings_of(data, edition)

    async def work() -> Verified:
        async with services_of(settings) as services:
            verified = await verify_log(services)
            await _verify_books(services, verified)
            return verified

    verified = run_to_the_end(work())
    for finding in verified.findings:
        typer.echo(f"{finding.place}: {finding.what}")
    if not verified.count:
        counted = f"{verified.records} records in {verified.epochs} epochs"
        typer.echo(f"in order: {counted}, every chain and every position; the books of every school")
        return
    more = verified.count - len(verified.findings)
    typer.echo(f"{verified.count} things are wrong{f', {more} not shown' if more else ''}.")
    typer.echo("Make a copy of this database before anything else is done with it.")
    raise typer.Exit(1)


async def _verify_books(services: Services, verified: Verified) -> None:
    for school in await schools_of(services, SYSTEM):
        for wrong in await check(services, SYSTEM, school.id):
            told = f"{wrong.what} {wrong.which} is kept as {wrong.kept} and adds up to {wrong.computed}"
            verified.find(f"books of {school.code}", told)
