"""Telegram: a message by the school's bot to a chat that a parent joined by a code; nobody's number is asked for."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog

from cloud.notifications.channels.sender import (
    TELEGRAM,
    Address,
    Gone,
    Later,
    Message,
    Outcome,
    Paused,
    Refused,
    Sent,
    Traits,
)
from cloud.notifications.channels.telegram_api import Bot, TelegramRefused, TelegramUnanswered, TelegramUnreached

TOGETHER = 4  # a bot may send some 30 messages a second
TEXT_MAX = 4_000  # 4096 letters are allowed
PAUSE_S, TOKEN_PAUSE_S, PAUSE_S_MAX = 30.0, 300.0, 3_600.0
NOBODY = ("chat not found", "user is deactivated", "PEER_ID_INVALID", "bot can't initiate conversation")
log = structlog.get_logger()


@dataclass(slots=True)
class Telegram:
    """Sends by a bot."""

    bot: Bot

    @property
    def name(self) -> str:
        return TELEGRAM

    @property
    def traits(self) -> Traits:
        return Traits(together=TOGETHER, repeats=True, confirms=False)

    async def send(self, message: Message, to: Address) -> Outcome:
        """Write into a chat."""
        try:
            said = await self.bot.call("sendMessage", _given(message, to))
        except TelegramRefused as refused:
            return _outcome(refused)
        except TelegramUnreached:
            return Later("telegram_unreached")
        except TelegramUnanswered:
            return Later("telegram_silent")
        return Sent(str(said.get("message_id", "")) if isinstance(said, dict) else "")

    async def aclose(self) -> None:
        """Close the lines that are kept open."""
        await self.bot.aclose()


def _given(message: Message, to: Address) -> dict[str, Any]:
    text = message.body if message.body.startswith(message.title) else f"{message.title}\n{message.body}"
    return {"chat_id": int(to.value), "text": text[:TEXT_MAX], "link_preview_options": {"is_disabled": True}}


def _outcome(refused: TelegramRefused) -> Outcome:
    code = refused.code
    match code:
        case HTTPStatus.FORBIDDEN:
            return Gone(f"telegram_gone:{code}")
        case HTTPStatus.BAD_REQUEST if any(each in refused.words for each in NOBODY):
            return Gone(f"telegram_gone:{code}")
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Paused(f"telegram_busy:{code}", after_s=min(refused.retry_after_s or PAUSE_S, PAUSE_S_MAX))
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.NOT_FOUND:  # the token is none
            log.warning("telegram.token_refused", status=code)
            return Paused(f"telegram_token:{code}", after_s=TOKEN_PAUSE_S)
        case _ if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Later(f"telegram_server:{code}")
        case _:
            return Refused(f"telegram_refused:{code}")
