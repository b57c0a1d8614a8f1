"""A provider of fiscal receipts in the shape of Webkassa's version 4: loses answers, forgets sessions, has bad hours.

Rule: one external number is one receipt. It complains when a cashbox is asked two things at once.
"""

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SALE = 2
SAME_NUMBER, SESSION_OVER, WRONG_KEYS, WRONG_SUM, SHIFT_TOO_LONG = 14, 2, 1, 9, 11


@dataclass(frozen=True, slots=True)
class BadHours:
    """Chances of one request."""

    lost_answer: float = 0.0  # it is done, and 502 is answered
    down: float = 0.0  # it is not done, and 503 is answered
    session_over: float = 0.0
    no_words: float = 0.0  # HTML instead of JSON, as from a proxy


@dataclass(slots=True)
class SimulatedWebkassa:
    """The provider; `app` answers HTTP."""

    login: str
    password: str
    key: str
    rng: random.Random
    hours: BadHours = BadHours()
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)  # by external number
    sums: dict[str, Decimal] = field(default_factory=dict)  # by external number, in tenge
    sessions: set[str] = field(default_factory=set)
    to_refuse: int = 0  # of the next receipts
    crowded: int = 0  # how often a cashbox was asked two things at once
    _asking: Counter[str] = field(default_factory=Counter)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/v4/Authorize", self._authorize, methods=["POST"]),
                Route("/api/v4/check", self._check, methods=["POST"]),
            ]
        )

    async def _authorize(self, request: Request) -> Response:
        body = json.loads(await request.body())
        if (body["Login"], body["Password"], request.headers.get("x-api-key")) != (self.login, self.password, self.key):
            return _fault(WRONG_KEYS, "Неверный логин или пароль")
        token = f"{self.rng.getrandbits(128):032x}"
        self.sessions.add(token)
        return JSONResponse({"Data": {"Token": token}})

    async def _check(self, request: Request) -> Response:
        body = json.loads(await request.body(), parse_float=str)
        cashbox = body["CashboxUniqueNumber"]
        self._asking[cashbox] += 1
        try:
            self.crowded += self._asking[cashbox] > 1
            await asyncio.sleep(0)
            return self._answer(body)
        finally:
            self._asking[cashbox] -= 1

    def _answer(self, body: dict[str, Any]) -> Response:
        if self._chance(self.hours.session_over):
            self.sessions.clear()
        if body["Token"] not in self.sessions:
            return _fault(SESSION_OVER, "Срок действия сессии истек")
        if self._chance(self.hours.down):
            return Response("", 503)
        if (refusal := self._refusal(body)) is not None:
            return refusal
        told = self._registered(body)
        if self._chance(self.hours.lost_answer):
            return Response("", 502)
        return Response("<html>", 200) if self._chance(self.hours.no_words) else JSONResponse({"Data": told})

    def _refusal(self, body: dict[str, Any]) -> Response | None:
        if (external := body["ExternalCheckNumber"]) in self.receipts:
            return _fault(SAME_NUMBER, "Чек с таким внешним номером уже зарегистрирован", self.receipts[external])
        if self.to_refuse:
            self.to_refuse -= 1
            return _fault(SHIFT_TOO_LONG, "Продолжительность смены превышает 24 часа")
        if body["OperationType"] != SALE or str(body["Payments"][0]["Sum"]) != str(body["Positions"][0]["Price"]):
            return _fault(WRONG_SUM, "Сумма оплаты не равна сумме позиций")
        return None

    def _registered(self, body: dict[str, Any]) -> dict[str, Any]:
        external, number = body["ExternalCheckNumber"], f"{3_645_220_000 + len(self.receipts)}"
        self.receipts[external] = {"CheckNumber": number, "TicketUrl": f"https://ofd.example/{number}"}
        self.sums[external] = Decimal(str(body["Payments"][0]["Sum"]))
        return self.receipts[external]

    def _chance(self, of: float) -> bool:
        return self.rng.random() < of


def _fault(code: int, text: str, data: dict[str, Any] | None = None) -> Response:
    return JSONResponse({"Errors": [{"Code": code, "Text": text}], "Data": data})
