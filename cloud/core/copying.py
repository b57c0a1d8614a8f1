"""COPY out of PostgreSQL into what may fail: a disk that is full ends it in words.

Rule: what fails amid a COPY is told when the rest of it has passed by. asyncpg would cancel the statement and then
wait for an end that it does not read: for ever, where more rows are on their way than fit into its buffers.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg


async def copy_out(
    connection: asyncpg.Connection, query: str, *values: object, take: Callable[[bytes], Awaitable[object]],
    timeout_s: float, **form: Any,
) -> int:  # fmt: skip
    """Give what a query returns to `take`, block by block; return how many rows. `form` is COPY's own.

    Raises what `take` raised first.
    """
    failed: list[OSError] = []

    async def pass_on(block: bytes) -> None:
        if failed:
            return
        try:
            await take(block)
        except OSError as error:
            failed.append(error)

    status = await connection.copy_from_query(query, *values, output=pass_on, timeout=timeout_s, **form)
    if failed:
        raise failed[0]
    return int(status.split()[-1])
