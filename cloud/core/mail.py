"""E-mail: a letter, the seam to whoever carries it, and SMTP (RFC 5321) behind it.

Rule: what stands in a letter, and a password of the server, never stand in a log or an error.
"""

import asyncio
import re
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol
from urllib.parse import unquote, urlsplit

TIMEOUT_S = 30.0
SMTP_PORT, SMTPS_PORT, SUBMISSION_PORT = 25, 465, 587
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PERMANENT, UNKNOWN = range(500, 600), (550, 551, 553)
_ENHANCED = re.compile(rb"(5\.2\.1|5\.[0-9]+)\b")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter."""

    name: str
    media_type: str  # as application/pdf
    body: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent to one address; `key` makes its Message-ID, the same however often it is sent."""

    key: str
    to: str
    subject: str
    text: str
    at: datetime
    attachments: Sequence[Attachment] = ()


class NotSent(Exception):
    """It is not known that the letter was taken: try again later; the message is as that of LetterRefused."""


class LetterRefused(Exception):
    """The server will not take this letter, now or later; the message is a word's code and the server's, no address."""


class MailboxUnknown(LetterRefused):
    """Nobody has this address."""


class Post(Protocol):
    """Whoever carries letters."""

    async def send(self, letter: Letter) -> None:
        """Send, and return when it was taken. Raises NotSent or LetterRefused."""
        ...


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where letters are given up, and as whom."""

    host: str
    port: int
    is_tls: bool  # from the first byte; else STARTTLS where the server knows it
    user: str
    password: str

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """Read `smtp://user:password@host:587` or `smtps://...`."""
        parts = urlsplit(url)
        is_tls, user = parts.scheme == "smtps", unquote(parts.username or "")
        usual = SMTPS_PORT if is_tls else SUBMISSION_PORT if user else SMTP_PORT
        return cls(parts.hostname or "", parts.port or usual, is_tls, user, unquote(parts.password or ""))


@dataclass(frozen=True, slots=True)
class SmtpPost:
    """Sends by SMTP, one connection a letter, in a thread of its own."""

    server: SmtpServer
    sender: str

    async def send(self, letter: Letter) -> None:
        """Send, and return when the server took it. Raises NotSent or LetterRefused."""
        message = message_of(letter, self.sender)
        try:
            await asyncio.to_thread(self._give_up, message, letter.to)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise _refusal(code, words)(f"mail_address: {code}") from None
        except smtplib.SMTPResponseException as error:
            is_final = error.smtp_code in PERMANENT and not isinstance(error, smtplib.SMTPAuthenticationError)
            raise (LetterRefused if is_final else NotSent)(f"mail_server: {error.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(f"mail_unreached: {type(error).__name__}") from None

    def _give_up(self, message: EmailMessage, to: str) -> None:
        server, context = self.server, ssl.create_default_context()
        opened: smtplib.SMTP = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
            if server.is_tls
            else smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
        )
        with opened as line:
            line.ehlo()
            if not server.is_tls and line.has_extn("starttls"):
                line.starttls(context=context)
                line.ehlo()
            elif not server.is_tls and server.user and server.host not in LOOPBACK:
                raise smtplib.SMTPNotSupportedError("no TLS: the password stays here")
            if server.user:
                line.login(server.user, server.password)
            line.send_message(message, self.sender, [to])


def _refusal(code: int, words: bytes) -> type[LetterRefused] | type[NotSent]:
    """Return what a refused address means, by its code and the enhanced one (RFC 3463) where the server gives it."""
    if code not in PERMANENT:
        return NotSent
    enhanced = _ENHANCED.match(words)
    is_unknown = code in UNKNOWN if enhanced is None else enhanced[1] in (b"5.1", b"5.2.1")
    return MailboxUnknown if is_unknown else LetterRefused


def message_of(letter: Letter, sender: str) -> EmailMessage:
    """Return a letter as it travels."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.key}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    for each in letter.attachments:
        kind, _, subtype = each.media_type.partition("/")
        message.add_attachment(each.body, maintype=kind, subtype=subtype, filename=each.name)
    return message
