"""Wake-ups: PostgreSQL's NOTIFY, fanned out to whoever in this process listens.

Rule: they only hurry; who is woken looks at the tables, and looks there from time to time by itself too. After a lost
connection or a full queue a listener gets EVERYTHING: look at all of it.
"""

import asyncio
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, cast

import asyncpg
import structlog
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.core.clock import Clock
from cloud.core.database import address

SESSIONS = "esik_sessions"  # channel: sessions of an account have ended, or may do less; the payload is its id
EVERYTHING = "*"
NOBODY = "-"  # in a person's place: wakes who shows the whole school, and no guardian
WAITING_MAX = 1_000  # payloads that one listener may be behind
PAYLOAD_MAX = 7_900  # bytes; PostgreSQL takes less than 8,000
RETRY_S = 1.0
PROBE_S = 30.0
log = structlog.get_logger()


async def notify(connection: BaseDBAsyncClient | asyncpg.Connection, channel: str, payload: str) -> None:
    """Wake the listeners of a channel when, and only if, the connection's transaction commits."""
    assert len(payload.encode()) <= PAYLOAD_MAX, "a wake-up only says where to look"  # noqa: S101
    if isinstance(connection, BaseDBAsyncClient):
        await connection.execute_query("SELECT pg_notify($1, $2)", [channel, payload])
    else:
        await connection.execute("SELECT pg_notify($1, $2)", channel, payload)


@dataclass(eq=False)
class Subscription:
    """An endless iterator of payloads; close it, or use it as a context, when you are done."""

    wakeups: "Wakeups"
    channel: str
    _waiting: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(WAITING_MAX))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        return await self._waiting.get()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def aclose(self) -> None:
        """Stop listening."""
        self.close()

    def close(self) -> None:
        """Stop listening."""
        self.wakeups.forget(self)

    def offer(self, payload: str) -> None:
        """Queue a payload; what does not fit any more is told as EVERYTHING."""
        if self._waiting.full():
            while not self._waiting.empty():
                self._waiting.get_nowait()
            payload = EVERYTHING
        self._waiting.put_nowait(payload)


@dataclass(eq=False)
class Wakeups:
    """One connection that listens for the whole process. `run` keeps it; without it nothing arrives."""

    url: str
    clock: Clock
    _subscriptions: dict[str, set[Subscription]] = field(default_factory=lambda: defaultdict(set))
    _connection: asyncpg.Connection | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _listens: asyncio.Event = field(default_factory=asyncio.Event)

    async def subscribe(self, channel: str) -> Subscription:
        """Begin to listen: every wake-up after this returns is heard."""
        subscription = Subscription(self, channel)
        async with self._lock:
            is_new = not self._subscriptions[channel]
            self._subscriptions[channel].add(subscription)
            if is_new and self._connection is not None:
                with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # run() finds out and reconnects
                    await self._connection.add_listener(channel, self._heard)
        return subscription

    async def until_listening(self) -> None:
        """Wait until the connection is there."""
        await self._listens.wait()

    def forget(self, subscription: Subscription) -> None:
        """Stop delivering to a subscription. The channel stays listened to: the next one costs nothing."""
        self._subscriptions[subscription.channel].discard(subscription)

    async def run(self) -> None:
        """Listen until cancelled; connect again after a failure, and then wake everybody."""
        while True:
            try:
                await self._listen()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("wakeups.lost", reason=str(error))
            await self.clock.sleep(RETRY_S)

    async def _listen(self) -> None:
        connection = cast(asyncpg.Connection, await asyncpg.connect(**address(self.url), timeout=10.0))
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _connection: lost.set())
        try:
            async with self._lock:
                for channel in self._subscriptions:
                    await connection.add_listener(channel, self._heard)
                self._connection = connection
            self._listens.set()
            self._wake_everybody()
            await self._until_lost(connection, lost)
        finally:
            self._connection = None
            self._listens.clear()
            connection.terminate()

    async def _until_lost(self, connection: asyncpg.Connection, lost: asyncio.Event) -> None:
        while not lost.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(PROBE_S):  # wait_for forgets that it is cancelled when both come at once
                    await lost.wait()
            if not lost.is_set():
                await connection.execute("SELECT 1", timeout=10.0)  # a half-open connection never says a word

    def _wake_everybody(self) -> None:
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.offer(EVERYTHING)

    def _heard(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        for subscription in tuple(self._subscriptions[channel]):
            subscription.offer(str(payload))
