"""`python -m simulators NAME ...`: each simulator as a command, served until interrupted."""

import contextlib
import importlib
import sys
from collections.abc import Sequence

# Each module has `main(words) -> exit status`; only the one that is asked for is imported.
COMMANDS = {
    "pn532": ("simulators.pn532_command", "a card reader on a pseudo-terminal, with cards that come and go"),
    "board": ("simulators.board_command", "an ESP32 on a pseudo-terminal, for programs that flash real ones"),
    "osdp": ("simulators.osdp_command", "a reader on the wall, on an OSDP line with a secure channel"),
    "head": ("simulators.head_command", "a reader head with its firmware on MicroPython, and all that hangs on it"),
    "turnstile": ("simulators.turnstile_command", "a gate with a relay and a passage sensor"),
    "sms": ("simulators.sms_command", "a gateway for SMS that is slow, refuses, and answers rubbish"),
    "push": ("simulators.push_command", "a browsers' push service that refuses, hangs, and forgets browsers"),
    "telegram": ("simulators.telegram_command", "Telegram's Bot API with people who write to a bot"),
    "network": ("simulators.network_command", "a TCP proxy that can be unplugged, stalled and slowed down"),
    "school": ("simulators.school_command", "a school's day at its gates, as JSON lines"),
    "crowd": ("simulators.crowd_command", "a school's day made to happen at simulated readers and gates"),
    "disk": ("simulators.disk", "broken copies of a journal"),
    "world": ("simulators.world", "whole worlds on a jumping clock, checked against the invariants"),
    "month": ("simulators.month", "a school's month at its tills, from the first tap to the ledger, judged by paper"),
}


def main(words: Sequence[str]) -> int:
    """Run the simulator that the first word names; return the exit status."""
    if not words or words[0] in {"-h", "--help"}:
        print(_help())
        return 0
    if words[0] not in COMMANDS:
        print(f"There is no simulator {words[0][:40]!r}.\n\n{_help()}", file=sys.stderr)
        return 2
    module, _ = COMMANDS[words[0]]
    with contextlib.suppress(KeyboardInterrupt):
        return int(importlib.import_module(module).main(words[1:]))
    return 0


def _help() -> str:
    rows = "\n".join(f"  {name:10} {sentence}" for name, (_, sentence) in COMMANDS.items())
    return f"usage: python -m simulators NAME ...\n\n{rows}\n\n`python -m simulators NAME --help` tells more of each."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
