"""`python -m simulators sms`: a gateway for SMS; prints the address to set, and serves until interrupted."""

import argparse
import asyncio
from collections.abc import Sequence

from cloud.core.clock import SystemClock
from simulators.control import serve_commands
from simulators.sms import SimulatedSms, serving
from simulators.sms_calls import COMMANDS, Exchange, SmscCalls


def main(words: Sequence[str]) -> int:
    """Serve one gateway."""
    chosen = _parser().parse_args(words)
    asyncio.run(_serve(chosen.listen, chosen.control, SmscCalls(chosen.calls, chosen.secret)))
    return 0


async def _serve(listen: int, control: int, calls: SmscCalls) -> None:
    exchange = Exchange(SimulatedSms("school", "secret", SystemClock()), calls)
    async with serving(exchange.gateway.app, listen) as place, asyncio.TaskGroup() as group:
        calling = group.create_task(exchange.run(), name="sms calls")
        await serve_commands(exchange, control, address=f"http://school:secret@{place}", commands=COMMANDS)
        calling.cancel()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators sms",
        description="A gateway for SMS in the shape of SMSC.kz. It prints what to set ESIK_SMS_URL to.",
        epilog=f"Commands, one a line, on standard input or the control port: {COMMANDS}.",
    )
    parser.add_argument("--listen", type=int, default=0, metavar="PORT", help="the loopback port to listen on; 0: any")
    parser.add_argument("--control", type=int, default=0, metavar="PORT", help="the control port on loopback; 0: any")
    parser.add_argument(
        "--calls", default="http://127.0.0.1:8000", metavar="URL", help="the service that is told of texts and reports"
    )
    parser.add_argument("--secret", default="", help="what ESIK_SMS_SECRET is there")
    return parser
