"""`python -m simulators osdp`: prints the pseudo-terminal's path and serves until interrupted."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from simulators.control import serve_commands
from simulators.osdp import COMMANDS, OsdpPeripheral


def main(words: Sequence[str]) -> int:
    """Serve one reader."""
    chosen = _parser().parse_args(words)
    asyncio.run(_serve(OsdpPeripheral(chosen.address, chosen.key, chosen.link), chosen.link, chosen.control))
    return 0


async def _serve(reader: OsdpPeripheral, link: Path | None, control: int) -> None:
    path = reader.plug()
    try:
        await serve_commands(reader, control, address=str(link or path), commands=COMMANDS)
    finally:
        reader.unplug()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators osdp",
        description="A reader on an OSDP line, on a pseudo-terminal. Without a key it is in installation mode.",
        epilog=f"Commands, one a line, on standard input or the control port: {COMMANDS}.",
    )
    parser.add_argument("--address", type=int, default=0, help="its address on the line")
    parser.add_argument("--key", type=Path, required=True, metavar="PATH", help="where its key is kept, 32 hex digits")
    parser.add_argument("--link", type=Path, metavar="PATH", help="a symbolic link to keep to the pseudo-terminal")
    parser.add_argument("--control", type=int, default=0, metavar="PORT", help="the control port on loopback; 0: any")
    return parser
