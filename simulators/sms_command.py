"""`python -m simulators sms`: a gateway for SMS; prints the address to set, and serves until interrupted."""

import argparse
import asyncio
from collections.abc import Sequence

from cloud.core.clock import SystemClock
from simulators.control import serve_commands
from simulators.sms import COMMANDS, SimulatedSms, serving


def main(words: Sequence[str]) -> int:
    """Serve one gateway."""
    chosen = _parser().parse_args(words)
    asyncio.run(_serve(chosen.listen, chosen.control))
    return 0


async def _serve(listen: int, control: int) -> None:
    gateway = SimulatedSms("school", "secret", SystemClock())
    async with serving(gateway.app, listen) as place:
        await serve_commands(gateway, control, address=f"http://school:secret@{place}", commands=COMMANDS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators sms",
        description="A gateway for SMS in the shape of SMSC.kz. It prints what to set ESIK_SMS_URL to.",
        epilog=f"Commands, one a line, on standard input or the control port: {COMMANDS}.",
    )
    parser.add_argument("--listen", type=int, default=0, metavar="PORT", help="the loopback port to listen on; 0: any")
    parser.add_argument("--control", type=int, default=0, metavar="PORT", help="the control port on loopback; 0: any")
    return parser
