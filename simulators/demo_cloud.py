"""The cloud of a demonstration: the embedded edition in one program, and what its database says of how it goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import asyncpg
import httpx2

from cloud.cli.world import reached
from cloud.core.database import address
from cloud.core.settings import Settings, variable
from simulators.demo_children import Child

PAUSE_S = 0.1
TIMEOUT_S = 3.0
_FIGURES = """
SELECT (SELECT coalesce(sum(position), 0) FROM shard_head)::bigint AS records,
  (SELECT count(*) FROM presence WHERE "on" = $1 AND is_inside) AS inside,
  (SELECT count(*) FROM meal_sale) AS meals
"""


@dataclass(frozen=True, slots=True)
class CloudFigures:
    """How many records the cloud holds, each once, how many people it knows to be inside, and how many meals."""

    records: int = 0
    inside: int = 0
    meals: int = 0


@dataclass(frozen=True, slots=True)
class DemoCloud:
    """Where the cloud keeps its things, and where it listens."""

    data: Path
    http_port: int
    broker_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def settings(self) -> Settings:
        """The settings its own program reads from `environment`."""
        return Settings.from_environment(self.environment, data=self.data)

    @property
    def environment(self) -> dict[str, str]:
        told = {"http_port": str(self.http_port), "broker_port": str(self.broker_port), "public_url": self.url}
        told["mfa"] = "optional"  # a visitor looks at six accounts in a minute
        return {variable(name): value for name, value in told.items()}

    def child(self, log: Path) -> Child:
        """Return the program."""
        words = ["cloud", "run", "--edition", "embedded", "--data", str(self.data)]
        return Child("cloud", words, log, self.environment)

    async def until_ready(self, child: Child, client: httpx2.AsyncClient) -> None:
        """Wait until its pages and its broker answer. Raises ChildEnded."""
        while not (await self._has_pages(client) and await _listens(self.broker_port)):
            child.check()
            await asyncio.sleep(PAUSE_S)

    async def _has_pages(self, client: httpx2.AsyncClient) -> bool:
        try:
            return (await client.get(f"{self.url}/health")).is_success
        except (httpx2.HTTPError, OSError):
            return False


class CloudWatch:
    """Asks the cloud's database for its figures, again and again; the last ones stay while it does not answer."""

    def __init__(self, url: str, on: date) -> None:
        self._url = url
        self._on = on
        self._last = CloudFigures()
        self._connection: asyncpg.Connection | None = None

    async def figures(self) -> CloudFigures:
        """Return the figures of now, or of the last time there were any."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(**address(self._url))
                row = await self._connection.fetchrow(_FIGURES, self._on)
            self._last = CloudFigures(row["records"], row["inside"], row["meals"])
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self.close()
        return self._last

    def close(self) -> None:
        """Ask no more."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


@asynccontextmanager
async def watching(cloud: DemoCloud, on: date) -> AsyncIterator[CloudWatch]:
    """Yield a watch over the database of a cloud that runs."""
    async with reached(cloud.settings) as at:
        watch = CloudWatch(at.database_url, on)
    try:
        yield watch
    finally:
        watch.close()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
