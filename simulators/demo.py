"""`esik demo`: a whole school on this machine, its cloud, its gates and its people; and commands to a running one."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from esik.starting import without_collecting
from simulators.demo_control import NoDemo, ask

FOLDER = Path("build/demo")
FAILED = 1


Folder = Annotated[Path, typer.Option("--data", help="Where everything of the demonstration is kept.")]

app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False,
    help="A whole school on this machine, with its pages. Ctrl-C ends it.",
)  # fmt: skip


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    data: Folder = FOLDER,
    port: Annotated[int, typer.Option(help="Port of the pages; another one is taken if it is not free.")] = 8000,
    seed: Annotated[int, typer.Option(help="What names, cards and habits are drawn from.")] = 2026,
    for_s: Annotated[
        float | None, typer.Option("--for", metavar="SECONDS", help="End by itself after so long.")
    ] = None,
    *,
    fast: Annotated[bool, typer.Option("--fast", help="Let people come as quick as the gates take them.")] = False,
) -> None:
    """Start a school: cloud, two gates with their agents, and the people who come."""
    if context.invoked_subcommand is not None:
        return
    with without_collecting():  # the other commands need no cloud and start quicker
        from simulators.demo_progress import words_of  # noqa: PLC0415
        from simulators.demo_show import EXPECTED, Options, show  # noqa: PLC0415

    words = words_of(data, FOLDER)
    options = Options(data, words, seed, for_s=for_s, port=port, is_fast=fast)
    try:
        asyncio.run(show(options, Console(highlight=False)))
    except* EXPECTED as errors:
        _refuse(str(_first(errors)))


@app.command()
def unplug(data: Folder = FOLDER) -> None:
    """Pull the network cable between the school and the cloud. The gates go on working."""
    _tell(data, "unplug")


@app.command()
def plug(data: Folder = FOLDER) -> None:
    """Put the cable back. Every record arrives, once."""
    _tell(data, "plug")


@app.command()
def status(data: Folder = FOLDER) -> None:
    """Say how many taps there were, how many records wait, and how the cable is."""
    _tell(data, "status")


def _tell(folder: Path, line: str) -> None:
    try:
        typer.echo(ask(folder, line))
    except NoDemo as error:
        _refuse(str(error))


def _first(error: BaseException) -> BaseException:
    """Return the first trouble itself, out of the groups of tasks around it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _refuse(text: str) -> None:
    typer.echo(f"esik demo: {text}", err=True)
    sys.exit(FAILED)
