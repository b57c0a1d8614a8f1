"""Following the log: a reader meets what comes, and a record that it cannot apply holds up its own shard, no other.

Rule: nothing is passed over. Such a shard's cursor stands right before that record, which is what the watch names, and
is tried again and again: the record may have become readable by an upgrade, or its table may have room again.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
import structlog

from cloud.core.database import UNREACHED
from cloud.core.errors import kinds_of
from cloud.core.services import Services
from cloud.core.tracing import span
from cloud.ingest.cursor import Projection, advance

LOOK_S = 1.0  # a reader looks at the log at least this often, also when no wake-up came
RETRY_S = 15.0  # a shard that is held up is tried again
PASSES = (*UNREACHED, asyncpg.TransactionRollbackError, asyncpg.LockNotAvailableError)  # no record's doing
log = structlog.get_logger()


@dataclass(slots=True)
class Follower:
    """Lets a reader meet the log; `make` makes it anew after a failure, as it may remember what was undone then."""

    services: Services
    make: Callable[[], Projection]
    note: Callable[[str, datetime], None]  # hears of each failure: the reader, and when
    _reader: Projection = field(init=False)
    _rest_until_s: dict[int, float] = field(default_factory=dict)  # of shards that are held up

    def __post_init__(self) -> None:
        """Make the reader."""
        self._reader = self.make()

    async def run(self, shards: Callable[[], Collection[int]], committed: asyncio.Event) -> None:
        """Follow the log of these shards until cancelled. Raises what a database that is away raises."""
        while True:
            committed.clear()
            await self.catch_up(shards())
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await committed.wait()

    async def catch_up(self, shards: Collection[int]) -> list[int]:
        """Meet all that there is on these shards; return those that were found to be held up."""
        held: list[int] = []
        while free := self._free(shards):
            try:
                with span(f"reader {self._reader.name}"):
                    met = await advance(self.services.database.pool, self._reader, free)
                if not met:
                    break
            except PASSES:
                raise
            except Exception:  # noqa: BLE001 - whatever a record does to its reader; it is found, and told of
                self._reader = self.make()
                held += await self._find(free)
        return held

    def _free(self, shards: Collection[int]) -> Sequence[int]:
        now_s = self.services.clock.monotonic_s()
        return [shard for shard in sorted(shards) if self._rest_until_s.get(shard, 0.0) <= now_s]

    async def _find(self, shards: Sequence[int]) -> list[int]:
        """Meet the records of each shard alone, one by one; return the shards where one of them cannot be met."""
        held = []
        for shard in shards:
            try:
                while await advance(self.services.database.pool, self._reader, [shard], most=1):
                    pass
            except PASSES:
                raise
            except Exception as error:  # noqa: BLE001 - as above
                self._rest_until_s[shard] = self.services.clock.monotonic_s() + RETRY_S
                log.warning("reader.held_up", reader=self._reader.name, shard=shard, error=kinds_of(error))
                self.note(self._reader.name, self.services.clock.now())
                self._reader = self.make()
                held.append(shard)
        return held
