"""Letters that bring guardians their way in, sent while the office waits: the password is kept nowhere to send later.

Rule: who cannot be sent a letter, or whose server did not take it, is told back, and stands on the printed sheet.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from cloud.core.i18n import N_, Language, translate
from cloud.core.mail import Letter, LetterRefused, NotSent, Post
from cloud.core.messages import message
from cloud.people.opening import Slip

AT_ONCE = 4  # connections to the server of mail
SUBJECT = N_("Your way in to the school's electronic record")
logger = structlog.get_logger()


async def send_ways_in(
    post: Post | None, slips: Sequence[Slip], school: Mapping[str, str], address: str, now: datetime
) -> tuple[Slip, ...]:
    """Send each guardian with an e-mail address the way in, and return those who were sent none.

    `school` is its name by language; `address` is where to sign in.
    """
    if post is None:
        return tuple(slips)
    doors, sent = asyncio.Semaphore(AT_ONCE), set[int]()

    async def send(number: int, slip: Slip) -> None:
        async with doors:
            try:
                await post.send(_letter(slip, school, address, now))
            except (NotSent, LetterRefused) as error:
                logger.warning("way_in.not_sent", error=str(error))
            else:
                sent.add(number)

    async with asyncio.TaskGroup() as tasks:
        for number, slip in enumerate(slips):
            if slip.email and slip.password:
                tasks.create_task(send(number, slip), name="letter of a way in")
    return tuple(slip for number, slip in enumerate(slips) if number not in sent)


def _letter(slip: Slip, school: Mapping[str, str], address: str, now: datetime) -> Letter:
    """Return the letter in the three languages, one below the other; it names no child."""
    texts = [_text(slip, school[language.value], address, language) for language in Language]
    subject = " / ".join(translate(language, SUBJECT) for language in Language)
    assert slip.email is not None  # noqa: S101 (the caller asks)
    return Letter(f"way-in-{secrets.token_hex(8)}", slip.email, subject, "\n\n".join(texts), now)


def _text(slip: Slip, school: str, address: str, language: Language) -> str:
    told = message(
        "{school} has opened an account for you.\nSign in at: {address}\nAccount: {login}\nFirst password: {password}\n"
        "It works for 14 days; you choose another one at the first sign-in. Pass this letter on to nobody.",
        school=school, address=address, login=slip.login, password=slip.password or "",
    )  # fmt: skip
    return translate(language, told)
