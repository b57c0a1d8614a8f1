"""Listen to a reader while a test does things to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from edge_agent.readers.supervised import SupervisedReader
from edge_agent.readers.tap import Tap


@asynccontextmanager
async def listening(reader: SupervisedReader) -> AsyncIterator[list[Tap]]:
    """Give the list that taps are put into as they come; stop the reader at the end."""
    taps: list[Tap] = []

    async def collect() -> None:
        async with aclosing(reader.taps()) as coming:
            async for tap in coming:
                taps.append(tap)  # noqa: PERF401  a list that grows while the test looks at it

    async with asyncio.TaskGroup() as group:
        task = group.create_task(collect(), name="test.listening")
        try:
            yield taps
        finally:
            task.cancel()
