"""Whom operators let be told of troubles: mailboxes, phones, chats of Telegram, and whatever Apprise can speak to.

Rule: an address never stands in a table, a log or an error; a digest of it does.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module

from cloud.core.mail import Letter, LetterRefused, NotSent, SmtpPost, SmtpServer
from cloud.core.settings import Settings
from cloud.core.sms import SmsNotSent, SmsRefused, SmsUnanswered, Text
from cloud.core.sms_gateways import gateway_of
from cloud.notifications.channels.telegram_api import (
    TelegramRefused,
    TelegramUnanswered,
    TelegramUnreached,
    bot_of,
)

MESSENGERS = "cloud.notifications.channels.messengers"  # Apprise takes a third of a second to load
MAIL, PHONE, TELEGRAM = "mailto:", "tel:", "telegram:"
SEND_S = 60.0
SHORT_MAX = 300  # letters of a text by SMS, which is paid by the part


class NotTold(Exception):
    """It was not taken, and may be later; the message is a word and holds no address."""


class NeverTold(Exception):
    """It will not be taken: the address, or the setting that carries it, is wrong."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told of one trouble: `key` is the same however often it is sent."""

    key: str
    title: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Target:
    """One of those who are told."""

    address: str = field(repr=False)

    @property
    def digest(self) -> str:
        """Return what stands in the table."""
        return hashlib.sha256(self.address.encode()).hexdigest()[:16]

    async def tell(self, settings: Settings, telling: Telling) -> None:
        """Tell, and return when it was taken. Raises NotTold or NeverTold."""
        try:
            async with asyncio.timeout(SEND_S):
                await self._tell(settings, telling)
        except TimeoutError:
            raise NotTold("timeout") from None

    async def _tell(self, settings: Settings, telling: Telling) -> None:
        if self.address.startswith(MAIL):
            await _by_mail(settings, self.address.removeprefix(MAIL), telling)
        elif self.address.startswith(PHONE):
            await _by_sms(settings, self.address.removeprefix(PHONE), telling)
        elif self.address.startswith(TELEGRAM):
            await _by_telegram(settings, self.address.removeprefix(TELEGRAM), telling)
        else:
            await _by_apprise(self.address, telling)


def targets_of(settings: Settings) -> Mapping[str, Target]:
    """Return who is told, by the digests of their addresses."""
    return {each.digest: each for each in map(Target, settings.operator_targets.split())}


async def _by_mail(settings: Settings, to: str, telling: Telling) -> None:
    if not settings.smtp_url:
        raise NeverTold("ESIK_SMTP_URL is empty")
    post = SmtpPost(SmtpServer.parse(settings.smtp_url), settings.smtp_from)
    try:
        await post.send(Letter(telling.key, to, telling.title, telling.body, telling.at))
    except LetterRefused as error:
        raise NeverTold(str(error)) from None
    except NotSent as error:
        raise NotTold(str(error)) from None


async def _by_sms(settings: Settings, to: str, telling: Telling) -> None:
    gateway = gateway_of(settings)
    if gateway is None:
        raise NeverTold("ESIK_SMS_URL is empty")
    try:
        await gateway.send(Text(to, f"Esik: {telling.title}"[:SHORT_MAX]))
    except (SmsRefused, SmsUnanswered) as error:  # unanswered: it may have gone, and each one is paid
        raise NeverTold(type(error).__name__) from None
    except SmsNotSent:
        raise NotTold("sms_not_sent") from None


async def _by_telegram(settings: Settings, chat: str, telling: Telling) -> None:
    bot = bot_of(settings)
    if bot is None:
        raise NeverTold("ESIK_TELEGRAM_BOT is empty")
    try:
        await bot.call("sendMessage", {"chat_id": chat, "text": f"{telling.title}\n\n{telling.body}"})
    except TelegramRefused as error:
        raise (NotTold if error.code == 429 or error.code >= 500 else NeverTold)(f"telegram_{error.code}") from None
    except (TelegramUnanswered, TelegramUnreached) as error:
        raise NotTold(type(error).__name__) from None
    finally:
        await bot.aclose()


async def _by_apprise(address: str, telling: Telling) -> None:
    taken = await asyncio.to_thread(import_module(MESSENGERS).notified, address, telling.title, telling.body)
    if taken is None:
        raise NeverTold("apprise_address")
    if not taken:
        raise NotTold("apprise_refused")
