"""Which channels there are: those that the settings name somebody to carry them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib import import_module

from cloud.core.mail import SmtpPost, SmtpServer
from cloud.core.messenger_targets import targets_of
from cloud.core.services import Services
from cloud.core.sms_gateways import gateway_of
from cloud.notifications.channels.letters import LetterSender
from cloud.notifications.channels.sender import Sender
from cloud.notifications.channels.sms_texts import TextSender
from cloud.notifications.channels.telegram import Telegram
from cloud.notifications.channels.telegram_api import bot_of
from cloud.notifications.channels.webpush import WebPush

# Apprise takes a third of a second to load: only where messengers are set.
MESSENGERS = "cloud.notifications.channels.messengers"


def senders_of(services: Services) -> dict[str, Sender]:
    """Return who carries messages, by the channel's name."""
    settings, senders = services.settings, list[Sender]()
    if settings.smtp_url:
        senders.append(LetterSender(SmtpPost(SmtpServer.parse(settings.smtp_url), settings.smtp_from), services.clock))
    if (gateway := gateway_of(settings)) is not None:
        senders.append(TextSender(gateway, confirms=bool(settings.sms_secret)))
    senders.append(WebPush(services))
    if (bot := bot_of(settings)) is not None:
        senders.append(Telegram(bot))
    senders += [
        import_module(MESSENGERS).MessengerSender(each) for each in targets_of(settings.apprise_targets).values()
    ]
    return {each.name: each for each in senders}


@asynccontextmanager
async def open_senders(services: Services) -> AsyncIterator[Mapping[str, Sender]]:
    """Return who carries messages, and let go of what they keep at the end."""
    senders = senders_of(services)
    try:
        yield senders
    finally:
        for each in senders.values():
            await each.aclose()


def lasts_of(senders: Mapping[str, Sender]) -> dict[str, timedelta]:
    """Return how long a message of each channel lasts."""
    return {name: each.traits.lasts for name, each in senders.items()}
