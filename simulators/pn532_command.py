"""`python -m simulators pn532`: prints the pseudo-terminal's path and serves until interrupted."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

from simulators.cards import CardRefused, Family, Make, card_make
from simulators.control import serve_commands
from simulators.pn532 import COMMANDS, Pn532Line

NAME = "python -m simulators pn532"


def main(words: Sequence[str]) -> int:
    """Serve one reader."""
    chosen = _parser().parse_args(words)
    try:
        makes = [card_make(uid, chosen.family or "") for uid in chosen.card]
    except CardRefused as refused:
        print(f"{NAME}: --card: {refused}", file=sys.stderr)
        return 2
    asyncio.run(_serve(makes, Random(chosen.seed), chosen.link, chosen.control))
    return 0


async def _serve(makes: list[Make], rng: Random, link: Path | None, control: int) -> None:
    line = Pn532Line(rng, link)
    path = line.plug()
    try:
        for make in makes:
            line.add(make)
        await serve_commands(line, control, address=str(link or path), commands=COMMANDS)
    finally:
        line.unplug()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="A PN532 card reader on a pseudo-terminal: nfcpy, libnfc and the agent take it for a real one.",
        epilog=f"Commands, one a line, on standard input or the control port: {COMMANDS}.",
    )
    parser.add_argument(
        "--card",
        action="append",
        default=[],
        metavar="UID",
        help="a card that lies on the reader: hexadecimal, or 'random'; may be repeated",
    )
    parser.add_argument("--family", choices=[family.value for family in Family], help="what kind the cards are")
    parser.add_argument("--link", type=Path, metavar="PATH", help="a symbolic link to keep to the pseudo-terminal")
    parser.add_argument("--control", type=int, default=0, metavar="PORT", help="the control port on loopback; 0: any")
    parser.add_argument("--seed", type=int, default=0, help="what random UIDs are drawn from")
    return parser
