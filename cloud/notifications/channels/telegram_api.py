"""The Bot API of Telegram, as far as it is used (https://core.telegram.org/bots/api): one request a call, over HTTPS.

Rule: the bot's token stands in the path, so that no address and no error of a request is ever logged or told; what an
answer says in words is looked at, and kept nowhere.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx2
import msgspec

from cloud.core.settings import Settings

DEADLINE_S = 10.0
ANSWER_MAX = 4 * 1024 * 1024  # a hundred updates of the longest texts


class TelegramRefused(Exception):
    """The Bot API says no; `code` is its number, `words` its reason, and `retry_after_s` when it may be asked again."""

    def __init__(self, code: int, words: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(f"telegram_{code}")
        self.code, self.words, self.retry_after_s = code, words, retry_after_s


class TelegramUnanswered(Exception):
    """Nothing readable came back; what was asked for may have been done."""


class TelegramUnreached(Exception):
    """It was never asked."""


class _Parameters(msgspec.Struct, frozen=True):
    retry_after: float | None = None


class _Answer(msgspec.Struct, frozen=True):
    ok: bool
    result: Any = None
    error_code: int = 0
    description: str = ""
    parameters: _Parameters = _Parameters()


_decode = msgspec.json.Decoder(_Answer).decode


@dataclass(slots=True)
class Bot:
    """A bot, by its token; close it at the end."""

    token: str = field(repr=False)
    place: str
    deadline_s: float = DEADLINE_S
    _client: httpx2.AsyncClient | None = field(init=False, default=None, repr=False)

    @property
    def id(self) -> int:
        """Return the bot's own number, which begins its token."""
        return int(self.token.partition(":")[0])

    async def call(self, method: str, given: Mapping[str, Any], waits_s: float = 0.0) -> Any:
        """Return what a method answers; one that waits by itself has so many seconds more.

        Raises TelegramRefused, TelegramUnanswered or TelegramUnreached.
        """
        try:
            async with asyncio.timeout(self.deadline_s + waits_s):
                answer = await self._ask(method, given)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout):
            raise TelegramUnreached from None
        except (httpx2.HTTPError, TimeoutError, OSError):
            raise TelegramUnanswered from None
        if not answer.ok:
            raise TelegramRefused(answer.error_code, answer.description, answer.parameters.retry_after)
        return answer.result

    async def aclose(self) -> None:
        """Close the lines that are kept open."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _ask(self, method: str, given: Mapping[str, Any]) -> _Answer:
        if self._client is None:
            self._client = httpx2.AsyncClient(timeout=None, trust_env=False, follow_redirects=False)
        url = f"{self.place}/bot{self.token}/{method}"
        async with self._client.stream("POST", url, json=given) as answer:
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > ANSWER_MAX:
                    raise TelegramUnanswered
        try:
            return _decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise TelegramRefused(answer.status_code) from None
            raise TelegramUnanswered from None


class Chat(msgspec.Struct, frozen=True):
    """Where a message came from; only `private` ones are talked in."""

    id: int
    type: str


class User(msgspec.Struct, frozen=True):
    """Who wrote."""

    id: int
    first_name: str = ""
    language_code: str = ""


class Said(msgspec.Struct, frozen=True):
    """A message to the bot."""

    chat: Chat
    from_: User | None = msgspec.field(default=None, name="from")
    text: str = ""


class Standing(msgspec.Struct, frozen=True):
    """What the bot is in a chat: `kicked` where it was blocked."""

    status: str


class StandingChanged(msgspec.Struct, frozen=True):
    """The bot was blocked, or let in again."""

    chat: Chat
    new_chat_member: Standing


class Update(msgspec.Struct, frozen=True):
    """Something that happened to the bot; what is not understood is passed over."""

    update_id: int
    message: Said | None = None
    my_chat_member: StandingChanged | None = None


def updates_of(result: Any) -> Sequence[Update]:
    """Return the updates of an answer; of one that cannot be read only its number. Raises TelegramUnanswered."""
    if not isinstance(result, list):
        raise TelegramUnanswered
    return [_update(each) for each in result]


def bot_of(settings: Settings) -> Bot | None:
    """Return the bot of the settings; None where there is none."""
    return Bot(settings.telegram_bot, settings.telegram_api.rstrip("/")) if settings.telegram_bot else None


def _update(given: Any) -> Update:
    try:
        return msgspec.convert(given, Update)
    except msgspec.ValidationError:
        if isinstance(given, dict) and isinstance(given.get("update_id"), int):
            return Update(given["update_id"])
        raise TelegramUnanswered from None
