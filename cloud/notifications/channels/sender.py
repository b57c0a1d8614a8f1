"""The seam of channels: a message for one address, whoever carries it, and how that went.

Rule: an address, a text, and what this service signs in with never stand in a log, an error or a `why`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from cloud.core.i18n import Language

EMAIL, SMS, WEBPUSH, TELEGRAM = "email", "sms", "webpush", "telegram"


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody is told, in their language; `id` names the delivery and proves itself (see `confirming`)."""

    id: str
    notice_id: int
    title: str = field(repr=False)
    body: str = field(repr=False)  # whole sentences, with when it happened
    short: str = field(repr=False)  # the same for a text by SMS
    url: str  # of the page that shows it
    language: Language
    at: datetime
    tag: str  # the same for a fact and what corrects it
    is_urgent: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Address:
    """Where one account is told by one channel."""

    id: int
    account_id: int
    channel: str
    value: str = field(repr=False)  # a number, a mailbox, a chat; of Web Push the subscription in JSON
    label: str = ""  # as its owner knows it: "Firefox, Android"


@dataclass(frozen=True, slots=True)
class Traits:
    """What the queue has to know of a channel."""

    together: int = 32  # messages on their way at once
    lasts: timedelta = timedelta(hours=2)  # an older message is given up
    repeats: bool = True  # a message may go twice, once, when a worker died before it noted that it went
    confirms: bool = True  # somebody tells when it arrived (`confirm`, or Confirmed)
    is_paid: bool = False  # each part of a message costs the school


@dataclass(frozen=True, slots=True)
class Sent:
    """It was taken; `id` is the carrier's."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """It is where its reader sees it."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """This message will never be taken."""

    why: str


@dataclass(frozen=True, slots=True)
class Later:
    """It was not taken and may be later; `after_s` is the carrier's own word (Retry-After)."""

    why: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Paused:
    """Nothing is taken from anybody for so long; that was no try of this message."""

    why: str
    after_s: float


@dataclass(frozen=True, slots=True)
class Gone:
    """Nobody is at this address any more: it is removed, and its owner is told on the page."""

    why: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It may have been taken, and nobody said so."""

    why: str


Outcome = Sent | Confirmed | Refused | Later | Paused | Gone | Unanswered


class Sender(Protocol):
    """Whoever carries messages of one channel."""

    @property
    def name(self) -> str:
        """Return the channel's name, which stands in tables."""
        ...

    @property
    def traits(self) -> Traits:
        """Return how the queue treats it."""
        ...

    async def send(self, message: Message, to: Address) -> Outcome:
        """Send, and tell how that went; what is raised counts as Later, or as Unanswered where nothing repeats."""
        ...

    async def aclose(self) -> None:
        """Let go of connections that were kept."""
        ...
