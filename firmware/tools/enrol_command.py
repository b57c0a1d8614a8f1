"""`esik device enrol`: a code is scanned, a board is on the cable, and the node's two files go onto it."""

import sys
import tempfile
import time
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from esik import __version__
from firmware.tools.boardfiles import BoardFile, board_kinds
from firmware.tools.enrol import Board, Door, FolderBoard, SerialBoard, node_files
from firmware.tools.enrolling import EnrolmentRefused, doors_page
from firmware.tools.flash_errors import FlashRefused
from firmware.tools.flash_ports import is_gone, whole_path
from firmware.tools.flash_programs import Programs
from schemas.enrolment import CodeRefused, read_code

FAILED = 1
ATTEMPTS_MAX = 5


class Direction(Enum):
    """Which way a card at this reader wants to go."""

    IN = "in"
    OUT = "out"


def enrol(
    board: Annotated[str, typer.Option(help="Which board it is, as `esik device flash` names it.")],
    port: Annotated[str, typer.Option(help="The serial port it is at.")] = "",
    folder: Annotated[Path | None, typer.Option(help="Write the files into this folder instead of a board.")] = None,
    code: Annotated[str, typer.Option(help="The text of the QR code; without it, you scan it now.")] = "",
    direction: Annotated[Direction, typer.Option(help="Where somebody goes who shows a card here.")] = Direction.IN,
    wifi: Annotated[str, typer.Option(help="Name of the wireless network; its password is asked for.")] = "",
    *,
    sensor: Annotated[bool, typer.Option(help="The gate tells who went through.")] = True,
    scanner: Annotated[bool, typer.Option(help="A QR scanner hangs on it.")] = False,
) -> None:
    """Enrol a stand-alone gate by a code: make its key, get its bundle, write both onto the board."""
    if board not in {kind.name for kind in board_kinds()}:
        _fail(f"there is no board {board[:40]!r}: the boards are {', '.join(kind.name for kind in board_kinds())}")
    if not port and folder is None:
        _fail("name the board's --port (`esik device ports` lists them), or a --folder")
    if is_gone(port):  # told before the code is used
        _fail(f"the board is not at {port}: put the cable in, and run this again")
    try:
        read = read_code(code or _scanned())
        password = _password(wifi) if wifi else ""
        door = Door(board, direction.value, has_sensor=sensor, has_scanner=scanner, ssid=wifi, password=password)
        files = node_files(read, door, __version__, time.time_ns() // 1_000_000)
    except (CodeRefused, EnrolmentRefused) as refused:
        _fail(str(refused))
    with tempfile.TemporaryDirectory(prefix="esik-enrol-") as work:
        _write(
            files, FolderBoard(folder) if folder else SerialBoard(Programs(Path(work)), whole_path(port), typer.echo)
        )
    typer.echo(
        f"\nDone: {read.device} of school {read.school} serves {read.gates[0]}.\n"
        f"Next: within a minute {doors_page(read.url, read.school)} shows it online; then hold a card to its reader."
    )


def _write(files: Sequence[BoardFile], board: Board) -> None:
    """Write the files; whoever sits there may mend the cable and try again, for the code is used up."""
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            board.put(files)
            board.restart()
        except FlashRefused as refused:
            said = f"{refused}: {refused.advice}"
            if attempt == ATTEMPTS_MAX or not sys.stdin.isatty():
                _fail(f"{said}. The code is used up: print another one for the same door")
            typer.prompt(f"{said}. Then press Enter", default="", show_default=False)
        else:
            return


def _scanned() -> str:
    typer.echo("Scan the QR code of the door, or paste its text:")
    return sys.stdin.readline()


def _password(network: str) -> str:
    return str(typer.prompt(f"Password of {network}", hide_input=True, default="", show_default=False))


def _fail(text: str) -> NoReturn:
    typer.echo(f"esik device: {text}", err=True)
    raise typer.Exit(FAILED)
