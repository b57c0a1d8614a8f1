"""`python -m simulators head`: prints where the agent's end of a head's line is, and serves until interrupted."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

from simulators.control import serve_commands
from simulators.head import COMMANDS, READERS, SimulatedHead

NAME = "python -m simulators head"


def main(words: Sequence[str]) -> int:
    """Serve one head."""
    chosen = _parser().parse_args(words)
    with tempfile.TemporaryDirectory(prefix="esik-head-") as made:
        folder = chosen.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            asyncio.run(_serve(folder, chosen))
        except FileNotFoundError as missing:
            print(f"{NAME}: {missing}", file=sys.stderr)
            return 1
    return 0


async def _serve(folder: Path, chosen: argparse.Namespace) -> None:
    link = chosen.link or folder / "line"
    head = SimulatedHead(folder, Random(chosen.seed), link, chosen.reader)
    try:
        head.start()
        await serve_commands(head, chosen.control, address=str(link), commands=COMMANDS)
    finally:
        await head.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="A reader head whose firmware runs on MicroPython: the agent takes it for a real one.",
        epilog=f"Commands, one a line, on standard input or the control port: {COMMANDS}.",
    )
    parser.add_argument("--link", type=Path, metavar="PATH", help="a symbolic link to keep to the line")
    parser.add_argument("--folder", type=Path, metavar="PATH", help="where the board's flash and pins are kept")
    parser.add_argument("--reader", choices=READERS, default=READERS[0], help="which card reader hangs on it, and how")
    parser.add_argument("--control", type=int, default=0, metavar="PORT", help="the control port on loopback; 0: any")
    parser.add_argument("--seed", type=int, default=0, help="what chance is drawn from")
    return parser
