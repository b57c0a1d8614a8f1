"""The channel of e-mail: one letter a notice, over whatever carries this service's letters.

Rule: the same notice makes the same Message-ID however often it is tried, so that mailboxes show a doubled letter once.
"""

from dataclasses import dataclass
from datetime import timedelta

from cloud.core.clock import Clock
from cloud.core.i18n import translate
from cloud.core.mail import Letter, LetterRefused, MailboxUnknown, NotSent, Post
from cloud.core.messages import message
from cloud.notifications.channels.sender import (
    EMAIL,
    Address,
    Gone,
    Later,
    Message,
    Outcome,
    Refused,
    Sent,
    Traits,
)

LASTS = timedelta(days=1)
TOGETHER = 8  # connections to the server of mail


@dataclass(frozen=True, slots=True)
class LetterSender:
    """Sends notices by e-mail."""

    post: Post
    clock: Clock

    @property
    def name(self) -> str:
        return EMAIL

    @property
    def traits(self) -> Traits:
        return Traits(together=TOGETHER, lasts=LASTS, confirms=False)

    async def send(self, message: Message, to: Address) -> Outcome:
        """Send one letter."""
        letter = Letter(f"notice-{message.id}", to.value, message.title, _text(message), self.clock.now())
        try:
            await self.post.send(letter)
        except MailboxUnknown as error:
            return Gone(str(error))
        except LetterRefused as error:
            return Refused(str(error))
        except NotSent as error:
            return Later(str(error))
        return Sent()

    async def aclose(self) -> None:
        """Keep nothing: each letter has a connection of its own."""


def _text(told: Message) -> str:
    where = message(
        "All notices, and how you want to be told: {address}", address=told.url
    )  # fmt: skip
    return f"{told.body}\n\n{translate(told.language, where)}\n"
