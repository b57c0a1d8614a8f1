"""A gateway for SMS in the shape of Mobizon: `message/sendSmsMessage` over HTTPS, answered in JSON.

After its published documentation (https://mobizon.kz/help/api-docs); not tested against the live service. It takes its
key in the address only: no log of ours tells addresses that were asked.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from cloud.core.sms import SmsNotSent, SmsRefused, SmsUnanswered, Text
from cloud.core.sms_http import DEADLINE_S, ask

PATH = "/message/sendsmsmessage"  # of its address, in small letters
# Its codes of an answer: what was given is wrong (`data` names the fields); and those after which nothing was taken:
# wrong module, method or format, not signed in, no access, a parameter missing or out of bounds, another server's user,
# a blocked account, too many requests. After every other one nobody knows.
DONE, WRONG, NOT_TAKEN = 0, 1, frozenset({4, 5, 6, 8, 9, 11, 12, 13, 14, 30})


class _Answer(msgspec.Struct):
    code: int | str
    data: Any = None


_decode = msgspec.json.Decoder(_Answer).decode


@dataclass(frozen=True, slots=True)
class Mobizon:
    """Sends by Mobizon, one request a text."""

    url: str
    key: str = field(repr=False)
    sender: str = ""
    deadline_s: float = DEADLINE_S

    @classmethod
    def parse(cls, url: str, sender: str, deadline_s: float = DEADLINE_S) -> "Mobizon":
        """Read `https://KEY@api.mobizon.kz/service/message/sendSmsMessage`."""
        parts = urlsplit(url)
        place = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        return cls(place, unquote(parts.username or ""), sender, deadline_s)

    async def send(self, text: Text) -> str:
        """Send, and return the gateway's number of it. Raises SmsNotSent, SmsUnanswered or SmsRefused."""
        form = {"recipient": text.to.removeprefix("+"), "text": text.words}
        parameters = {"output": "json", "api": "v1", "apiKey": self.key}
        named = {"from": self.sender} if self.sender else {}
        return _judge(*await ask(self.url, form | named, self.deadline_s, parameters))


def is_mobizon(url: str) -> bool:
    """Tell whether an address of a gateway is of this shape."""
    return urlsplit(url).path.rstrip("/").lower().endswith(PATH)


def _judge(status: int, body: bytes) -> str:
    """Return the text's number if the answer says that it was taken."""
    if status != HTTPStatus.OK:
        raise SmsUnanswered(f"sms_unanswered: status {status}")
    try:
        answer = _decode(body)
        code = int(answer.code)
    except (msgspec.MsgspecError, ValueError):  # their words may hold the number
        raise SmsUnanswered("sms_unanswered: not readable") from None
    if code != DONE:
        _refuse(code, answer.data)
    number = answer.data.get("messageId") if isinstance(answer.data, dict) else None
    if not number:
        raise SmsUnanswered("sms_unanswered: no id")
    return str(number)[:40]


def _refuse(code: int, wrong: object) -> NoReturn:
    if code == WRONG:
        raise SmsRefused(f"sms_{'number' if isinstance(wrong, dict) and 'recipient' in wrong else 'text'}: {code}")
    if code in NOT_TAKEN:
        raise SmsNotSent(f"sms_gateway: {code}")  # key, money, a limit: somebody mends it
    raise SmsUnanswered(f"sms_unanswered: {code}")
