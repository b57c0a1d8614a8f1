"""Telegram's Bot API as its documentation has it (https://core.telegram.org/bots/api), and people who chat with a bot.

Simulated from the documentation alone: `getMe`, `getUpdates` held open, `sendMessage`, and the refusals 401, 403, 409
and 429. Rule: an update is told until it is asked for by a higher offset.
"""

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LIMIT_MAX = 100
TEXT_MAX = 4_096
COMMANDS = "say CHAT WORDS, block CHAT, answer STATUS [RETRY_AFTER], trouble silent|rubbish|none, said CHAT, status"


@dataclass(slots=True)
class SimulatedTelegram:
    """The service for one bot; `app` answers HTTP."""

    token: str
    username: str = "esik_test_bot"
    trouble: str = "none"
    answers: list[tuple[int, int | None]] = field(default_factory=list)  # the next refusals of a message
    asked: list[str] = field(default_factory=list)  # methods, in order
    said: list[tuple[int, str]] = field(default_factory=list)  # by the bot, to which chat
    known: set[int] = field(default_factory=set)  # chats that wrote first, as a bot may not
    blocked: set[int] = field(default_factory=set)
    _updates: list[dict[str, Any]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1_000))
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _readers: int = 0

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/bot{token}/{method}", self._call, methods=["GET", "POST"])])

    # What people do

    def write(self, chat: int, text: str, *, language: str = "ru", name: str = "Айгүл", kind: str = "private") -> None:
        """Let somebody write to the bot."""
        self.known.add(chat)
        self.blocked.discard(chat)
        who = {"id": chat, "is_bot": False, "first_name": name, "language_code": language}
        message = {"message_id": next(self._numbers), "from": who, "chat": {"id": chat, "type": kind}, "text": text}
        self._happened({"message": message})

    def block(self, chat: int) -> None:
        """Let somebody block the bot."""
        self.blocked.add(chat)
        standing = {"chat": {"id": chat, "type": "private"}, "new_chat_member": {"status": "kicked"}}
        self._happened({"my_chat_member": standing})

    def happen(self, update: dict[str, Any]) -> None:
        """Let something else happen, in the service's own form."""
        self._happened(update)

    def read(self, chat: int) -> list[str]:
        """Return what the bot wrote to somebody."""
        return [text for to, text in self.said if to == chat]

    def _happened(self, what: dict[str, Any]) -> None:
        self._updates.append({"update_id": next(self._numbers), **what})
        self._news.set()

    # What the service answers

    async def _call(self, request: Request) -> Response:
        method = request.path_params["method"]
        self.asked.append(method)
        if self.trouble == "silent":
            await request.body()
            await request.receive()  # until whoever asks goes away
        if self.trouble == "rubbish":
            return Response("<html>", 502)
        if request.path_params["token"] != self.token:
            return _refused(401, "Unauthorized")
        body = await request.body()
        given = json.loads(body) if body else dict(request.query_params)
        if method == "getUpdates":
            return await self._told_updates(given)
        known: dict[str, Callable[[dict[str, Any]], Response]] = {"getMe": self._me, "sendMessage": self._send}
        return known[method](given) if method in known else _refused(404, "Not Found: method not found")

    def _me(self, _given: dict[str, Any]) -> Response:
        number = int(self.token.partition(":")[0])
        return _done({"id": number, "is_bot": True, "first_name": "Esik", "username": self.username})

    async def _told_updates(self, given: dict[str, Any]) -> Response:
        if self._readers:
            return _refused(409, "Conflict: terminated by other getUpdates request")
        self._readers += 1
        try:
            return await self._waited_for(given)
        finally:
            self._readers -= 1

    async def _waited_for(self, given: dict[str, Any]) -> Response:
        offset, limit = int(given.get("offset", 0)), min(int(given.get("limit", LIMIT_MAX)), LIMIT_MAX)
        self._updates = [each for each in self._updates if each["update_id"] >= offset]
        if not self._updates and int(given.get("timeout", 0)):
            self._news.clear()
            try:
                async with asyncio.timeout(int(given["timeout"])):
                    await self._news.wait()
            except TimeoutError:
                pass
        return _done(self._updates[:limit])

    def _send(self, given: dict[str, Any]) -> Response:
        chat, text = int(given["chat_id"]), str(given.get("text", ""))
        if self.answers:
            status, retry_after = self.answers.pop(0)
            return _refused(status, "as it was asked to", retry_after)
        if not text or len(text) > TEXT_MAX:
            return _refused(400, "Bad Request: message is too long" if text else "Bad Request: message text is empty")
        if chat in self.blocked:
            return _refused(403, "Forbidden: bot was blocked by the user")
        if chat not in self.known:
            return _refused(400, "Bad Request: chat not found")
        self.said.append((chat, text))
        return _done({"message_id": next(self._numbers), "chat": {"id": chat, "type": "private"}, "text": text})

    def obey(self, line: str) -> str:
        """Do what a line says."""
        match line.split(maxsplit=2):
            case ["say", chat, text] if chat.isdigit():
                self.write(int(chat), text)
            case ["block", chat] if chat.isdigit():
                self.block(int(chat))
            case ["answer", status] if status.isdigit():
                self.answers.append((int(status), None))
            case ["answer", status, retry_after] if status.isdigit() and retry_after.isdigit():
                self.answers.append((int(status), int(retry_after)))
            case ["trouble", ("silent" | "rubbish" | "none") as trouble]:
                self.trouble = trouble
            case ["said", chat] if chat.isdigit():
                return json.dumps(self.read(int(chat)), ensure_ascii=False)
            case ["status"]:
                pass
            case _:
                return f"not understood; commands: {COMMANDS}"
        return f"asked={len(self.asked)} said={len(self.said)} trouble={self.trouble}"


def _done(result: Any) -> Response:
    return JSONResponse({"ok": True, "result": result})


def _refused(code: int, why: str, retry_after: int | None = None) -> Response:
    told: dict[str, Any] = {"ok": False, "error_code": code, "description": why}
    if retry_after is not None:
        told["parameters"] = {"retry_after": retry_after}
    return JSONResponse(told, code)
