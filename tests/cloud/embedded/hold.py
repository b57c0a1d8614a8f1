"""Runs an embedded PostgreSQL until it is killed, for tests of what is left behind; prints its address when ready."""

import asyncio
import sys
from pathlib import Path

from cloud.embedded.postgres import embedded_postgres


async def hold(folder: Path) -> None:
    async with embedded_postgres(folder) as server:
        print(server.url, server.pid, flush=True)  # noqa: T201 (the test reads it)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(hold(Path(sys.argv[1])))
