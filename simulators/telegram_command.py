"""`python -m simulators telegram`: Telegram's Bot API as documented; prints the address to set, and serves."""

import argparse
import asyncio
from collections.abc import Sequence

from simulators.control import serve_commands
from simulators.served import served
from simulators.telegram import COMMANDS, SimulatedTelegram

TOKEN = "4711:AAF-simulated_token_of_a_bot"  # noqa: S105 (of a bot that does not exist)


def main(words: Sequence[str]) -> int:
    """Serve one bot's Telegram."""
    chosen = _parser().parse_args(words)
    asyncio.run(_serve(chosen.listen, chosen.control))
    return 0


async def _serve(listen: int, control: int) -> None:
    telegram = SimulatedTelegram(TOKEN)
    async with served(telegram.app, listen) as place:
        await serve_commands(telegram, control, address=f"http://{place}", commands=COMMANDS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators telegram",
        description=f"Telegram's Bot API. It prints what to set ESIK_TELEGRAM_API to; ESIK_TELEGRAM_BOT is {TOKEN}.",
        epilog=f"Commands, one a line, on standard input or the control port: {COMMANDS}.",
    )
    parser.add_argument("--listen", type=int, default=0, metavar="PORT", help="the loopback port to listen on; 0: any")
    parser.add_argument("--control", type=int, default=0, metavar="PORT", help="the control port on loopback; 0: any")
    return parser
