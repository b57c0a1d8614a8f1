"""A gateway for SMS in the shape of SMSC.kz's `send.php`: slow, refusing, answering rubbish, saying nothing.

Rule: the same text to the same number within a minute is answered with error 9, as the real one does.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.served import served

MINUTE_S = 60
WRONG_PARAMETERS, WRONG_PASSWORD, NO_MONEY, NO_NUMBER, SAME_AGAIN = 1, 2, 3, 7, 9
WITH_AN_ID = frozenset({3, 6, 7, 8})  # errors that are told with the message's number
COMMANDS = "money N|none, refuse NUMBER CODE, trouble slow|silent|rubbish|lost|down|long|none, texts, status"


class Counting(Protocol):
    """A count of seconds that never goes back."""

    def monotonic_s(self) -> float:
        """Return seconds since some start."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A text that the gateway took."""

    to: str
    words: str
    sender: str
    parts: int


@dataclass(slots=True)
class SimulatedSms:
    """The gateway; `app` answers HTTP."""

    login: str
    password: str
    clock: Counting
    parts_left: int | None = None  # what the account has money for; None: enough
    trouble: str = "none"
    slow_s: float = 2.0
    refused: dict[str, int] = field(default_factory=dict)  # error codes by number
    taken: list[Taken] = field(default_factory=list)
    asked: int = 0
    at_once: int = 0  # the most at a time
    _now: int = 0
    _lately: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/sys/send.php", self._send, methods=["POST"])])

    async def _send(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.asked += 1
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        try:
            if self.trouble == "silent":
                await request.receive()  # until whoever asks goes away
            if self.trouble == "slow":
                await asyncio.sleep(self.slow_s)
            return self._answer(form)
        finally:
            self._now -= 1

    def _answer(self, form: dict[str, str]) -> Response:
        if self.trouble == "down":
            return Response("", 503)
        told = self._judged(form)
        odd = {"lost": Response("", 502), "rubbish": Response("<html>"), "long": Response("x" * 100_000)}
        return odd.get(self.trouble) or Response(json.dumps(told), media_type="application/json")

    def _judged(self, form: dict[str, str]) -> dict[str, Any]:
        if form.get("fmt") != "3" or form.get("charset") != "utf-8" or not form.get("mes"):
            return self._fault(WRONG_PARAMETERS)
        if (form.get("login"), form.get("psw")) != (self.login, self.password):
            return self._fault(WRONG_PASSWORD)
        to, words = form.get("phones", ""), form["mes"]
        if not to.removeprefix("+").isdigit():
            return self._fault(NO_NUMBER)
        if to in self.refused:
            return self._fault(self.refused[to])
        return self._taken(to, words, form.get("sender", ""))

    def _taken(self, to: str, words: str, sender: str) -> dict[str, Any]:
        now, before = self.clock.monotonic_s(), self._lately.get((to, words))
        if before is not None and now - before < MINUTE_S:
            return self._fault(SAME_AGAIN)
        parts = 1 if len(words) <= 70 else -(-len(words) // 67)
        if self.parts_left is not None:
            if parts > self.parts_left:
                return self._fault(NO_MONEY)
            self.parts_left -= parts
        self._lately[to, words] = now
        self.taken.append(Taken(to, words, sender, parts))
        return {"id": len(self.taken), "cnt": parts}

    def _fault(self, code: int) -> dict[str, Any]:
        return {"error": "refused", "error_code": code} | ({"id": self.asked} if code in WITH_AN_ID else {})

    def obey(self, line: str) -> str:
        """Do what a line says."""
        match line.split():
            case ["money", "none"]:
                self.parts_left = None
            case ["money", count] if count.isdigit():
                self.parts_left = int(count)
            case ["refuse", to, code] if code.isdigit():
                self.refused[to] = int(code)
            case ["trouble", ("slow" | "silent" | "rubbish" | "lost" | "down" | "long" | "none") as trouble]:
                self.trouble = trouble
            case ["texts"]:
                return json.dumps([[each.to, each.words] for each in self.taken[-20:]], ensure_ascii=False)
            case ["status"]:
                pass
            case _:
                return f"not understood; commands: {COMMANDS}"
        return f"asked={self.asked} taken={len(self.taken)} trouble={self.trouble}"


@asynccontextmanager
async def serving(app: Starlette, port: int = 0) -> AsyncIterator[str]:
    """Serve a gateway on a loopback port, a free one for 0; yield where, without login and password."""
    async with served(app, port) as where:
        yield f"{where}/sys/send.php"
