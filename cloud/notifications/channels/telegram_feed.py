"""What people write to the bot, fetched by one worker at a time (`getUpdates`, held open): codes, and /stop.

Rule: an update is answered once, at most twice where a worker died over it; one that fails holds up no other. Whoever
writes on and on is answered a few times, and then no more for a while.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
import structlog

from cloud.core.errors import kinds_of
from cloud.core.i18n import Language, as_language, translate
from cloud.core.messages import Message
from cloud.core.services import Services
from cloud.notifications.channels import telegram_words as words
from cloud.notifications.channels.addresses import TooManyAddresses
from cloud.notifications.channels.telegram_api import (
    Bot,
    Said,
    TelegramRefused,
    TelegramUnanswered,
    TelegramUnreached,
    Update,
    updates_of,
)
from cloud.notifications.channels.telegram_links import link_chat, may_be_code, unlink_chat

AT_ONCE = 50
HELD_OPEN_S = 25.0
ANSWERING_S_MAX = 40.0
IDLE_S, LOOK_S, PAUSE_S = 1.0, 5.0, 30.0
LEASE = timedelta(seconds=120)  # longer than one fetch and its answers
ANSWERS, ANSWERS_WITHIN_S, CHATS_KEPT = 8, 600.0, 10_000
KINDS = ("message", "my_chat_member")
CONFLICT = 409
_LEASE = """
INSERT INTO telegram_feed AS feed (bot, holder, until) VALUES ($1, $2, $4)
ON CONFLICT (bot) DO UPDATE SET holder = $2, until = $4 WHERE feed.holder = $2 OR feed.until <= $3
RETURNING next_update, name
"""
_GIVE_UP = "UPDATE telegram_feed SET until = $3 WHERE bot = $1 AND holder = $2"
_MET = "UPDATE telegram_feed SET next_update = $2 WHERE bot = $1"
_NAME = "UPDATE telegram_feed SET name = $2 WHERE bot = $1"
log = structlog.get_logger()


@dataclass(slots=True)
class Feed:
    """Follows one bot until cancelled; `holder` names the worker."""

    services: Services
    bot: Bot
    holder: str
    _answered: "OrderedDict[int, list[float]]" = field(default_factory=OrderedDict)

    async def run(self) -> None:
        """Fetch and answer, again and again; another worker goes on where this one ended."""
        try:
            while True:
                await self.services.clock.sleep(await self.step())
        finally:
            await self.bot.aclose()
            await self._pool.execute(_GIVE_UP, self.bot.id, self.holder, self.services.clock.now())

    async def step(self) -> float:
        """Fetch once if it is this worker's turn, answer, and return how many seconds to wait."""
        now = self.services.clock.now()
        row = await self._pool.fetchrow(_LEASE, self.bot.id, self.holder, now, now + LEASE)
        if row is None:
            return LOOK_S
        try:
            if not row["name"]:
                await self._learn_name()
            has_news = await self._fetch(row["next_update"])
        except TelegramRefused as refused:
            log.warning("telegram.refused", status=refused.code, is_read_elsewhere=refused.code == CONFLICT)
            return refused.retry_after_s or PAUSE_S
        except (TelegramUnanswered, TelegramUnreached) as error:
            log.info("telegram.silent", error=kinds_of(error))
            return PAUSE_S
        return 0.0 if has_news else IDLE_S

    @property
    def _pool(self) -> asyncpg.Pool:
        return self.services.database.pool

    async def _learn_name(self) -> None:
        told = await self.bot.call("getMe", {})
        name = told.get("username", "") if isinstance(told, Mapping) else ""
        await self._pool.execute(_NAME, self.bot.id, str(name)[:64])

    async def _fetch(self, begin: int) -> bool:
        """Answer what was written since; tell whether anything was."""
        given = {"offset": begin, "limit": AT_ONCE, "timeout": int(HELD_OPEN_S), "allowed_updates": KINDS}
        updates = updates_of(await self.bot.call("getUpdates", given, HELD_OPEN_S))
        until_s = self.services.clock.monotonic_s() + ANSWERING_S_MAX
        for update in updates:
            try:
                await self._meet(update)
            except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError):
                raise  # it is met again
            except Exception as error:  # noqa: BLE001 (one that fails holds up no other)
                log.warning("telegram.update_failed", error=kinds_of(error))
            await self._pool.execute(_MET, self.bot.id, update.update_id + 1)
            if self.services.clock.monotonic_s() > until_s:
                break  # the rest is fetched again, with a new lease
        return bool(updates)

    async def _meet(self, update: Update) -> None:
        changed, said = update.my_chat_member, update.message
        if changed is not None and changed.new_chat_member.status == "kicked":
            await unlink_chat(self.services, changed.chat.id)
        if said is None or said.chat.type != "private":
            return
        has_room = self._has_room(said.chat.id)
        if has_room or _is_stop(said):
            told, language = await self._told(said)
            if has_room:
                await self._answer(said.chat.id, translate(language, told))

    async def _answer(self, chat: int, text: str) -> None:
        try:
            await self.bot.call("sendMessage", {"chat_id": chat, "text": text})
        except (TelegramRefused, TelegramUnanswered, TelegramUnreached) as error:
            log.info("telegram.unanswered", error=kinds_of(error))

    async def _told(self, said: Said) -> tuple[Message, Language]:
        language = as_language(said.from_.language_code if said.from_ else "") or Language.KK
        if _is_stop(said):
            parted = await unlink_chat(self.services, said.chat.id)
            return (words.PARTED if parted else words.NOT_JOINED), language
        code = said.text.strip().removeprefix("/start").strip()
        if not may_be_code(code):
            return words.HELP, language
        label = said.from_.first_name if said.from_ else ""
        try:
            linked = await link_chat(self.services, code, said.chat.id, label)
        except TooManyAddresses as refused:
            return refused.message, language
        if linked is None:
            return words.CODE_NOT_GOOD, language
        return words.joined(linked.name), linked.language or language

    def _has_room(self, chat: int) -> bool:
        """Tell whether a chat may be answered, and count it."""
        now_s = self.services.clock.monotonic_s()
        lately = [each for each in self._answered.get(chat, []) if now_s - each < ANSWERS_WITHIN_S]
        if len(lately) >= ANSWERS:
            return False
        self._answered[chat] = [*lately, now_s]
        self._answered.move_to_end(chat)
        while len(self._answered) > CHATS_KEPT:
            self._answered.popitem(last=False)
        return True


def _is_stop(said: Said) -> bool:
    return said.text.strip().lower() == "/stop"
