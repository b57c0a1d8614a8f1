"""How a program that a worker began beside itself is ended.

Rule: when `end` is over, also by being cancelled once more, the program is gone: nobody writes into its folder then.
"""

import asyncio
from asyncio.subprocess import Process
from contextlib import suppress

POLITE_S = 5.0


async def end(program: Process) -> None:
    """End a program whose input is a pipe, and wait until it has: politely, then by force.

    By force at once when this is cancelled meanwhile: the loop itself is ending then, as a rule.
    """
    assert program.stdin is not None  # noqa: S101 (a pipe)
    program.stdin.close()
    if program.returncode is not None:
        return
    try:
        with suppress(ProcessLookupError):
            program.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(POLITE_S):
                await program.wait()
    finally:
        if program.returncode is None:
            with suppress(ProcessLookupError):
                program.kill()
            await program.wait()
