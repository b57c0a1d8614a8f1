"""What rosters were issued, for tests: they wait to be told of each version, and do not look again and again."""

import asyncio
from types import TracebackType
from typing import Self

from cloud.core.services import Services
from cloud.core.wakeups import Subscription
from cloud.ingest.announcing import CHANNEL
from cloud.rosters.publisher import Publisher
from tests.waiting import until_async

WAITED_S = 30.0
_COUNTS = "SELECT kind, count(*) AS count FROM roster_version WHERE school_id = $1 GROUP BY kind"


class Issued:
    """The rosters of a school, from the moment on when the context is entered."""

    def __init__(self, services: Services, school_id: int) -> None:
        self.services = services
        self.school_id = school_id
        self._news: Subscription

    async def __aenter__(self) -> Self:
        self._news = await self.services.wakeups.subscribe(CHANNEL)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._news.close()

    async def versions(self) -> dict[str, int]:
        """Return how many versions there are of each kind."""
        rows = await self.services.database.pool.fetch(_COUNTS, self.school_id)
        return {row["kind"]: row["count"] for row in rows}

    async def until(self, **versions: int) -> None:
        """Wait until there are so many versions of each kind, and no others."""
        async with asyncio.timeout(WAITED_S):
            while await self.versions() != versions:
                await anext(self._news)


async def idle(publisher: Publisher, school_id: int) -> None:
    """Wait until a publisher, whose school was issued before it began, has looked at it and waits for news."""
    await until_async(lambda: school_id in publisher._issued_s and not publisher._news.is_set())
    await listening(publisher.services)


async def listening(services: Services) -> None:
    """Wait until everybody who has begun to subscribe hears: whoever comes later waits for them."""
    (await services.wakeups.subscribe("esik_nothing")).close()
