"""`esik cloud ledger ...` and `esik cloud cashbox`: the books checked and written out, and a school's cashbox."""

from pathlib import Path
from typing import Annotated

import typer

from cloud.cli.world import Data, fail, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.files import whole
from cloud.ledger.checking import Discrepancy, check
from cloud.ledger.journals import Program, journal
from cloud.schools.queries import school_of_code, schools_of
from cloud.topups.fiscal import Cashbox, Keys, put_cashbox

ledger = typer.Typer(no_args_is_help=True, help="The books of schools: check them, or write them out.")
SYSTEM = Actor.system("command")
SchoolOption = Annotated[str, typer.Option("--school", help="Code of the school.")]


@ledger.command("check")
def ledger_check(data: Data = None) -> None:
    """Add up every school's ledger anew and compare it with what is kept; end with 1 when they differ."""
    settings = settings_of(data)

    async def work() -> list[tuple[str, Discrepancy]]:
        async with services_of(settings) as services:
            schools = await schools_of(services, SYSTEM)
            return [(school.code, wrong) for school in schools for wrong in await check(services, SYSTEM, school.id)]

    found = run_to_the_end(work())
    for code, wrong in found:
        typer.echo(f"{code}: {wrong.what} {wrong.which} is kept as {wrong.kept} and adds up to {wrong.computed}")
    if found:
        fail("the books are not whole: somebody wrote around the database's guards, see docs/money.md")
    typer.echo("the books of every school are whole")


@ledger.command("journal")
def ledger_journal(
    school: SchoolOption,
    out: Annotated[Path, typer.Option("--out", help="The file to write.")],
    program: Annotated[Program, typer.Option("--program", help="Whose journal.")] = Program.HLEDGER,
    data: Data = None,
) -> None:
    """Write a school's whole ledger as a journal of hledger or beancount."""
    settings = settings_of(data)

    async def work() -> None:
        async with services_of(settings) as services:
            found = await school_of_code(services, school)
            with whole(out) as file:
                async for text in journal(services, SYSTEM, found.id, program):
                    file.write(text.encode())

    run_to_the_end(work())
    typer.echo(f"wrote {out}")


def cashbox(
    school: SchoolOption,
    number: Annotated[str, typer.Option("--number", help="Of the cashbox at the provider, as SWK00030725.")],
    url: Annotated[str, typer.Option("--url", help="Where the provider's service is, as https://host.")],
    keys: Annotated[Path, typer.Option("--keys", help="File of three lines: login, password, key of the service.")],
    data: Data = None,
) -> None:
    """Give a school a cashbox at Webkassa: cash taken from now on is registered. Delete the file of keys after."""
    settings = settings_of(data)
    try:
        login, password, key = keys.read_text().split()
    except (OSError, ValueError):
        fail(f"{keys} is no file of three lines: login, password, key of the service")
    if not url.startswith("https://"):
        fail("the service's address begins with https://")

    async def work() -> None:
        async with services_of(settings) as services:
            found = await school_of_code(services, school)
            box = Cashbox(number, url.rstrip("/"), Keys(login, password, key))
            await put_cashbox(services, SYSTEM, found.id, box)

    run_to_the_end(work())
    typer.echo(f"{school} registers cash at {number}")
