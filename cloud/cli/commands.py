"""`esik cloud ...`: the service and its tables; where the other commands are."""

from collections.abc import Mapping
from enum import Enum
from itertools import count
from typing import Annotated, ClassVar

import typer

from cloud.cli.lazily import Lazily
from cloud.cli.telling import AsJson, DryRun, answer, progress
from cloud.cli.world import Data, EditionOption, prepare, reached, run_to_the_end, settings_of
from cloud.core.logs import configure
from cloud.core.migrating import pending
from cloud.core.settings import Settings
from esik import __version__
from esik.starting import without_collecting


class Part(Enum):
    """What a process of the server edition does."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


class Commands(Lazily):
    """Where each command is that a start of the service has no need of."""

    places: ClassVar[Mapping[str, str]] = {
        "import": "cloud.cli.spreadsheets:import_file",
        "template": "cloud.cli.spreadsheets:template",
        "school": "cloud.cli.people:schools",
        "account": "cloud.cli.people:accounts",
        "node": "cloud.cli.tree:tree",
        "ca": "cloud.cli.fleet:authority",
        "device": "cloud.cli.fleet:devices",
        "release": "cloud.cli.releases:releases",
        "ledger": "cloud.cli.money:ledger",
        "wallet": "cloud.cli.wallet:wallet",
        "sign-on": "cloud.cli.sign_on:sign_on",
        "cashbox": "cloud.cli.money:cashbox",
        "report": "cloud.cli.reports:report",
        "sql-access": "cloud.cli.sharing:access",
        "broker": "cloud.cli.fleet:broker",
        "backup": "cloud.cli.backups:backup",
        "backup-key": "cloud.cli.backups:backup_keys",
        "drill": "cloud.cli.backups:drill",
        "restore": "cloud.cli.backups:restore",
        "doctor": "cloud.cli.health:doctor",
        "status": "cloud.cli.health:status",
        "maintenance": "cloud.cli.maintaining:maintenance",
        "quarantine": "cloud.cli.quarantining:quarantine",
        "export": "cloud.cli.keeping:export",
        "takein": "cloud.cli.keeping:takein",
        "class-lists": "cloud.cli.class_lists:class_lists",
        "retention": "cloud.cli.sharing:retention",
        "verify": "cloud.cli.verifying:verify",
        "security-events": "cloud.cli.watching:security",
        "database-events": "cloud.cli.watching:database",
        "keys": "cloud.cli.sealing:commands",
        "key": "cloud.cli.keeping:keys",
        "push-key": "cloud.cli.pushing:push_key_commands",
    }


app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="The service: takes records in, shows pages, keeps devices and backups.",
)  # fmt: skip


@app.command()
def run(
    data: Data = None,
    edition: EditionOption = None,
    part: Annotated[Part, typer.Option(help="Only a part of it, for the server edition's units.")] = Part.ALL,
) -> None:
    """Run the service until SIGTERM or Ctrl-C: pages, worker, and in the embedded edition database and broker."""
    with without_collecting():
        from cloud.cli import running  # noqa: PLC0415 (other commands need no web and start quicker)

    settings = settings_of(data, edition)
    configure(settings.log_level, settings.log_style)
    parts = running.Parts(web=part is not Part.WORKER, worker=part is not Part.WEB)
    run_to_the_end(running.run(settings, parts, _say_ready))


@app.command()
def migrate(
    data: Data = None, edition: EditionOption = None, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Bring the tables up to date: nothing is changed when anything fails. Makes the key file of a new database."""
    settings = settings_of(data, edition)

    async def work() -> list[str]:
        async with reached(settings) as at:
            wanted = await pending(at.database_url)
            if dry_run:
                return wanted
            with progress("migrating") as tell:
                done = count(1)
                return await prepare(at, lambda name: tell(name, next(done), len(wanted)))

    applied = run_to_the_end(work())
    would = "would apply" if dry_run else "applied"
    words = [f"{would} {name}" for name in applied] or ["the tables are up to date"]
    answer("migrate", {"dry_run": dry_run, "applied": applied}, words, as_json=as_json)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"esik {__version__}")


def _say_ready(settings: Settings) -> None:
    typer.echo(f"esik cloud is ready: {settings.public_url}")
