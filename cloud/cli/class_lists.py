"""`esik cloud class-lists`: a school's roster as the files of OneRoster 1.2."""

from pathlib import Path
from typing import Annotated

import typer

from cloud.cli.world import Data, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.files import whole
from cloud.oneroster.files import roster_file
from cloud.oneroster.rows import Naming
from cloud.schools.queries import school_of_code


def class_lists(
    file: Annotated[Path, typer.Argument(help="The file to write, .zip; mode 0600.")],
    school: Annotated[str, typer.Option("--school", help="Code of the school.")],
    data: Data = None,
    *,
    names: Annotated[
        bool, typer.Option("--names", help="Names of all students, asked or not: for the school's own systems only.")
    ] = False,
) -> None:
    """Write classes, students and staff as OneRoster 1.2 CSV; the journal says that it was taken."""
    settings = settings_of(data)

    async def work() -> None:
        async with services_of(settings) as services:
            row = await school_of_code(services, school)
            naming = Naming.ALL if names else Naming.CONSENTED
            with whole(file) as out:
                out.write(await roster_file(services, Actor.system("command class-lists"), row.id, naming))

    run_to_the_end(work())
    typer.echo(f"wrote {file}")
