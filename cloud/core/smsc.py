"""A gateway for SMS in the shape of SMSC.kz: one form over HTTPS to `send.php`, answered in JSON (`fmt=3`).

After its documentation (https://smsc.kz/api/http/); not tested against the live service. Rule: login, password, number
and text travel in the body, never in the address, and an answer is read to its end only if it is short.
"""

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NoReturn
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx2
import msgspec

from cloud.core.settings import Settings
from cloud.core.sms import SmsGateway, SmsNotSent, SmsRefused, SmsUnanswered, Text
from cloud.core.underway import UnderWay

DEADLINE_S = 15.0
ANSWER_MAX = 8_192
AT_ONCE = 24  # texts of this process on their way; who comes beyond that is told to try later
# Its error codes: the text or the sender's name is forbidden; the number is none; the number cannot be reached.
FORBIDDEN, NO_NUMBER, NOT_REACHED = 6, 7, 8
SAME_AGAIN = 9  # the same was asked for within a minute: the first may have been taken


class _Answer(msgspec.Struct):
    id: int | str | None = None
    cnt: int = 0
    error_code: int = 0


_decode = msgspec.json.Decoder(_Answer).decode
UNDER_WAY = UnderWay(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Smsc:
    """Sends by SMSC.kz, one request a text."""

    url: str
    login: str
    password: str = field(repr=False)
    sender: str = ""
    deadline_s: float = DEADLINE_S

    @classmethod
    def parse(cls, url: str, sender: str, deadline_s: float = DEADLINE_S) -> "Smsc":
        """Read `https://login:password@smsc.kz/sys/send.php`."""
        parts = urlsplit(url)
        place = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        return cls(place, unquote(parts.username or ""), unquote(parts.password or ""), sender, deadline_s)

    async def send(self, text: Text) -> None:
        """Send, and return when the gateway took it. Raises SmsNotSent, SmsUnanswered or SmsRefused."""
        with UNDER_WAY.one() as has_room:
            if not has_room:
                raise SmsNotSent("sms_crowded")
            status, body = await self._asked(text)
        _judge(status, body)

    async def _asked(self, text: Text) -> tuple[int, bytes]:
        """Return the answer's status and body, within the deadline."""
        try:
            async with asyncio.timeout(self.deadline_s):
                return await self._ask(text)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise SmsNotSent(f"sms_unreached: {type(error).__name__}") from None
        except (httpx2.HTTPError, TimeoutError) as error:
            raise SmsUnanswered(f"sms_unanswered: {type(error).__name__}") from None

    async def _ask(self, text: Text) -> tuple[int, bytes]:
        form = {
            "login": self.login, "psw": self.password, "phones": text.to, "mes": text.words, "fmt": "3",
            "charset": "utf-8", **({"sender": self.sender} if self.sender else {}),
        }  # fmt: skip
        async with (
            httpx2.AsyncClient(timeout=self.deadline_s, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", self.url, data=form) as answer,
        ):
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > ANSWER_MAX:
                    raise SmsUnanswered("sms_unanswered: too long")
            return answer.status_code, body


def gateway_of(settings: Settings) -> SmsGateway | None:
    """Return who carries texts by the settings; None where nobody does."""
    return Smsc.parse(settings.sms_url, settings.sms_sender) if settings.sms_url else None


def _judge(status: int, body: bytes) -> None:
    """Return if the answer says that the text was taken."""
    if status != HTTPStatus.OK:
        raise SmsUnanswered(f"sms_unanswered: status {status}")
    try:
        answer = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):  # their words may hold the number
        raise SmsUnanswered("sms_unanswered: not readable") from None
    if answer.error_code:
        _refuse(answer.error_code)
    if answer.id is None or answer.cnt < 1:
        raise SmsUnanswered("sms_unanswered: no id")


def _refuse(code: int) -> NoReturn:
    if code in {FORBIDDEN, NO_NUMBER, NOT_REACHED}:
        raise SmsRefused(f"sms_{'text' if code == FORBIDDEN else 'number'}: {code}")
    if code == SAME_AGAIN:
        raise SmsUnanswered(f"sms_unanswered: {code}")
    raise SmsNotSent(f"sms_gateway: {code}")  # login, money, a blocked address: somebody mends it
