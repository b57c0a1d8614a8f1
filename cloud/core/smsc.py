"""A gateway for SMS in the shape of SMSC.kz: one form over HTTPS to `send.php`, answered in JSON (`fmt=3`).

After its documentation (https://smsc.kz/api/http/); not tested against the live service. Rule: login, password, number
and text travel in the body, never in the address, and an answer is read to its end only if it is short.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NoReturn
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from cloud.core.sms import SmsNotSent, SmsRefused, SmsUnanswered, Text
from cloud.core.sms_http import DEADLINE_S, ask

# Its error codes: the text or the sender's name is forbidden; the number is none; the number cannot be reached.
FORBIDDEN, NO_NUMBER, NOT_REACHED = 6, 7, 8
SAME_AGAIN = 9  # the same was asked for within a minute: the first may have been taken


class _Answer(msgspec.Struct):
    id: int | str | None = None
    cnt: int = 0
    error_code: int = 0


_decode = msgspec.json.Decoder(_Answer).decode


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

    async def send(self, text: Text) -> str:
        """Send, and return the gateway's number of it. Raises SmsNotSent, SmsUnanswered or SmsRefused."""
        form = {
            "login": self.login, "psw": self.password, "phones": text.to, "mes": text.words, "fmt": "3",
            "charset": "utf-8", **({"sender": self.sender} if self.sender else {}),
        }  # fmt: skip
        return _judge(*await ask(self.url, form, self.deadline_s))


def _judge(status: int, body: bytes) -> str:
    """Return the text's number if the answer says that it was taken."""
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
    return str(answer.id)[:40]


def _refuse(code: int) -> NoReturn:
    if code in {FORBIDDEN, NO_NUMBER, NOT_REACHED}:
        raise SmsRefused(f"sms_{'text' if code == FORBIDDEN else 'number'}: {code}")
    if code == SAME_AGAIN:
        raise SmsUnanswered(f"sms_unanswered: {code}")
    raise SmsNotSent(f"sms_gateway: {code}")  # login, money, a blocked address: somebody mends it
