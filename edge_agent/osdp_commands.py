"""`esik edge osdp install` and `rotate`: an OSDP reader's first key, and its next one."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from edge_agent import settings as settings_module
from edge_agent.clock import Clock, SystemClock
from edge_agent.readers.opening import Driver, ReaderSettings
from edge_agent.readers.osdp_giving import GivingRefused, install, rotate
from edge_agent.readers.osdp_key import KeyRefused
from edge_agent.readers.osdp_line import Place
from edge_agent.readers.supervised import DeviceLost
from edge_agent.settings import SettingsRefused

FAILED = 1
_WARNING = """The reader's first key goes over the wire under the maker's key, which everybody knows: whoever listens
now can read cards and send false ones for as long as this key stands. Do it with the reader on your desk, or with
nobody else at the wire. The reader must be in installation mode: see its manual."""
Config = Annotated[Path, typer.Option("--config", "-c", help="The settings: see docs/settings.md.")]
Name = Annotated[str, typer.Argument(help="The reader's name in the settings.")]

app = typer.Typer(no_args_is_help=True, help="Keys of readers on an OSDP line; the agent must be stopped.")


@app.command("install")
def install_command(
    name: Name,
    config: Config = Path("agent.toml"),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: nobody listens on the wire.")] = False,
) -> None:
    """Give a reader in installation mode a key of its own."""
    reader = _reader(config, name)
    typer.echo(_WARNING)
    if not yes and not typer.confirm("Does nobody else listen on this wire?"):
        raise typer.Exit(FAILED)
    _give(install, reader)


@app.command("rotate")
def rotate_command(name: Name, config: Config = Path("agent.toml")) -> None:
    """Give a reader its next key, within the secure channel; run again, it completes what was cut."""
    _give(rotate, _reader(config, name))


def _give(give: Callable[[Place, Path, Clock], None], reader: ReaderSettings) -> None:
    try:
        give(reader.osdp, Path(reader.key_file), SystemClock())
    except (GivingRefused, KeyRefused, DeviceLost, OSError) as error:
        _fail(f"{reader.name}: {error}")
    typer.echo(f"The reader {reader.name} has proved its new key, which stands in {reader.key_file}. Start the agent.")


def _reader(config: Path, name: str) -> ReaderSettings:
    try:
        readers = settings_module.load(config).readers
    except SettingsRefused as refused:
        _fail(str(refused))
    found = [reader for reader in readers if reader.name == name and reader.driver is Driver.OSDP]
    if not found:
        there = ", ".join(reader.name for reader in readers if reader.driver is Driver.OSDP) or "none"
        _fail(f'there is no reader "{name[:40]}" with driver = "osdp"; there are: {there}')
    return found[0]


def _fail(why: str) -> NoReturn:
    typer.echo(f"esik edge osdp: {why}", err=True)
    raise typer.Exit(FAILED)
