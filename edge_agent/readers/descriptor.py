"""Bytes from a file descriptor, without a thread."""

import asyncio
import os
from collections.abc import AsyncGenerator

from edge_agent.readers.supervised import DeviceLost

CHUNK = 4_096


async def chunks(descriptor: int) -> AsyncGenerator[bytes, None]:
    """Yield what arrives at a non-blocking descriptor; raise DeviceLost when no more can come. Does not close it."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    try:
        loop.add_reader(descriptor, readable.set)
    except OSError as error:
        raise DeviceLost(f"cannot be waited for ({error.strerror}); a file of taps needs driver = 'replay'") from None
    try:
        while True:
            await readable.wait()
            readable.clear()
            try:
                chunk = os.read(descriptor, CHUNK)
            except BlockingIOError:
                continue
            except OSError as error:
                raise DeviceLost(f"reading failed: {error.strerror}") from None
            if not chunk:
                raise DeviceLost("it was closed at the other end")
            yield chunk
    finally:
        loop.remove_reader(descriptor)
