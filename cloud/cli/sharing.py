"""`esik cloud sql-access` and `retention`: who reads a school's views by SQL, and what was deleted after its term."""

import json
from typing import Annotated

import typer

from cloud.cli.world import Data, EditionOption, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.settings import Settings
from cloud.exports.sharing import Shared, add_sql_access, remove_sql_access
from cloud.retention.actions import Begin, Certificate, certificates_of, delete_due, look
from cloud.schools.queries import school_of_code

access = typer.Typer(no_args_is_help=True, help="Integration at database level: read-only views, one role a school.")
School = Annotated[str, typer.Argument(help="Code of the school.")]
ACTOR = Actor.system("command sql-access")
OPEN = (
    "It may still hold advisory locks and make large objects, as everybody may who connects: only the server's owner "
    "can close that. Run this command once with ESIK_DATABASE_URL naming a superuser."
)


@access.command("add")
def add(school: School, data: Data = None, edition: EditionOption = None) -> None:
    """Make the role and its views, or make them anew: after an update too, when tables have changed."""
    settings = settings_of(data, edition)

    async def work() -> Shared:
        async with services_of(settings) as services:
            return await add_sql_access(services, ACTOR, school)

    shared = run_to_the_end(work())
    typer.echo(f"made role {shared.role} with {shared.views} views in schema {shared.schema}")
    typer.echo(f"password, shown once: {shared.password}")
    if not shared.is_closed:
        typer.echo(OPEN)
    typer.echo("Let it in by pg_hba.conf, over TLS, from the other program's address only.")


@access.command("remove")
def remove(school: School, data: Data = None, edition: EditionOption = None) -> None:
    """Take the role and its views away, and end its sessions."""
    settings = settings_of(data, edition)

    async def work() -> None:
        async with services_of(settings) as services:
            await remove_sql_access(services, ACTOR, school)

    run_to_the_end(work())
    typer.echo(f"{school} has no access by SQL any more")


def retention(
    school: School,
    data: Data = None,
    edition: EditionOption = None,
    *,
    now: Annotated[bool, typer.Option("--now", help="Delete first what is due, at every school.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be deleted now; change nothing.")
    ] = False,
) -> None:
    """Print a school's certificates of deletion, a line of JSON each, the newest first."""
    settings = settings_of(data, edition)
    if dry_run:
        _print_due(settings, school)
        return

    async def work() -> list[Certificate]:
        async with services_of(settings) as services:
            if now:
                await delete_due(services, Begin.AT_ONCE)
            return await certificates_of(services, ACTOR, (await school_of_code(services, school)).id)

    for certificate in run_to_the_end(work()):
        typer.echo(json.dumps({**json.loads(certificate.encoded()), "sha256": certificate.digest.hex()}))


def _print_due(settings: Settings, school: str) -> None:
    """Print what each rule would delete at a school now."""

    async def work() -> dict[str, dict[str, int]]:
        async with services_of(settings) as services:
            return await look(services, ACTOR, (await school_of_code(services, school)).id)

    found = run_to_the_end(work())
    for rule, counts in found.items():
        typer.echo(json.dumps({"rule": rule, "would_go": counts}, sort_keys=True))
    if not found:
        typer.echo("nothing is too old")
