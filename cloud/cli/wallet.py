"""`esik cloud wallet ...`: files of the Social Wallet come and go by the command line, for who has a folder of them.

Not tested against the live system: its interface is not public.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from cloud.cli.world import Data, fail, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.schools.queries import SchoolRow, school_of_code
from cloud.wallet.desk import FolderDesk, WalletAway
from cloud.wallet.exchange import Sending, Unread, take_waiting, tell_meals
from cloud.wallet.kinds import FileKind
from cloud.wallet.taking import TakenFile, take_file

wallet = typer.Typer(no_args_is_help=True, help="Files of the Social Wallet; not tested against the live system.")
SYSTEM = Actor.system("command wallet")
SchoolOption = Annotated[str, typer.Option("--school", help="Code of the school.")]
FromOption = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of the meals.")]
ToOption = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day of the meals.")]


@wallet.command("take")
def take(
    file: Annotated[Path, typer.Argument(help="CSV or JSON Lines.")],
    kind: Annotated[FileKind, typer.Option("--kind", help="What the file tells.")],
    school: SchoolOption,
    data: Data = None,
) -> None:
    """Take in a file of vouchers or a tabel: every row that can be; end with 1 when some cannot."""
    try:
        content = file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    settings = settings_of(data)

    async def work() -> TakenFile:
        async with services_of(settings) as services:
            found = await school_of_code(services, school)
            return await take_file(services, SYSTEM, found.id, kind, content)

    if _show(run_to_the_end(work())):
        raise typer.Exit(1)


@wallet.command("exchange")
def exchange(
    folder: Annotated[Path, typer.Option("--folder", help="Holds in/, from which files are taken, and out/.")],
    school: SchoolOption,
    first: FromOption = None,
    last: ToOption = None,
    data: Data = None,
) -> None:
    """Take the files that wait in a folder, and write the meals of some days (this month's) that were not told yet."""
    settings = settings_of(data)

    async def work() -> tuple[list[TakenFile | Unread], Sending]:
        async with services_of(settings) as services:
            found = await school_of_code(services, school)
            desk, days = FolderDesk(folder), _days(services, found, first, last)
            outcomes = await take_waiting(services, SYSTEM, found.id, desk)
            return outcomes, await tell_meals(services, SYSTEM, found.id, desk, days)

    try:
        outcomes, sending = run_to_the_end(work())
    except OSError as error:
        fail(f"{folder} cannot be used: {error.strerror}")
    except WalletAway:
        fail(f"{folder} did not answer in time: run it again, nothing is told twice")
    are_wrong = [_show(outcome) for outcome in outcomes]
    typer.echo(f"told {sending.taken} meals")
    if any(are_wrong):
        raise typer.Exit(1)


def _days(services: Services, school: SchoolRow, first: datetime | None, last: datetime | None) -> tuple[date, date]:
    last_on = last.date() if last else services.clock.now().astimezone(school.zone).date()
    return first.date() if first else last_on.replace(day=1), last_on


def _show(outcome: TakenFile | Unread) -> bool:
    """Tell what became of a file; return whether something of it was not taken."""
    if isinstance(outcome, Unread):
        typer.echo(f"{outcome.name}: {outcome.message}", err=True)
        return True
    typer.echo(
        f"{outcome.kind}: {outcome.added} new, {outcome.changed} changed, {outcome.same} known,"
        f" {outcome.rejected} not taken"
    )
    for problem in outcome.problems:
        typer.echo(f"row {problem.row}: {problem.message}", err=True)
    return outcome.rejected > 0
