"""This agent among the others of its school: the hub's broker if it is ours to run, and the peers behind it.

Rule: the roster says who is the hub, and until there is a roster the bundle does; when that changes, everything here is
made anew. Without a hub an agent stands alone, and that is not a failure.
"""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import structlog

from edge_agent.bundle import Bundle
from edge_agent.clock import Clock
from edge_agent.journal.entry import Entry
from edge_agent.roster import Roster
from edge_agent.settings import AgentSettings
from edge_agent.status.snapshot import HubStatus
from edge_agent.sync.hub import HubBroker, HubImpossible, HubSettings, TlsFiles
from edge_agent.sync.hub_store import DAY_MS, HubStore
from edge_agent.sync.mqtt import Broker
from edge_agent.sync.peers import ClaimListener, Observer, Peers
from edge_agent.sync.tls import Credentials, context
from edge_agent.sync.wire import Identity
from edge_agent.timekeeper import Stamp
from schemas.structs import Frame

LOOK_S = 2.0
UNSHARED_MAX = 4_096
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an agent among others is made of."""

    settings: AgentSettings
    bundle: Bundle
    identity: Identity
    credentials: Callable[[], Credentials | None]
    files: TlsFiles | None
    clock: Clock
    rng: Random
    stamp: Callable[[], Stamp]
    roster: Callable[[], Roster | None]
    observer: Observer


class Neighbours:
    """Keeps the right role, whatever roster comes."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._peers: Peers | None = None
        self._unshared: deque[Entry] = deque(maxlen=UNSHARED_MAX)  # since nobody was there to share them
        self._broker: HubBroker | None = None
        self._trouble = ""
        self.on_claim: ClaimListener = lambda _device, _frame, *, is_to_us: None  # noqa: ARG005

    async def run(self) -> None:
        """Serve the role of now; begin again when it changes."""
        while True:
            hub = self.hub
            log.info("hub.role", hub=hub, is_ours=self.is_hub)
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(self._serve(), name="hub.serve")
                while self.hub == hub and not serving.done():
                    await self._around.clock.sleep(LOOK_S)
                serving.cancel()

    def appended(self, entries: Sequence[Entry]) -> None:
        """Share entries that are durable now, or as soon as there is somebody to share them with."""
        if self._peers is not None:
            self._peers.appended(entries)
        else:
            self._unshared.extend(entries)

    @property
    def is_hub_near(self) -> bool:
        """Tell whether the hub is on its broker, and so are we."""
        return self._peers is not None and self._peers.is_present(self.hub)

    def send(self, frame: Frame, to: str = "") -> bool:
        """Send a frame under our own name, or as the hub under another device's; tell whether there was a way."""
        return self._peers is not None and self._peers.send(frame, to)

    def certificate_changed(self) -> None:
        """Let the hub's broker and its bridge, if they are ours to run, begin again with the new certificate."""
        if self._broker is not None:
            self._broker.restart()

    def hears(self, devices: Collection[str]) -> bool:
        """Tell whether nothing these devices wrote can be missing here."""
        if set(devices) <= {self._around.bundle.device}:
            return True
        return self._peers is not None and self._peers.hears(devices)

    @property
    def hub(self) -> str:
        """Return the device that is the hub; empty when there is none."""
        roster, bundle = self._around.roster(), self._around.bundle
        named = roster.policy.hub if roster is not None else None
        return named or (bundle.hub.device if bundle.hub is not None else "")

    @property
    def is_hub(self) -> bool:
        return self.hub == self._around.bundle.device

    def status(self) -> HubStatus:
        """Return how it stands, for people."""
        if not self.hub:
            return HubStatus("none")
        peers = self._peers
        return HubStatus(
            "hub" if self.is_hub else "peer",
            self.hub,
            is_connected=peers is not None and peers.is_connected,
            is_caught_up=peers is not None and peers.is_caught_up,
            trouble=self._trouble,
        )

    # The role of now

    def _claimed(self, device: str, frame: Frame, *, is_to_us: bool) -> None:
        self.on_claim(device, frame, is_to_us=is_to_us)

    async def _serve(self) -> None:
        self._trouble = ""
        place = self._around.bundle.hub
        if not self.hub or place is None:
            self._trouble = "the roster names a hub, but the bundle has no address of one" if self.hub else ""
            await asyncio.get_running_loop().create_future()
            return
        async with contextlib.AsyncExitStack() as stack:
            store = None
            if self.is_hub:
                folder = self._around.settings.folder / "hub"
                store = HubStore(folder / "records.db", self._around.settings.hub.keep_days * DAY_MS)
                stack.push_async_callback(store.close)
                await stack.enter_async_context(self._hosting(folder, place.mqtt_port))
            self._peers = self._make_peers(store)
            self._peers.on_claim = self._claimed
            self._peers.appended(self._unshared)
            self._unshared.clear()
            try:
                await self._peers.run()
            finally:
                self._peers = None

    @contextlib.asynccontextmanager
    async def _hosting(self, folder: Path, port: int) -> AsyncIterator[None]:
        """Run the school's broker, if this machine can."""
        async with asyncio.TaskGroup() as group:
            try:
                self._broker = HubBroker(self._hub_settings(folder, port), self._around.rng)
                broker = group.create_task(self._broker.run(), name="hub.broker")
            except HubImpossible as error:
                self._trouble = str(error)
                log.error("hub.impossible", error=str(error))  # noqa: TRY400 # its words say all
                broker = None
            try:
                yield
            finally:
                if broker is not None:
                    broker.cancel()
                self._broker = None

    def _hub_settings(self, folder: Path, port: int) -> HubSettings:
        around, place = self._around, self._around.bundle.hub
        return HubSettings(
            device=around.bundle.device,
            school=around.bundle.school,
            shard=around.bundle.shard,
            port=port,
            folder=folder,
            cloud=cloud_broker(around.settings, around.bundle),
            host=around.settings.hub.host,
            tls=around.files if place is not None and place.mqtt_tls else None,
            client_id=around.identity.client_id,
        )

    def _make_peers(self, store: HubStore | None) -> Peers:
        around = self._around
        broker = hub_broker(around.bundle, self.hub)
        assert broker is not None, "there is a hub, and the bundle has its address"  # noqa: S101
        return Peers(
            around.identity,
            around.observer,
            broker,
            around.stamp,
            around.rng,
            store=store,
            tls=lambda: self._tls(broker),
            keepalive_s=around.settings.sync.keepalive_s,
        )

    def _tls(self, broker: Broker) -> ssl.SSLContext | None:
        credentials = self._around.credentials()
        if not broker.is_tls or credentials is None:
            return None
        return context(credentials, is_clock_good=self._around.stamp().is_good, name=broker.name)


def hub_broker(bundle: Bundle, hub: str) -> Broker | None:
    """Return where the hub listens: on this machine, if it is ours."""
    place = bundle.hub
    if place is None:
        return None
    host = "127.0.0.1" if hub == bundle.device else place.mqtt_host
    return Broker(host, place.mqtt_port, place.mqtt_tls, name=hub or place.device)


def cloud_broker(settings: AgentSettings, bundle: Bundle) -> Broker:
    """Return where the cloud is: the last broker of the settings, if they name any, else the bundle's."""
    brokers = settings.sync.brokers
    return Broker.parse(brokers[-1]) if brokers else bundle.cloud_broker
