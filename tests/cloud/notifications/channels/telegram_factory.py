"""Telegram's Bot API on this machine, a bot, and parents who chat with it, for tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from cloud.core.actor import Role
from cloud.core.services import Services
from cloud.notifications.channels.telegram_api import Bot, bot_of
from cloud.notifications.channels.telegram_feed import Feed
from cloud.notifications.channels.telegram_links import LinkCode, new_code
from simulators.served import served
from simulators.telegram import SimulatedTelegram
from tests.cloud.accounts.factory import Somebody, somebody

TOKEN = "4711:AAF-simulated_token_of_a_bot"
DEADLINE_S = 20.0  # of what is answered at once, on a machine that is busy


@dataclass(slots=True)
class Chatting:
    """Services with a bot, and Telegram."""

    services: Services
    telegram: SimulatedTelegram
    bot: Bot
    feed: Feed

    async def parent(self) -> Somebody:
        """Return a parent who has not joined."""
        return await somebody(self.services, Role.GUARDIAN)

    async def code(self, parent: Somebody) -> LinkCode:
        """Return what the parent's page shows."""
        code = await new_code(self.services, parent.actor)
        assert code is not None
        return code

    async def join(self, parent: Somebody, chat: int) -> None:
        """Let a parent join a chat."""
        self.telegram.write(chat, f"/start {(await self.code(parent)).code}")
        await self.feed.step()

    async def answers(self, chat: int, text: str, language: str = "en") -> list[str]:
        """Let somebody write, and return what the bot says to that."""
        before = len(self.telegram.read(chat))
        self.telegram.write(chat, text, language=language)
        await self.feed.step()
        return self.telegram.read(chat)[before:]

    async def joined(self) -> list[int]:
        """Return the accounts with a chat."""
        rows = await self.services.database.pool.fetch(
            "SELECT account_id FROM channel_address WHERE channel = 'telegram' AND gone_at IS NULL ORDER BY id"
        )
        return [row["account_id"] for row in rows]


@asynccontextmanager
async def chatting(services: Services) -> AsyncIterator[Chatting]:
    """Run Telegram; the bot has been asked for its name."""
    telegram = SimulatedTelegram(TOKEN)
    async with served(telegram.app) as place:
        settings = replace(services.settings, telegram_bot=TOKEN, telegram_api=f"http://{place}")
        near = replace(services, settings=settings)
        bot = bot_of(settings)
        assert bot is not None
        bot.deadline_s = DEADLINE_S
        chats = Chatting(near, telegram, bot, Feed(near, bot, "worker-1"))
        telegram.happen({"edited_message": {"message_id": 1}})  # so that nobody waits for news
        await chats.feed.step()
        try:
            yield chats
        finally:
            await bot.aclose()
