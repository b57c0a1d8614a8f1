"""A push service on this machine, services that may reach it, and messages, for tests."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from starlette.applications import Starlette

from cloud.core.actor import Actor
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.notifications.channels.push_keys import make_push_key, push_key
from cloud.notifications.channels.sender import WEBPUSH, Address, Message
from cloud.notifications.channels.webpush import WebPush
from simulators.push import SimulatedPush, Subscribed
from simulators.push_browser import SubscribedBrowser
from simulators.push_socket import PushSocket
from simulators.served import served

SYSTEM = Actor.system("test")
DEADLINE_S = 20.0  # of what is answered at once, on a machine that is busy


@dataclass(slots=True)
class Pushing:
    """Services with a key, a push service, and the sender between them."""

    services: Services
    push: SimulatedPush
    sender: WebPush
    key: str
    place: str  # host and port
    socket: PushSocket  # the lines of real browsers

    def browser(self) -> Subscribed:
        """Return a browser that subscribed here."""
        return self.push.subscribe(self.key, SubscribedBrowser.new())


async def resolve_here(_host: str, _port: int) -> Sequence[str]:
    """Find every name on this machine."""
    return ["127.0.0.1"]


@asynccontextmanager
async def pushing(services: Services, deadline_s: float = DEADLINE_S) -> AsyncIterator[Pushing]:
    """Run a push service that this machine's own network may have, and make the key."""
    settings = replace(services.settings, push_networks="127.0.0.0/8")
    near, push = replace(services, settings=settings), SimulatedPush(services.clock)
    await make_push_key(near, SYSTEM)
    key = await push_key(near)
    assert key is not None
    socket = PushSocket(push)
    async with served(Starlette(routes=[push.route, socket.route])) as place:
        push.address = f"http://{place}"
        sender = WebPush(near, resolve_here, deadline_s)
        try:
            yield Pushing(near, push, sender, key.public, place, socket)
        finally:
            await sender.aclose()


def a_message(services: Services, **over: object) -> Message:
    """Return a message as the queue writes it."""
    now = services.clock.now()
    told = Message(
        id="7-0123456789abcdef012345", notice_id=7, title="Әлия Қожахмет", body="Әлия 07:52-де мектепке келді.",
        short="Әлия 07:52", url="https://esik.test/notices", language=Language.KK, at=now, tag="0123456789abcdef",
        is_urgent=True, expires_at=now + timedelta(hours=2),
    )  # fmt: skip
    return replace(told, **over)  # type: ignore[arg-type]


def address_of(value: str) -> Address:
    """Return a browser's address as the queue reads it."""
    return Address(3, 5, WEBPUSH, value)
