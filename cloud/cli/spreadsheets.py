"""`esik cloud import` and `esik cloud template`: a school comes in by a file, whole or not at all."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cloud.cli.world import Data, fail, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.i18n import N_, Language, translate, translations
from cloud.core.messages import message
from cloud.imports.actions import check_import, import_school
from cloud.imports.report import ImportReport
from cloud.imports.template import template as template_of
from cloud.schools.queries import school_of_code

HEADINGS = (N_("Sheet"), N_("Row"), N_("Column"), N_("What is wrong, and what to do"))
ALL_IN = message("Everything is in. Gates hear of it within seconds.")
ALL_IN_ORDER = message("Every row is in order. Nothing was changed.")
REFUSED = (  # as on the office's page, where the catalogues find it
    "{n} row cannot be taken. Nothing was changed: mend it and try again.",
    "{n} rows cannot be taken. Nothing was changed: mend them and try again.",
)
LanguageOption = Annotated[Language, typer.Option("--language", help="Language of what is told.")]


def import_file(
    file: Annotated[Path, typer.Argument(help="The spreadsheet (.xlsx), or OneRoster 1.2 lists (.zip).")],
    school: Annotated[str, typer.Option("--school", help="Code of the school.")],
    data: Data = None,
    language: LanguageOption = Language.EN,
    org: Annotated[str, typer.Option("--org", help="Its sourcedId in OneRoster lists, if not the code.")] = "",
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
            return await (check_import if check else import_school)(services, actor, row.id, content, org)

    report = run_to_the_end(work())
    _show(report, language)
    if report.problem_count:
        raise typer.Exit(1)


def template(
    file: Annotated[Path, typer.Argument(help="The .xlsx file to write.")], language: LanguageOption = Language.KK
) -> None:
    """Write an empty spreadsheet to fill in."""
    if file.exists():
        fail(f"{file} is there already: choose another name")
    file.write_bytes(template_of(language.value))
    typer.echo(f"wrote {file}")


def _show(report: ImportReport, language: Language) -> None:
    console = Console(soft_wrap=True)
    told = partial(translate, language)
    console.print(", ".join(f"{told(count.label)} {count.figure}" for count in report.counts))
    if report.ignored:
        console.print(told(message("Columns that were not read: {names}.", names=", ".join(report.ignored))))
    for note in report.notes:
        console.print(told(note))
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
