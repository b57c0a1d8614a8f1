"""The commands of the station where cards are made: the master key, agents' keys, and cards one after another."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Annotated, Literal

import msgspec
import typer

from edge_agent.cards import master as masters
from edge_agent.cards.keys import CardKeysRefused, SchoolCode, write_ring
from edge_agent.cards.link import NOWHERE, Link, LinkRefused
from edge_agent.cards.making import Maker
from edge_agent.cards.sheet import Sheet, SheetRefused, read_people
from edge_agent.cards.station import Failed, Station
from edge_agent.clock import SystemClock
from edge_agent.readers.chip import ChipTrouble, Conversing
from edge_agent.readers.direct_chip import open_direct
from edge_agent.readers.nfcpy_opening import open_nfcpy

MASTER = Path("cards.master")
EXPECTED = (CardKeysRefused, LinkRefused, SheetRefused, ChipTrouble, OSError)
FAILED = 1

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Cards that prove themselves: their keys and making."
)
master = typer.Typer(no_args_is_help=True, help="The master key: stays at this station, all other keys come from it.")
app.add_typer(master, name="master")
MasterFile = Annotated[Path, typer.Option("--master", help="The file of the master key.")]
School = Annotated[str, typer.Option("--school", help="The school's code.")]
PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="File with the passphrase; without it you are asked.")
]


@master.command("init")
def master_init(file: Annotated[Path, typer.Argument(help="Where the master key goes.")] = MASTER) -> None:
    """Make a master key; print its passphrase, once."""
    with told_in_one_line():
        passphrase = masters.make(file)
    typer.echo(f"made {file}\npassphrase of {file.name}: {passphrase}")
    typer.echo(
        "Keep two copies of the file in safe places, and the passphrase apart. Without them no card can be changed."
    )


@app.command("school-key")
def school_key(
    school: School,
    out: Annotated[Path, typer.Option("--out", help="Where the agents' file goes.")],
    keep: Annotated[int, typer.Option(min=0, max=3, help="Versions before the newest that still open gates.")] = 1,
    file: MasterFile = MASTER,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Write what a school's agents check cards by: for each of them, as the file of `cards.keys`."""
    with told_in_one_line(), masters.changing(file, _passphrase(passphrase_file)) as opened:
        ring = opened.ring(_school(opened, school), keep)
        masters.write_private(out, write_ring(ring))
    versions = ", ".join(str(keys.version) for keys in ring.versions)
    typer.echo(f"made {out}: school {school}, keys of version {versions}. Carry it to the agents; mail it nowhere.")


@app.command()
def rotate(school: School, file: MasterFile = MASTER, passphrase_file: PassphraseFile = None) -> None:
    """Go on to the next version of a school's keys."""
    with told_in_one_line(), masters.changing(file, _passphrase(passphrase_file)) as opened:
        version = opened.rotate(_school(opened, school))
    typer.echo(f"school {school} is at version {version}. Now, in this order:")
    typer.echo("1. `esik cards school-key`, and the new file to all agents of the school")
    typer.echo("2. `esik cards personalise` for each card; until then the old ones still open gates")
    typer.echo(
        "3. `esik cards school-key --keep 0`, and that file to all agents: cards that were left out open nothing"
    )


@app.command()
def personalise(
    school: School,
    reader: Annotated[str, typer.Option("--reader", help="The PN532's serial line, as /dev/serial/by-id/...")],
    driver: Annotated[Literal["pn532", "pn532-direct"], typer.Option(help="As in the agent's settings.")] = "pn532",
    sheet: Annotated[Path | None, typer.Option(help="List of the cards made, .xlsx, for the office's import.")] = None,
    people: Annotated[Path | None, typer.Option(help="Whose they are to be: an IIN or number a line.")] = None,
    count: Annotated[int, typer.Option(min=0, help="End after so many cards; 0: with Ctrl-C.")] = 0,
    url: Annotated[str, typer.Option(help="Address that chips with links lead to.")] = NOWHERE,
    file: MasterFile = MASTER,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make cards the school's, one after another: blank ones, and older ones after a rotation."""
    with told_in_one_line(), masters.changing(file, _passphrase(passphrase_file)) as opened:
        kept = Sheet(sheet, read_people(people) if people is not None else ()) if sheet is not None else None
        maker = Maker(opened, _school(opened, school), Link(url), SystemClock(), SystemRandom())
        chip = _open(reader, driver)
        try:
            asyncio.run(_make_cards(Station(chip, maker, SystemClock()), kept, count))
        except KeyboardInterrupt:
            typer.echo("ended")
        finally:
            chip.close()


async def _make_cards(station: Station, sheet: Sheet | None, count: int) -> None:
    """Make cards and tell of each; the number goes to who stands here, and into no log."""
    typer.echo("Put a card on the reader, and leave it until it is told.")
    made = 0
    async for outcome in station.cards():
        if isinstance(outcome, Failed):
            typer.echo(f"NOT MADE: {outcome.reason}", err=True)
            continue
        made += 1
        person = sheet.add(outcome) if sheet is not None else ""
        number = outcome.uid.hex().upper()
        typer.echo(f"{made:4} made: {number} {outcome.medium.value}{f', for {person}' if person else ''}")
        if made == count:
            return


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn expected errors into one line and the status 1."""
    try:
        yield
    except EXPECTED as error:
        typer.echo(f"esik cards: {error}", err=True)
        raise typer.Exit(FAILED) from error


def _passphrase(file: Path | None) -> str:
    if file is None:
        asked: str = typer.prompt("Passphrase of the master key", hide_input=True)
        return asked.strip()
    return file.read_text(encoding="utf-8").strip()


def _school(opened: masters.Master, code: str) -> str:
    """Return a school's code; one that is new here is said so, for it may be a slip of the fingers."""
    try:
        school: str = msgspec.convert(code, SchoolCode)
    except msgspec.ValidationError:
        raise CardKeysRefused(
            f"{code[:20]!r} is no school's code: 4 to 12 of a-z and 0-9, as the cloud shows it"
        ) from None
    if school not in opened.schools:
        typer.echo(f"note: school {school} is new to this master key", err=True)
    return school


def _open(path: str, driver: str) -> Conversing:
    opening = open_nfcpy if driver == "pn532" else partial(open_direct, clock=SystemClock())
    chip = opening(path)
    assert isinstance(chip, Conversing), "a PN532 carries APDUs"  # noqa: S101
    return chip
