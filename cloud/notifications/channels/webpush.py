"""Web Push: a message is encrypted for one browser and handed to its push service (RFC 8030, 8291, 8292).

Rule: no redirect is followed, no answer is read further than its head says, and all of it has one deadline.
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from http import HTTPStatus

import httpcore2
import structlog
from cryptography.hazmat.primitives.asymmetric import ec

from cloud.core.base64url import base64url
from cloud.core.checked_lines import CheckedLines
from cloud.core.reaching import Resolve, resolve_by_system
from cloud.core.services import Services
from cloud.core.targets import NotPublic, NotReachable
from cloud.notifications.channels.push_encryption import CURVE, PADDED_TO, SALT_BYTES, encrypted
from cloud.notifications.channels.push_keys import PushKey, authorization, contact_of, push_key
from cloud.notifications.channels.push_payload import payload
from cloud.notifications.channels.push_subscriptions import Subscription, SubscriptionWrong
from cloud.notifications.channels.sender import (
    WEBPUSH,
    Address,
    Gone,
    Later,
    Message,
    Outcome,
    Refused,
    Sent,
    Traits,
)

TOGETHER = 32
DEADLINE_S = 10.0
ANSWER_MAX = 4_096
TTL_MAX = timedelta(days=28)  # what the best known services keep a message for at most
TOPIC_MAX = 32  # RFC 8030, section 5.4
AFTER_S_MAX = 3_600.0
GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
NOT_BELIEVED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
IN_A_WHILE = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
TROUBLES = (
    NotReachable, OSError, httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError,
)  # fmt: skip
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """How a push service answered, and for how long it wants to be left alone."""

    status: int
    retry_after: str = ""


@dataclass(slots=True)
class WebPush:
    """Sends to browsers; a push that was repeated is shown once, by its tag."""

    services: Services
    resolve: Resolve = resolve_by_system
    deadline_s: float = DEADLINE_S
    _lines: CheckedLines = field(init=False)

    def __post_init__(self) -> None:
        self._lines = CheckedLines(self.services.settings.push_networks, self.resolve, TOGETHER)

    @property
    def name(self) -> str:
        return WEBPUSH

    @property
    def traits(self) -> Traits:
        return Traits(together=TOGETHER, repeats=True, confirms=True)

    async def send(self, message: Message, to: Address) -> Outcome:
        """Hand a message to the push service of one browser."""
        key = await push_key(self.services)
        if key is None:
            return Later("push_no_key")
        try:
            subscription = Subscription.parse(to.value, self.services.settings.push_networks)
        except SubscriptionWrong:
            return Gone("push_wrong")
        try:
            async with asyncio.timeout(self.deadline_s):
                answer = await self._post(key, message, subscription)
        except NotPublic:
            return Gone("push_inside")
        except TROUBLES as trouble:
            return Later(_why(trouble))
        return outcome_of(answer, self.services.clock.now())

    async def aclose(self) -> None:
        """Close the lines that are kept open."""
        await self._lines.aclose()

    async def _post(self, key: PushKey, message: Message, to: Subscription) -> Answer:
        now = self.services.clock.now()
        body = encrypted(
            payload(message), to.point, to.auth, salt=secrets.token_bytes(SALT_BYTES),
            ours=ec.generate_private_key(CURVE), padded_to=PADDED_TO,
        )  # fmt: skip
        headers: dict[bytes | str, bytes | str] = {
            "host": to.target.name, "content-length": str(len(body)), "content-encoding": "aes128gcm",
            "content-type": "application/notification+json", "user-agent": "Esik-Push/1",
            "authorization": authorization(key, to.target, contact_of(self.services.settings), now),
            "ttl": str(_lasts_s(message, now)), "urgency": "high" if message.is_urgent else "normal",
            "topic": _topic(message.tag, to.auth),
        }  # fmt: skip
        async with self._lines.to(to.target).stream("POST", to.endpoint, headers=headers, content=body) as answer:
            told = {name.lower(): value for name, value in answer.headers}
            await _finish(answer)
        return Answer(answer.status, told.get(b"retry-after", b"").decode("ascii", "replace"))


def outcome_of(answer: Answer, now: datetime) -> Outcome:
    """Return what an answer means (RFC 8030, section 5 and 7.3)."""
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Sent()
    if status in GONE:
        return Gone(f"push_gone:{status}")
    if status in NOT_BELIEVED:  # of ours or of theirs: a clock, a key; no reason to forget a browser
        log.warning("push.not_believed", status=status)
        return Later(f"push_not_believed:{status}")
    if status in IN_A_WHILE or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Later(f"push_busy:{status}", after_s=_after_s(answer.retry_after, now))
    return Refused(f"push_refused:{status}")


def _why(trouble: Exception) -> str:
    """Return the word for what was not answered."""
    if isinstance(trouble, TimeoutError | httpcore2.TimeoutException):
        return "push_silent"
    return "push_unreadable" if isinstance(trouble, httpcore2.ProtocolError) else "push_unreached"


def _after_s(told: str, now: datetime) -> float | None:
    """Return the seconds of a Retry-After, in either of its forms (RFC 9110, 10.2.3), an hour at most."""
    if told.isdecimal():
        return min(float(told[:9]), AFTER_S_MAX)
    try:
        at = parsedate_to_datetime(told)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return min(max((at - now).total_seconds(), 0.0), AFTER_S_MAX)


def _lasts_s(message: Message, now: datetime) -> int:
    return int(min(max(message.expires_at - now, timedelta()), TTL_MAX).total_seconds())


def _topic(tag: str, auth: bytes) -> str:
    """Return by what the service replaces a message that waits; it tells nothing, and no two browsers have the same."""
    return base64url(sha256(auth + tag.encode()).digest())[:TOPIC_MAX]


async def _finish(answer: httpcore2.Response) -> None:
    """Read a short answer to its end, so that the line can be used again; a long one is left, and closes it."""
    read = 0
    async for piece in answer.aiter_stream():
        read += len(piece)
        if read > ANSWER_MAX:
            return
