"""`esik cloud report`: a school's monthly report made, made anew from the records and compared, or written out."""

from pathlib import Path
from typing import Annotated

import typer

from cloud.cli.world import Data, fail, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.files import whole
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.reports.actions import make_asked
from cloud.reports.checking import Checked, check
from cloud.reports.files import File, Form, file_of
from cloud.reports.months import Month
from cloud.reports.queries import reports_of
from cloud.schools.queries import school_of_code

SYSTEM = Actor.system("command")


def report(
    school: Annotated[str, typer.Argument(help="Code of the school.")],
    month: Annotated[str, typer.Argument(help="The month, as 2026-08.")],
    data: Data = None,
    *,
    compare: Annotated[
        bool, typer.Option("--check", help="Make it anew from the records alone and compare every byte.")
    ] = False,
    make: Annotated[bool, typer.Option("--make", help="Make it, where the month is over and has none.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write its files into.")] = None,
    language: Annotated[Language, typer.Option("--language", help="Of the files.")] = Language.KK,
) -> None:
    """Make, check or write out the report of free and subsidised meals; --check ends with 1 when anything differs."""
    if not (compare or make or out):
        fail("say what to do: --make, --check, or --out FOLDER")
    settings = settings_of(data)

    async def work() -> tuple[list[Checked], list[str]]:
        async with services_of(settings) as services:
            if make:
                row = await school_of_code(services, school)
                today = services.clock.now().astimezone(row.zone).date()
                await make_asked(services, SYSTEM, row.id, month, today)
            written = await _write(services, school, Month.parse(month), out, language) if out else []
            return (await check(services, SYSTEM, school, Month.parse(month)) if compare else []), written

    checked, written = run_to_the_end(work())
    for name in written:
        typer.echo(f"wrote {name}")
    if make:
        typer.echo(f"made the report of {school} for {month}")
    if compare:
        _tell(checked, school, month)


def _tell(checked: list[Checked], school: str, month: str) -> None:
    if not checked:
        fail(f"{school} has no report for {month}: --make makes it")
    for each in checked:
        typer.echo(f"report {each.number}, sha256 {each.digest}: {each.wrong or 'the same, byte by byte'}")
    if not all(each.is_same for each in checked):
        fail("a report is not what the records make: see docs/reports.md")


async def _write(services: Services, code: str, month: Month, out: Path, language: Language) -> list[str]:
    school = await school_of_code(services, code)
    rows = [row for row in await reports_of(services, SYSTEM, school.id) if row.month == month]
    files: list[File] = [
        await file_of(services, SYSTEM, school.id, row.id, form, language) for row in rows for form in Form
    ]
    for file in files:
        with whole(out / file.name) as writing:
            writing.write(file.body)
    return [str(out / file.name) for file in files]
