"""What a browser gives to be pushed to: an address at its push service, a public key and a secret.

Rule: it is chosen by whoever sits at the browser; its address is checked now, and again each time it is connected to.
"""

from dataclasses import dataclass, field
from typing import Self

import msgspec

from cloud.core.base64url import unbase64url
from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.targets import Target, target_in
from cloud.notifications.channels.push_encryption import KeysWrong, check_keys

ENDPOINT_MAX = 1_000
TEXT_MAX = 2_000


class SubscriptionWrong(Refused):
    """What a browser gave cannot be pushed to."""

    code = "subscription_wrong"

    def __init__(self) -> None:
        super().__init__(
            message("This browser gave an address that nothing can be sent to. Try another browser, or a newer one.")
        )


class _Keys(msgspec.Struct, frozen=True):
    p256dh: str
    auth: str


class _Given(msgspec.Struct, frozen=True):
    """A PushSubscription as its `toJSON` writes it (Push API); what else it holds is passed over."""

    endpoint: str
    keys: _Keys


@dataclass(frozen=True, slots=True)
class Subscription:
    """A browser's subscription; its endpoint is a secret too, whoever knows it may send there."""

    endpoint: str = field(repr=False)
    point: bytes = field(repr=False)
    auth: bytes = field(repr=False)
    target: Target = field(repr=False)

    @classmethod
    def parse(cls, text: str, networks: str) -> Self:
        """Read what a page gave, or what was kept. Raises SubscriptionWrong."""
        if len(text) > TEXT_MAX:
            raise SubscriptionWrong
        try:
            given = msgspec.json.decode(text, type=_Given)
            point, auth = unbase64url(given.keys.p256dh), unbase64url(given.keys.auth)
            check_keys(point, auth)
        except (msgspec.MsgspecError, UnicodeError, ValueError, KeysWrong):
            raise SubscriptionWrong from None
        if (target := target_in(given.endpoint, networks, ENDPOINT_MAX)) is None:
            raise SubscriptionWrong
        return cls(given.endpoint, point, auth, target)
