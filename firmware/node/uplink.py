"""Runs a session over real connections, one after another: to the hub's broker first, then the cloud's.

Rule: a microcontroller has memory for one TLS connection: a roster is fetched between two of them, never beside one.
Whatever goes wrong here ends a connection and is waited out; the gate hears nothing of it.
"""

import asyncio
import gc

from firmware.node.actions import DISCONNECT, FETCH_ROSTER, HEAR, LEARN_TIME, NEW_EPOCH, OBEY, PUBLISH, REPORT
from firmware.node.mqtt import LinkFailed, told

WAIT_MS_MIN, WAIT_MS_MAX = 500, 30_000
FETCH_WAIT_MS_MIN, FETCH_WAIT_MS_MAX = 1_000, 300_000
FETCH_S = 120.0
ERRAND_S = 900.0  # a release is some hundred kilobytes, in blocks
_IDLE_S = 5.0
_OFFLINE_S = 0.5  # between two looks whether there is a network
_OUTBOX_MAX = 8

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random
    from typing import Protocol

    from firmware.node.actions import Command
    from firmware.node.clock import Stamp
    from firmware.node.mqtt import Broker, Link
    from firmware.node.session import Session

    class World(Protocol):
        """What an uplink tells the rest of the node, and asks it."""

        def stamp(self) -> Stamp: ...
        def is_online(self) -> bool:
            """Tell whether there is a network at all."""
            ...

        def brokers(self) -> list[Broker]:
            """Return whom to try, best first; TLS contexts are made anew, since certificates are renewed."""
            ...

        def roster_version(self) -> int: ...
        async def fetch_roster(self, newest: int) -> int:
            """Bring what the cloud has, its newest version if known, else 0; return the version that is as good.

            Raises FetchFailed.
            """
            ...

        def learn_time(self, wall_ms: int, monotonic_ms: int) -> None: ...
        def report(self, reason: str, detail: str) -> None: ...
        def obey(self, command: Command) -> None: ...
        def news(self, what: str) -> None: ...
        def begin_epoch(self, reason: str) -> None: ...


class FetchFailed(Exception):
    """A roster did not come, or was not one to go by; the text says why."""


# MicroPython unpacks no tuple into another.
_OVER = (LinkFailed, FetchFailed, OSError, EOFError, ValueError, MemoryError, asyncio.TimeoutError)


class Waits:
    """Doubling waits, each a random share: a town's devices do not return in one instant."""

    def __init__(self, rng: "Random", first_ms: int, most_ms: int) -> None:
        self._rng = rng
        self._first_ms = first_ms
        self._most_ms = most_ms
        self._ceiling_ms = first_ms

    def next_ms(self) -> int:
        """Return how long to wait now."""
        ceiling_ms = self._ceiling_ms
        self._ceiling_ms = min(self._most_ms, ceiling_ms * 2)
        return int(ceiling_ms * self._rng.uniform(0.2, 1.0))

    def reset(self) -> None:
        """Begin again: something went well."""
        self._ceiling_ms = self._first_ms


class Uplink:
    """Keeps one session connected."""

    def __init__(
        self,
        session: "Session",
        world: "World",
        client_id: str,
        rng: "Random",
        new_link: "Callable[[], Link]",
        collect: "Callable[[], object]" = gc.collect,
    ) -> None:
        self.session = session
        self.last_error = ""
        self.connections = 0
        self._world = world
        self._client_id = client_id
        self._new_link = new_link
        self._collect = collect
        self._news = asyncio.Event()
        self._outbox: list[object] = []
        self._ended = ""
        self._waits = Waits(rng, WAIT_MS_MIN, WAIT_MS_MAX)
        self._fetch_waits = Waits(rng, FETCH_WAIT_MS_MIN, FETCH_WAIT_MS_MAX)
        self._wanted_roster = 0
        self._is_wanted_again = False
        self._fetch_at_ms = 0
        self._errand: Callable[[], Awaitable[object]] | None = None

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        turn = 0
        while True:
            if not self._world.is_online():
                await asyncio.sleep(_OFFLINE_S)
                self._waits.reset()
            elif self._is_fetch_due():
                turn = 0  # that the connection ended was our wish
                await self._fetch()
            elif self._errand is not None:
                turn = 0
                await self._run_errand(self._errand)
            else:
                brokers = self._world.brokers()
                turn = 0 if await self._connect_once(brokers[turn % len(brokers)]) else turn + 1
            await asyncio.sleep(self._waits.next_ms() / 1000)

    def appended(self) -> None:
        """Hear that the journal has more; whoever appends is letting somebody through, and waits for no message."""
        self._news.set()

    def want_roster(self) -> None:
        """Fetch the roster again whatever its version, since what is held cannot be gone by."""
        self._wanted_roster = max(self._wanted_roster, self._world.roster_version() + 1)
        self._is_wanted_again = True
        self._news.set()

    def want_errand(self, errand: "Callable[[], Awaitable[object]]") -> None:
        """Run something that needs a connection of its own, once, while no other stands; it has ERRAND_S."""
        self._errand = errand
        self._news.set()

    # A connection

    async def _connect_once(self, broker: "Broker") -> bool:
        """Serve one connection to its end; return whether the cloud welcomed us."""
        welcomes = self.session.counters.welcomes
        link = self._new_link()
        self._ended, self._outbox = "", []
        try:
            await link.open(
                broker, self._client_id, self.session.wire.presence(False), self.session.wire.subscriptions()
            )
            self.connections += 1
            await self._serve(link)
            self.last_error = self._ended
        except _OVER as error:
            self.last_error = told(error)
        finally:
            self.session.disconnected()
            await link.close()
            self._collect()
        was_welcomed = self.session.counters.welcomes > welcomes
        if was_welcomed:
            self._waits.reset()
        return was_welcomed

    async def _serve(self, link: "Link") -> None:
        hearing = asyncio.create_task(self._listen(link))
        try:
            self._do(self.session.connected(self._world.roster_version(), self._world.stamp()))
            while not self._ended:
                while self._outbox:
                    await link.publish(self._outbox.pop(0))  # type: ignore[arg-type] # Messages
                await self._until_news()
                self._do(self.session.tick(self._world.stamp()))
                if self._is_fetch_due():
                    self._end("a roster is to be fetched")
                if self._errand is not None:
                    self._end("an errand wants the connection")
        finally:
            hearing.cancel()

    async def _listen(self, link: "Link") -> None:
        """Hear messages until the connection is over; however this task ends, the connection ends with it."""
        try:
            while True:
                message = await link.receive()
                self._do(self.session.received(message.payload, self._world.stamp()))
        except Exception as error:  # noqa: BLE001
            self._end(told(error))

    async def _until_news(self) -> None:
        """Wait until something is to be sent, is due, or has ended."""
        if self._outbox or self._ended:
            return
        wait_s = _IDLE_S
        if self.session.wake_at_ms is not None:
            wait_s = min(wait_s, max(0, self.session.wake_at_ms - self._world.stamp().monotonic_ms) / 1000)
        try:
            await asyncio.wait_for(self._news.wait(), wait_s)
        except asyncio.TimeoutError:  # noqa: UP041  MicroPython's own
            return
        self._news.clear()

    def _end(self, reason: str) -> None:
        self._ended = self._ended or reason
        self._news.set()

    # What the session wants

    def _do(self, actions: "list[tuple[object, ...]]") -> None:
        for action in actions:
            word = action[0]
            if word == PUBLISH:
                self._outbox.append(action[1])
                if len(self._outbox) > _OUTBOX_MAX:
                    self._end("the wire is too slow")
            elif word == DISCONNECT:
                self._end(str(action[1]))
            elif word == FETCH_ROSTER:
                self._wanted_roster = max(self._wanted_roster, action[1])  # type: ignore[call-overload] # a version
            else:
                self._tell(word, action)
        if actions:
            self._news.set()

    def _tell(self, word: object, action) -> None:  # type: ignore[no-untyped-def]
        if word == LEARN_TIME:
            self._world.learn_time(action[1], action[2])
        elif word == REPORT:
            self._world.report(action[1], action[2])
        elif word == OBEY:
            self._world.obey(action[1])
        elif word == HEAR:
            self._world.news(action[1])
        elif word == NEW_EPOCH:
            self._world.begin_epoch(action[1])

    # The roster

    def _is_fetch_due(self) -> bool:
        wanted = self._wanted_roster > self._world.roster_version() and self._world.is_online()
        return wanted and self._world.stamp().monotonic_ms >= self._fetch_at_ms

    async def _fetch(self) -> None:
        """Fetch a roster while nothing else is connected; what does not come is waited for longer and longer."""
        newest = 0 if self._is_wanted_again else self._wanted_roster
        try:
            version = await asyncio.wait_for(self._world.fetch_roster(newest), FETCH_S)
            self.session.roster_is(version)
            self._wanted_roster, self._is_wanted_again = 0, False
            self._fetch_waits.reset()
            self._waits.reset()
        except _OVER as error:
            self.last_error = "roster: " + told(error)
            self._fetch_at_ms = self._world.stamp().monotonic_ms + self._fetch_waits.next_ms()
        self._collect()

    async def _run_errand(self, errand: "Callable[[], Awaitable[object]]") -> None:
        self._errand = None
        try:
            await asyncio.wait_for(errand(), ERRAND_S)
        except Exception as error:  # noqa: BLE001  whoever sent it is told by its own means
            self.last_error = "errand: " + told(error)
        self._waits.reset()
        self._collect()
