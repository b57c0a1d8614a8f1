"""The embedded broker: amqtt inside this process, with the same names and rules as mosquitto, for a small school.

Rule: what amqtt drops in a burst is sent again by the device; nothing here is relied on but carrying most messages.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import structlog
from amqtt.errors import BrokerError

from cloud.brokers.access import Access
from cloud.brokers.certificates import BrokerFiles, broker_files
from cloud.brokers.registered import read_access
from cloud.brokers.strict import StrictBroker
from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.core.settings import EVERYWHERE, Settings
from cloud.devices import ca
from cloud.devices.registry import CHANGED

CONNECTIONS_MAX = 500
PLUGIN = "cloud.brokers.doorkeeper.Doorkeeper"
log = structlog.get_logger()


class BrokerFailed(Refused):
    """The embedded broker cannot listen."""

    code = "broker_failed"

    def __init__(self, place: str, why: str) -> None:
        super().__init__(
            message(
                "The embedded broker cannot listen on {place}: {why}. Is something else there? See ESIK_BROKER_PORT.",
                place=place,
                why=why,
            )
        )


@dataclass(slots=True)
class EmbeddedBroker:
    """Serves until cancelled; makes the certification authority at its first start."""

    services: Services
    access: Access = field(default_factory=Access)
    listens: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Listen on `broker_host:broker_port`. Raises BrokerFailed."""
        settings = self.services.settings
        files = self.prepare()
        await self._read_access()
        place = f"{settings.broker_host}:{settings.broker_port}"
        logging.getLogger("amqtt").setLevel(logging.CRITICAL)  # why it does not start is told below, in one line
        logging.getLogger("transitions").setLevel(logging.ERROR)
        broker = StrictBroker(_configuration(place, files, self.access))
        try:
            await broker.start()
        except (BrokerError, OSError) as error:
            raise BrokerFailed(place, str(error.__cause__ or error)) from error
        logging.getLogger("amqtt").setLevel(logging.ERROR)
        log.info("broker.listens", place=place)
        self.listens.set()
        try:
            await self._follow_devices()
        finally:
            await broker.shutdown()

    def prepare(self) -> BrokerFiles:
        """Make what is missing: the authority, the broker's certificate, and this service's own."""
        folder = self.services.settings.data / "ca"
        if not (folder / "root.pem").exists():
            passphrase = ca.init(folder, self.services.vault, self.services.clock.now())
            ca.write_private(folder / "root.passphrase", f"{passphrase}\n".encode())
            log.warning("ca.made", folder=str(folder), advice="move root.key and root.passphrase to a safe place")
        authority = ca.Authority.load(folder, self.services.vault)
        return broker_files(folder, authority, names_of(self.services.settings), self.services.clock.now())

    async def _follow_devices(self) -> None:
        """Keep the rules up to date while devices come and go."""
        async with await self.services.wakeups.subscribe(CHANGED) as changes:
            async for _ in changes:
                await self._read_access()

    async def _read_access(self) -> None:
        read = await read_access(self.services.database.pool, self.services.clock.now())
        self.access.hubs, self.access.revoked = read.hubs, read.revoked


def names_of(settings: Settings) -> list[str]:
    """Return the names and addresses under which the embedded broker may be reached."""
    hosts = [urlsplit(url).hostname for url in (settings.device_mqtt_url, settings.public_url)]
    listening = None if settings.broker_host in EVERYWHERE else settings.broker_host
    return list(dict.fromkeys(host for host in (*hosts, listening, "localhost", "127.0.0.1") if host))


def _configuration(place: str, files: BrokerFiles, access: Access) -> dict[str, object]:
    return {
        "listeners": {
            "default": {
                "type": "tcp",
                "bind": place,
                "max_connections": CONNECTIONS_MAX,
                "ssl": True,
                "cafile": str(files.ca),
                "certfile": str(files.certificate),
                "keyfile": str(files.key),
            }
        },
        "plugins": {PLUGIN: {"access": access}},
    }
