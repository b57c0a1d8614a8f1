"""`esik cloud ...`: running, tables, imports; other files add schools, accounts, devices and what is kept."""

from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cloud.cli import (
    class_lists,
    fleet,
    keeping,
    money,
    people,
    releases,
    reports,
    sealing,
    sharing,
    sign_on,
    tree,
    verifying,
    wallet,
    watching,
)
from cloud.cli.world import Data, EditionOption, fail, prepare, reached, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.i18n import N_, Language, translate, translations
from cloud.core.logs import configure
from cloud.core.messages import message
from cloud.core.settings import Settings
from cloud.imports.actions import check_import, import_school
from cloud.imports.report import ImportReport
from cloud.imports.template import template as template_of
from cloud.schools.queries import school_of_code
from esik import __version__
from esik.starting import without_collecting


class Part(Enum):
    """What a process of the server edition does."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


HEADINGS = (N_("Sheet"), N_("Row"), N_("Column"), N_("What is wrong, and what to do"))
ALL_IN = message("Everything is in. Gates hear of it within seconds.")
ALL_IN_ORDER = message("Every row is in order. Nothing was changed.")
REFUSED = (  # as on the office's page, where the catalogues find it
    "{n} row cannot be taken. Nothing was changed: mend it and try again.",
    "{n} rows cannot be taken. Nothing was changed: mend them and try again.",
)
LanguageOption = Annotated[Language, typer.Option("--language", help="Language of what is told.")]
app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="The service: takes records in, shows pages, keeps devices and backups.",
)  # fmt: skip
app.add_typer(people.schools, name="school")
app.add_typer(people.accounts, name="account")
app.add_typer(tree.tree, name="node")
app.add_typer(fleet.authority, name="ca")
app.add_typer(fleet.devices, name="device")
app.add_typer(releases.releases, name="release")
app.add_typer(money.ledger, name="ledger")
app.add_typer(wallet.wallet, name="wallet")
app.add_typer(sign_on.sign_on, name="sign-on")
app.command("cashbox")(money.cashbox)
app.command("report")(reports.report)
app.add_typer(sharing.access, name="sql-access")
app.command("broker")(fleet.broker)
app.command("backup")(keeping.backup)
app.command("restore")(keeping.restore)
app.command("export")(keeping.export)
app.command("takein")(keeping.takein)
app.command("class-lists")(class_lists.class_lists)
app.command("retention")(sharing.retention)
app.command("verify")(verifying.verify)
app.command("security-events")(watching.security)
app.command("database-events")(watching.database)
app.add_typer(sealing.commands, name="keys")
app.add_typer(keeping.keys, name="key", hidden=True)


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
def migrate(data: Data = None, edition: EditionOption = None) -> None:
    """Bring the tables up to date: nothing is changed when anything fails. Makes the key file of a new database."""
    settings = settings_of(data, edition)

    async def work() -> list[str]:
        async with reached(settings) as at:
            return await prepare(at)

    applied = run_to_the_end(work())
    typer.echo("\n".join(f"applied {name}" for name in applied) or "the tables are up to date")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="The spreadsheet, .xlsx.")],
    school: Annotated[str, typer.Option("--school", help="Code of the school.")],
    data: Data = None,
    language: LanguageOption = Language.EN,
    *,
    check: Annotated[bool, typer.Option("--check", help="Tell what is wrong and change nothing.")] = False,
) -> None:
    """Import students, staff, classes, guardians, cards and consents: all of it, or nothing and what is wrong."""
    try:
        content = file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    settings = settings_of(data)

    async def work() -> ImportReport:
        async with services_of(settings) as services:
            actor = Actor.system("command import")
            row = await school_of_code(services, school)
            return await (check_import if check else import_school)(services, actor, row.id, content)

    report = run_to_the_end(work())
    _show(report, language)
    if report.problem_count:
        raise typer.Exit(1)


@app.command()
def template(
    file: Annotated[Path, typer.Argument(help="The .xlsx file to write.")], language: LanguageOption = Language.KK
) -> None:
    """Write an empty spreadsheet to fill in."""
    if file.exists():
        fail(f"{file} is there already: choose another name")
    file.write_bytes(template_of(language.value))
    typer.echo(f"wrote {file}")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"esik {__version__}")


def _say_ready(settings: Settings) -> None:
    typer.echo(f"esik cloud is ready: {settings.public_url}")


def _show(report: ImportReport, language: Language) -> None:
    console = Console(soft_wrap=True)
    told = partial(translate, language)
    console.print(", ".join(f"{told(count.label)} {count.figure}" for count in report.counts))
    if report.ignored:
        console.print(told(message("Columns that were not read: {names}.", names=", ".join(report.ignored))))
    if not report.problems:
        console.print(told(ALL_IN if report.was_written else ALL_IN_ORDER))
        return
    table = Table(*(told(heading) for heading in HEADINGS))
    for each in report.problems:
        table.add_row(each.sheet, str(each.row or ""), each.column, told(each.message))
    console.print(table)
    if report.problem_count > len(report.problems):
        console.print(told(message("Only the first {count} are shown.", count=len(report.problems))))
    console.print(translations(language).ngettext(*REFUSED, report.problem_count).format(n=report.problem_count))
