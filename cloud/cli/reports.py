"""`esik cloud report`: a school's monthly report made, made anew from the records and compared, or written out."""

from collections.abc import Sequence
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
from cloud.reports.errors import MonthRefused
from cloud.reports.files import File, Form, file_of
from cloud.reports.months import Month
from cloud.reports.queries import reports_of
from cloud.reports.subjects import SUBJECTS, AnySubject, Key
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
    subject: Annotated[Key | None, typer.Option("--subject", help="Only of meals, or of attendance.")] = None,
) -> None:
    """Make, check or write out the monthly reports to the authority; --check ends with 1 when anything differs."""
    if not (compare or make or out):
        fail("say what to do: --make, --check, or --out FOLDER")
    settings, subjects = settings_of(data), [each for each in SUBJECTS if subject in (None, each.key)]

    async def work() -> tuple[list[str], list[str], list[tuple[str, Checked]]]:
        async with services_of(settings) as services:
            made = await _make(services, school, month, subjects) if make else []
            written = await _write(services, school, Month.parse(month), out, language, subjects) if out else []
            return made, written, await _check(services, school, Month.parse(month), subjects) if compare else []

    made, written, checked = run_to_the_end(work())
    for name in written:
        typer.echo(f"wrote {name}")
    for key in made:
        typer.echo(f"made the report of {key} of {school} for {month}")
    if compare:
        _tell(checked, school, month)


def _tell(checked: list[tuple[str, Checked]], school: str, month: str) -> None:
    if not checked:
        fail(f"{school} has no report for {month}: --make makes it")
    for key, each in checked:
        typer.echo(f"{key}, report {each.number}, sha256 {each.digest}: {each.wrong or 'the same, byte by byte'}")
    if not all(each.is_same for _, each in checked):
        fail("a report is not what the records make: see docs/reports.md")


async def _make(services: Services, code: str, month: str, subjects: Sequence[AnySubject]) -> list[str]:
    """Make what lacks of these subjects, and return which. Raises MonthRefused where nothing does."""
    school, made = await school_of_code(services, code), list[str]()
    today = services.clock.now().astimezone(school.zone).date()
    for subject in subjects:
        try:
            await make_asked(services, SYSTEM, school.id, subject, month, today)
        except MonthRefused:
            if subject is subjects[-1] and not made:
                raise
        else:
            made.append(subject.key)
    return made


async def _check(
    services: Services, code: str, month: Month, subjects: Sequence[AnySubject]
) -> list[tuple[str, Checked]]:  # fmt: skip
    return [(subject.key, each) for subject in subjects for each in await check(services, SYSTEM, code, month, subject)]


async def _write(
    services: Services, code: str, month: Month, out: Path, language: Language, subjects: Sequence[AnySubject]
) -> list[str]:  # fmt: skip
    school, files = await school_of_code(services, code), list[File]()
    for subject in subjects:
        rows = [row for row in await reports_of(services, SYSTEM, school.id, subject) if row.month == month]
        files += [await file_of(services, SYSTEM, school.id, row.id, form, language) for row in rows for form in Form]
    for file in files:
        with whole(out / file.name) as writing:
            writing.write(file.body)
    return [str(out / file.name) for file in files]
