"""The channel of messengers over Apprise: the addresses are the operator's, the library knows how each is spoken to.

Rule: nothing that Apprise logs is written anywhere: it may hold an address or a text. It is asked in a thread.
"""

import asyncio
import logging
import warnings
from dataclasses import dataclass

import apprise

from cloud.core.messenger_targets import Target, TargetRefused
from cloud.notifications.channels.sender import Address, Later, Message, Outcome, Refused, Sent, Traits

TOGETHER = 4
ASSET = apprise.AppriseAsset(
    app_id="Esik", app_desc="Esik", app_url="", async_mode=False, secure_logging=True, plugin_paths=[]
)
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
with warnings.catch_warnings():  # one of its plugins takes a module that Python 3.13 has no more, if it is there
    warnings.simplefilter("ignore", DeprecationWarning)
    apprise.Apprise.instantiate("json://127.0.0.1/", asset=ASSET)  # loads all plugins, once


@dataclass(frozen=True, slots=True)
class MessengerSender:
    """Sends notices by one messenger."""

    target: Target

    @property
    def name(self) -> str:
        return self.target.channel

    @property
    def traits(self) -> Traits:
        return Traits(together=TOGETHER, confirms=False)

    async def send(self, message: Message, to: Address) -> Outcome:
        """Send one message; Apprise tells yes or no, and never why."""
        try:
            address = self.target.filled(to.value)
        except TargetRefused:
            return Refused("apprise_address")
        return await asyncio.to_thread(_notify, address, message.title, f"{message.body}\n{message.url}")

    async def aclose(self) -> None:
        """Keep nothing."""


def is_known(target: Target) -> bool:
    """Tell whether Apprise can speak to a messenger's address."""
    return apprise.Apprise.instantiate(target.filled("x"), asset=ASSET, suppress_exceptions=True) is not None


def notified(address: str, title: str, body: str) -> bool | None:
    """Tell whether somebody at an operator's own address took it; None where Apprise cannot speak to it. Blocks."""
    plugin = apprise.Apprise.instantiate(address, asset=ASSET, suppress_exceptions=True)
    if plugin is None:
        return None
    return bool(plugin.notify(body=body, title=title, notify_type=apprise.NotifyType.INFO))


def _notify(address: str, title: str, body: str) -> Outcome:
    taken = notified(address, title, body)
    if taken is None:
        return Refused("apprise_address")
    return Sent() if taken else Later("apprise_refused")
