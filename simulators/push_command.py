"""`python -m simulators push`: a push service, for a Firefox of one's own too; prints its address."""

import argparse
import asyncio
from collections.abc import Sequence

from starlette.applications import Starlette

from cloud.core.clock import SystemClock
from simulators.control import serve_commands
from simulators.push import COMMANDS, SimulatedPush
from simulators.push_socket import PushSocket
from simulators.served import served


def main(words: Sequence[str]) -> int:
    """Serve one push service."""
    chosen = _parser().parse_args(words)
    asyncio.run(_serve(chosen.listen, chosen.control))
    return 0


async def _serve(listen: int, control: int) -> None:
    push = SimulatedPush(SystemClock())
    async with served(Starlette(routes=[push.route, PushSocket(push).route]), listen) as place:
        push.address = f"http://{place}"
        await serve_commands(push, control, address=f"ws://{place}/", commands=COMMANDS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators push",
        description="A push service. It prints what to set dom.push.serverURL to in a Firefox that has "
        "dom.push.testing.allowInsecureServerURL; start the service with ESIK_PUSH_NETWORKS=127.0.0.0/8.",
        epilog=f"Commands, one a line, on standard input or the control port: {COMMANDS}.",
    )
    parser.add_argument("--listen", type=int, default=0, metavar="PORT", help="the loopback port to listen on; 0: any")
    parser.add_argument("--control", type=int, default=0, metavar="PORT", help="the control port on loopback; 0: any")
    return parser
