"""Webkassa's service, version 4, as a desk: authorise, then register a sale for cash under our own number.

A number that was registered before is answered with error 14 and the receipt as it was, which is what we want. An
amount goes as a JSON number with its decimals, made of a Decimal and never of a float.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import httpx2
import msgspec

from cloud.topups.fiscal import Cash, Cashbox, ReceiptRefused, Registered, Unanswered

TIMEOUT_S = 30.0
SALE, IN_CASH, NO_TAX, PIECE = 2, 0, 0, 796
NAME = "Асхана шотын толықтыру / Пополнение счёта столовой"
SESSION_OVER, SAME_NUMBER = 2, 14
# Their own trouble, or ours with the line, or a session that is over as soon as it is begun: worth another telling.
BUSY = frozenset({-1, SESSION_OVER, 18, 505, 1014})
_encode = msgspec.json.Encoder(decimal_format="number").encode


class _Fault(msgspec.Struct):
    code: int = msgspec.field(name="Code", default=-1)
    text: str = msgspec.field(name="Text", default="")


class _Data(msgspec.Struct):
    token: str = msgspec.field(name="Token", default="")
    number: str = msgspec.field(name="CheckNumber", default="")
    link: str = msgspec.field(name="TicketUrl", default="")


class _Answer(msgspec.Struct):
    data: _Data | None = msgspec.field(name="Data", default=None)
    errors: list[_Fault] | None = msgspec.field(name="Errors", default=None)

    @property
    def code(self) -> int:
        return self.errors[0].code if self.errors else 0


_decode = msgspec.json.Decoder(_Answer).decode


@dataclass(slots=True)
class Webkassa:
    """A desk for one cashbox; keeps its session for as long as it is open."""

    cashbox: Cashbox
    client: httpx2.AsyncClient
    _token: str = ""

    async def register(self, cash: Cash) -> Registered:
        """Register cash. Raises Unanswered or ReceiptRefused."""
        answer = await self._check(cash)
        if answer.code == SESSION_OVER:
            self._token = ""
            answer = await self._check(cash)
        if answer.data is not None and answer.data.number and answer.code in {0, SAME_NUMBER}:
            return Registered(answer.data.number, answer.data.link)
        if answer.code in BUSY or not answer.errors or answer.code == SAME_NUMBER:
            raise Unanswered(f"error {answer.code}")
        raise ReceiptRefused(f"error {answer.code}: {answer.errors[0].text[:150]}")

    async def _check(self, cash: Cash) -> _Answer:
        if not self._token:
            await self._authorise()
        tenge = Decimal(cash.amount_tiyn) / 100
        position = {
            "Count": 1, "Price": tenge, "PositionName": NAME, "TaxType": NO_TAX, "Discount": 0, "Markup": 0,
            "UnitCode": PIECE,
        }  # fmt: skip
        return await self._ask(
            "/api/v4/check",
            {
                "Token": self._token, "CashboxUniqueNumber": self.cashbox.number, "OperationType": SALE,
                "ExternalCheckNumber": cash.external, "Positions": [position], "Change": 0, "RoundType": 0,
                "Payments": [{"Sum": tenge, "PaymentType": IN_CASH}],
            },
        )  # fmt: skip

    async def _authorise(self) -> None:
        keys = self.cashbox.keys
        answer = await self._ask("/api/v4/Authorize", {"Login": keys.login, "Password": keys.password})
        if answer.data is None or not answer.data.token:
            raise Unanswered(f"not let in: error {answer.code}")
        self._token = answer.data.token

    async def _ask(self, path: str, body: Mapping[str, Any]) -> _Answer:
        headers = {"content-type": "application/json", "x-api-key": self.cashbox.keys.key}
        try:
            answer = await self.client.post(self.cashbox.url + path, content=_encode(body), headers=headers)
            if answer.status_code != HTTPStatus.OK:
                raise Unanswered(f"status {answer.status_code}")
            return _decode(answer.content)
        except (httpx2.HTTPError, msgspec.MsgspecError) as error:  # their words may hold what was sent
            raise Unanswered(type(error).__name__) from None


@asynccontextmanager
async def open_desk(cashbox: Cashbox) -> AsyncIterator[Webkassa]:
    """Yield a desk at the cashbox's own address."""
    async with httpx2.AsyncClient(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client:
        yield Webkassa(cashbox, client)
