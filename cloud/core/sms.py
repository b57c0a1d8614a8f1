"""SMS: a text for one number, the seam to whoever carries it, and how many parts it costs.

Rule: a number, a text, and what this service signs in with at the gateway never stand in a log or an error.
"""

from dataclasses import dataclass, field
from typing import Protocol

# The letters of GSM 03.38 (3GPP TS 23.038, 6.2.1); one of the second row takes the place of two.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWICE = frozenset("^{}\\[~]|€")
GSM_ALONE, GSM_JOINED = 160, 153  # in a text of one part, and in each of several
UCS2_ALONE, UCS2_JOINED = 70, 67  # any letter outside GSM makes the whole text so: all Kazakh and Russian


@dataclass(frozen=True, slots=True)
class Text:
    """What is sent to one number, written as +77012345678."""

    to: str = field(repr=False)
    words: str = field(repr=False)


class SmsNotSent(Exception):
    """The gateway did not take it, and may later; the message is a word's code and the gateway's, no number."""


class SmsUnanswered(Exception):
    """It may have been taken, and nobody said so: sending it again may cost and tell twice."""


class SmsRefused(Exception):
    """The gateway will not take it for this number, now or later."""


class SmsGateway(Protocol):
    """Whoever carries texts."""

    async def send(self, text: Text) -> str:
        """Send, and return the gateway's own number of it. Raises SmsNotSent, SmsUnanswered or SmsRefused."""
        ...


def parts_of(words: str) -> int:
    """Return how many messages a text is sent and paid as."""
    if all(letter in GSM or letter in GSM_TWICE for letter in words):
        return _parts(len(words) + sum(letter in GSM_TWICE for letter in words), GSM_ALONE, GSM_JOINED)
    return _parts(len(words.encode("utf-16-le")) // 2, UCS2_ALONE, UCS2_JOINED)


def _parts(length: int, alone: int, joined: int) -> int:
    return 1 if length <= alone else -(-length // joined)
