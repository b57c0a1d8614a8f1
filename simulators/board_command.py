"""`python -m simulators board`: prints the pseudo-terminal's path and serves until interrupted."""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from simulators.board import COMMANDS, Board
from simulators.control import serve_commands
from simulators.esp_image import make_micropython
from simulators.rom_loader import MAKES


def main(words: Sequence[str]) -> int:
    """Serve one board."""
    chosen = _parser().parse_args(words)
    if chosen.image is not None:
        chosen.image.write_bytes(make_micropython(MAKES[chosen.chip].chip_id, bytes(300_000)))
    if chosen.folder is not None:
        chosen.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="esik-board-") as folder:
        asyncio.run(_serve(chosen.folder or Path(folder), chosen.chip, chosen.link, chosen.control))
    return 0


async def _serve(folder: Path, chip: str, link: Path | None, control: int) -> None:
    board = Board(folder, chip=chip, link=link)
    path = await board.plug()
    try:
        await serve_commands(board, control, address=str(link or path), commands=COMMANDS)
    finally:
        await board.unplug()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators board",
        description="An ESP32 board on a pseudo-terminal, empty at first: esptool, mpremote and `esik device flash` "
        "take it for a real one. It needs the MicroPython that `make setup` brings.",
        epilog=f"Commands, one a line, on standard input or the control port: {COMMANDS}.",
    )
    parser.add_argument("--chip", choices=list(MAKES), default="esp32s3", help="what the chip says it is")
    parser.add_argument("--folder", type=Path, metavar="PATH", help="where its files are kept while it runs")
    parser.add_argument("--image", type=Path, metavar="PATH", help="write a file that passes for its MicroPython")
    parser.add_argument("--link", type=Path, metavar="PATH", help="a symbolic link to keep to the pseudo-terminal")
    parser.add_argument("--control", type=int, default=0, metavar="PORT", help="the control port on loopback; 0: any")
    return parser
