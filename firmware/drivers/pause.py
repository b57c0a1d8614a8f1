"""A pause of milliseconds, on CPython and MicroPython."""

import asyncio


async def sleep_ms(pause_ms: int) -> None:
    """Let others run for so long."""
    if hasattr(asyncio, "sleep_ms"):
        await asyncio.sleep_ms(pause_ms)
    else:
        await asyncio.sleep(pause_ms / 1_000)
