"""`python -m simulators turnstile`: prints its address and serves until interrupted."""

import argparse
import asyncio
from collections.abc import Sequence
from random import Random

from simulators.control import serve_commands
from simulators.turnstile import COMMANDS, Habits, Mechanics, TurnstileServer


def main(words: Sequence[str]) -> int:
    """Serve one turnstile."""
    chosen = _parser().parse_args(words)
    habits = Habits(window_ms=chosen.window_ms, walk_ms_min=chosen.walk_ms[0], walk_ms_max=chosen.walk_ms[1])
    mechanics = Mechanics(Random(chosen.seed), habits, is_auto=not chosen.by_hand)
    asyncio.run(_serve(TurnstileServer(mechanics), chosen.listen, chosen.control))
    return 0


async def _serve(server: TurnstileServer, listen: int, control: int) -> None:
    port = await server.start(listen)
    try:
        await serve_commands(server, control, address=f"127.0.0.1:{port}", commands=COMMANDS)
    finally:
        await server.stop()


def _span(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    if not low.isdigit() or not (high or low).isdigit() or int(low) > int(high or low):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not LOW-HIGH in milliseconds")
    return int(low), int(high or low)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators turnstile",
        description="A turnstile for an agent whose gate's actuator is of kind 'simulated'. It prints its own address.",
        epilog=f"Commands, one a line, on standard input or the control port: {COMMANDS}.",
    )
    parser.add_argument("--listen", type=int, default=0, metavar="PORT", help="the loopback port to listen on; 0: any")
    parser.add_argument("--control", type=int, default=0, metavar="PORT", help="the control port on loopback; 0: any")
    parser.add_argument("--window-ms", type=int, default=5_000, help="how long it stays unlocked")
    parser.add_argument("--walk-ms", type=_span, default=(600, 1_800), metavar="LOW-HIGH", help="how long people take")
    parser.add_argument("--by-hand", action="store_true", help="nobody goes unless told to by `pass in|out`")
    parser.add_argument("--seed", type=int, default=0, help="what people's paces and the contact's bounces come from")
    return parser
