"""The channel of SMS: one short text a notice, over the gateway that this service pays.

Rule: a text that may have been taken is never sent again (ADR 0045).
"""

from dataclasses import dataclass
from datetime import timedelta

from cloud.core.sms import SmsGateway, SmsNotSent, SmsRefused, SmsUnanswered, Text
from cloud.notifications.channels.sender import (
    SMS,
    Address,
    Gone,
    Later,
    Message,
    Outcome,
    Paused,
    Refused,
    Sent,
    Traits,
    Unanswered,
)

LASTS = timedelta(hours=2)
TOGETHER = 8  # requests to the gateway
OURS = "+7"  # what a text to other countries costs, no limit by parts bounds
RESTS_S = 60.0  # after a gateway said that it takes nothing: no money, a wrong key, too many requests


@dataclass(frozen=True, slots=True)
class TextSender:
    """Sends notices by SMS."""

    gateway: SmsGateway
    confirms: bool = False  # the gateway tells by itself how each text went (`confirming.hear_report`)

    @property
    def name(self) -> str:
        return SMS

    @property
    def traits(self) -> Traits:
        return Traits(together=TOGETHER, lasts=LASTS, repeats=False, confirms=self.confirms, is_paid=True)

    async def send(self, message: Message, to: Address) -> Outcome:
        """Send one text."""
        if not to.value.startswith(OURS):
            return Refused("sms_abroad")
        try:
            return Sent(await self.gateway.send(Text(to.value, message.short)))
        except SmsNotSent as error:
            why = str(error)
            return Paused(why, RESTS_S) if why.startswith("sms_gateway") else Later(why)
        except SmsRefused as error:
            why = str(error)
            return Gone(why) if why.startswith("sms_number") else Refused(why)
        except SmsUnanswered as error:
            return Unanswered(str(error))

    async def aclose(self) -> None:
        """Keep nothing: each text has a connection of its own."""
