"""`python -m simulators network`: a TCP proxy in front of a broker, which can be unplugged."""

import argparse
import asyncio
from collections.abc import Sequence

from simulators.control import serve_commands
from simulators.proxy import COMMANDS, Proxy


def main(words: Sequence[str]) -> int:
    """Serve one proxy."""
    chosen = _parser().parse_args(words)
    host, port = chosen.to
    asyncio.run(_serve(Proxy(host, port), chosen.listen, chosen.control))
    return 0


async def _serve(proxy: Proxy, listen: int, control: int) -> None:
    port = await proxy.start(listen)
    try:
        await serve_commands(proxy, control, address=f"127.0.0.1:{port}", commands=COMMANDS)
    finally:
        await proxy.stop()


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is not HOST:PORT")
    return host, int(port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators network",
        description="A TCP proxy that prints its own address, carries connections on, and breaks them when told to.",
        epilog=f"Commands, one a line, on standard input or the control port: {COMMANDS}.",
    )
    parser.add_argument("--to", type=_address, required=True, metavar="HOST:PORT", help="where connections are carried")
    parser.add_argument("--listen", type=int, default=0, metavar="PORT", help="the loopback port to listen on; 0: any")
    parser.add_argument("--control", type=int, default=0, metavar="PORT", help="the control port on loopback; 0: any")
    return parser
