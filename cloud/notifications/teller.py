"""The teller: reads what happened, tells guardians, and lets channels deliver, as soon as there is something."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from cloud.attendance.changes import CHANNEL as DAYS
from cloud.core.services import Services
from cloud.ledger.posting import MOVED
from cloud.meals.projection import CHANNEL as MEALS
from cloud.notifications.channels.planning import Deliveries
from cloud.notifications.days import Days
from cloud.notifications.live_pages import LivePages
from cloud.notifications.outbox import Channel, drain
from cloud.notifications.sources import MealLog, MoneyLog, meet

LOOK_S = 1.0  # it looks at least this often, also when no wake-up came


@dataclass(slots=True)
class Teller:
    """Tells guardians at the schools of some shards until cancelled."""

    services: Services
    shards: Callable[[], Collection[int]]
    lasts: Mapping[str, timedelta] = field(default_factory=dict)  # of messages of each channel there is
    _days: Days = field(init=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Read days by one reader, which remembers plans."""
        self._days = Days(self.services)

    async def run(self) -> None:
        """Follow the logs."""
        async with asyncio.TaskGroup() as group:
            for channel in (DAYS, MEALS, MOVED):
                group.create_task(self._hear(channel), name=f"notices.hear_{channel}")
            group.create_task(self._follow(), name="notices.tell")

    async def tell_all(self) -> None:
        """Tell of everything there is now, and let the channels deliver it."""
        channels = (LivePages(self.services.database.pool, self.services.vault), Deliveries(self.services, self.lasts))
        while await self._step(sorted(self.shards()), channels):
            pass

    async def _hear(self, channel: str) -> None:
        async with await self.services.wakeups.subscribe(channel) as news:
            async for _ in news:
                self._news.set()

    async def _follow(self) -> None:
        while True:
            self._news.clear()
            await self.tell_all()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()

    async def _step(self, shards: Sequence[int], channels: Sequence[Channel]) -> bool:
        """Read a part of each log and of the outbox; tell whether there was any."""
        if not shards:
            return False
        pool = self.services.database.pool
        met = await self._days.meet(shards)
        for log in (MealLog(), MoneyLog()):
            met += await meet(self.services, log, shards)
        for channel in channels:
            met += await drain(pool, channel, shards)
        return met > 0
