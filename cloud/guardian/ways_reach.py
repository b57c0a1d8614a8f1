"""What the page “How I am told” shows of this browser's push and of Telegram."""

from dataclasses import dataclass

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.notifications.channels.push_keys import public_push_key
from cloud.notifications.channels.push_subscribing import is_subscribed
from cloud.notifications.channels.telegram_links import bot_name


@dataclass(frozen=True, slots=True)
class Push:
    """What browsers subscribe for, if anything, and whether this one has."""

    key: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class TelegramBot:
    """Whether there is a bot, and its name, if it was reached yet."""

    is_set: bool
    bot: str


async def reach_values(services: Services, actor: Actor, token: str) -> dict[str, object]:
    """Return `push` and `telegram` for the two parts of the page; the token is the session's."""
    return {
        "push": Push(await public_push_key(services), await is_subscribed(services, actor, token)),
        "telegram": TelegramBot(bool(services.settings.telegram_bot), await bot_name(services)),
    }
