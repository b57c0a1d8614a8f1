"""Runs a session over real connections: to the hub's broker first, then the cloud's, again and again.

Rule: one task owns the session; the journal is asked by a second one, so that a slow disk never stops the wire.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

import structlog

from edge_agent.journal.entry import JournalBroken, JournalUnavailable
from edge_agent.sync.actions import Action, Disconnect, FetchRoster, Hear, LearnTime, Obey, Publish, Read, Report, Trim
from edge_agent.sync.backoff import Backoff
from edge_agent.sync.counters import Phase
from edge_agent.sync.mqtt import Broker, Link, LinkFailed, Wired
from edge_agent.sync.ports import Entry, Log, Stamp
from edge_agent.sync.session import NO_ACK, Session
from edge_agent.sync.tls import CertificateEnded, Credentials, check_dates, context
from schemas.structs import Cmd

_JOURNAL_TROUBLE = (OSError, JournalUnavailable, JournalBroken)
_WAIT_MS_MIN, _WAIT_MS_MAX = 500, 30_000
WELCOME = "welcome"  # told with the news: some of them may have been told while nobody heard
_UNREAD_MAX = 10  # reads in a row that give nothing; then the journal is asked anew what it holds
log = structlog.get_logger()


class World(Protocol):
    """What an uplink tells the rest of the agent, and asks it; the simulated world has its own."""

    def stamp(self) -> Stamp: ...
    def is_clock_good(self) -> bool: ...
    def floor_ms(self) -> int: ...
    def learn_time(self, wall_ms: int, monotonic_ms: int, error_ms: int) -> None: ...
    def roster_version(self) -> int: ...
    def fetch_roster(self, version: int) -> None: ...
    async def report(self, reason: str, detail: str) -> None: ...
    async def obey(self, cmd: Cmd) -> None: ...


@dataclass(frozen=True, slots=True)
class Route:
    """A broker to try, and the name it has in logs and on the status page."""

    name: str
    broker: Broker


class Uplink:
    """Keeps one session connected."""

    def __init__(
        self,
        session: Session,
        journal: Log,
        world: World,
        routes: Callable[[], Sequence[Route]],
        client_id: str,
        rng: Random,
        *,
        credentials: Callable[[], Credentials | None] = lambda: None,
        keepalive_s: int = 30,
        make_link: Callable[..., Wired] = Link,
    ) -> None:
        self.session = session
        self.route = ""  # the name of the broker we are connected to
        self.serial = ""  # of the certificate that this connection was made with; empty without one
        self.last_error = ""
        self.on_news: Callable[[str], None] = lambda _what: None
        self._journal = journal
        self._world = world
        self._routes = routes
        self._client_id = client_id
        self._rng = rng
        self._credentials = credentials
        self._keepalive_s = keepalive_s
        self._make_link = make_link
        self._link: Wired | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._chores: asyncio.Queue[Action] = asyncio.Queue()
        self._stop_link = asyncio.Event()
        self._unread = 0

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._do_chores(), name="sync.chores")
            group.create_task(self._keep_connected(), name="sync.connect")

    def appended(self, entries: Sequence[Entry]) -> None:
        """Hear of entries that are durable now."""
        self._do(self.session.appended(entries, self._world.stamp()))

    @property
    def is_welcomed(self) -> bool:
        """Tell whether the cloud has welcomed us on the connection of now."""
        return self.session.phase is Phase.FLOWING

    def reconnect(self) -> None:
        """End the connection of now, so that the next one is made with what has changed."""
        self._stop_link.set()

    async def _keep_connected(self) -> None:
        backoff = Backoff(self._rng, _WAIT_MS_MIN, _WAIT_MS_MAX)
        turn = 0
        while True:
            routes = self._routes()
            if routes:
                route = routes[turn % len(routes)]
                if await self._connect_once(route):
                    backoff.reset()
                    turn = -1
            turn += 1
            await asyncio.sleep(backoff.next_ms() / 1000)

    async def _connect_once(self, route: Route) -> bool:
        """Serve one connection to its end; return whether the cloud welcomed us and did not then fall silent."""
        welcomes = self.session.counters.welcomes
        try:
            await self._serve(route)
        except (LinkFailed, CertificateEnded, ssl.SSLError, *_JOURNAL_TROUBLE) as error:
            self.last_error = str(error)
            log.warning("link.failed", route=route.name, broker=route.broker.address, error=str(error))
        finally:
            self._quiet()
        return self.session.counters.welcomes > welcomes and self.last_error != NO_ACK

    async def _serve(self, route: Route) -> None:
        credentials = self._credentials() if route.broker.is_tls else None
        link = self._make_link(
            route.broker,
            self._client_id,
            self._heard,
            will=self.session.will(),
            tls=self._tls(route.broker, credentials),
            keepalive_s=self._keepalive_s,
        )
        await link.open(self.session.subscriptions)
        try:
            if not self._world.is_clock_good():
                check_dates(link.peer_certificate(), self._world.floor_ms())
            epochs = await self._journal.epochs()
            self._link, self.route, self.last_error = link, route.name, ""
            self.serial = credentials.serial if credentials is not None else ""
            self._stop_link.clear()
            log.info("link.opened", route=route.name, broker=route.broker.address)
            self._do(self.session.connected(epochs, self._world.roster_version(), self._world.stamp()))
            reason = await self._until_over(link)
            log.info("link.closed", route=route.name, reason=reason, unsent=self.session.unsent)
        finally:
            await link.close()

    async def _until_over(self, link: Wired) -> str:
        """Wait until the link ends or the session has given it up."""
        ended = asyncio.ensure_future(link.ended())
        given_up = asyncio.ensure_future(self._stop_link.wait())
        try:
            await asyncio.wait((ended, given_up), return_when=asyncio.FIRST_COMPLETED)
            return ended.result() if ended.done() else self.last_error
        finally:
            ended.cancel()
            given_up.cancel()

    def _tls(self, broker: Broker, credentials: Credentials | None) -> ssl.SSLContext | None:
        if credentials is None:
            return None
        return context(credentials, is_clock_good=self._world.is_clock_good(), name=broker.name)

    def _heard(self, _topic: str, payload: bytes) -> None:
        self._do(self.session.received(payload, self._world.stamp()))

    def _do(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Publish():
                    if self._link is not None:
                        self._link.publish(action)
                case Disconnect(reason):
                    self.last_error = reason
                    self._stop_link.set()
                case LearnTime(wall_ms, monotonic_ms, error_ms):
                    self._world.learn_time(wall_ms, monotonic_ms, error_ms)
                    self.on_news(WELCOME)  # only a welcome tells the time
                case FetchRoster(version):
                    self._world.fetch_roster(version)
                case Hear(what):
                    self.on_news(what)
                case Read() | Trim() | Report() | Obey():
                    self._chores.put_nowait(action)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        wake_ms = self.session.wake_at_ms
        if wake_ms is not None:
            wait_s = max(0, wake_ms - self._world.stamp().monotonic_ms) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._do(self.session.tick(self._world.stamp()))

    def _quiet(self) -> None:
        """Leave nothing of a connection that is over."""
        self._link, self.route, self.serial = None, "", ""
        self.session.disconnected()
        self._set_timer()

    async def _do_chores(self) -> None:
        """Ask the journal, one thing at a time, in order."""
        while True:
            action = await self._chores.get()
            match action:
                case Read(epoch, after_seq, limit):
                    entries = await self._read(epoch, after_seq, limit)
                    self._do(self.session.read(epoch, after_seq, entries, self._world.stamp()))
                case Trim():
                    await self._trim(action)
                case Report(reason, detail):
                    await self._world.report(reason, detail)
                case Obey(cmd):
                    await self._world.obey(cmd)
                case _:
                    pass

    async def _read(self, epoch: str, after_seq: int, limit: int) -> Sequence[Entry]:
        entries: Sequence[Entry] = []
        try:
            entries = await self._journal.read(epoch, after_seq, limit)
        except _JOURNAL_TROUBLE as error:
            log.error("journal.unreadable", epoch=epoch, after_seq=after_seq, error=str(error))  # noqa: TRY400
        self._unread = 0 if entries else self._unread + 1
        if self._unread >= _UNREAD_MAX:
            self._unread = 0
            self._do([Disconnect("journal_unreadable")])
        return entries

    async def _trim(self, trim: Trim) -> None:
        try:
            fitted = await self._journal.trim(trim.epoch, trim.upto, trim.digest)
        except _JOURNAL_TROUBLE as error:
            log.error("journal.untrimmed", epoch=trim.epoch, upto=trim.upto, error=str(error))  # noqa: TRY400
            fitted = False  # so that it is sent, and acknowledged, again
        self._do(self.session.trimmed(trim.epoch, trim.upto, self._world.stamp(), fitted=fitted))
