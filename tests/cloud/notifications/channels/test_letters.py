"""E-mail end to end: taken by a real SMTP server, kept in an mbox, and read back as a mailbox reads it."""

import asyncio
import mailbox
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from cloud.core.mail import SmtpPost, SmtpServer
from cloud.core.services import Services
from cloud.notifications.channels.letters import LetterSender
from cloud.notifications.channels.registry import lasts_of
from cloud.notifications.teller import Teller
from cloud.people.bulk import EMAIL
from tests.cloud.notifications.channels.factory import Told, told
from tests.cloud.notifications.factory import ALL, Parent

NAMES = ("Нұрсұлтанқызы Әлия Ғ.", "Šimková Émilie O'Neill", "ايگۇل 艾古丽 Aigül")  # Kazakh, Latin; Arabic and Chinese


@dataclass
class Server:
    """What aiosmtpd calls with each letter: kept in a mailbox, or refused by the words it is given, in turn."""

    path: Path
    to: list[str] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.to.pop(0) if self.to else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (as above)
        box = mailbox.mbox(self.path)
        box.add(mailbox.mboxMessage(cast(bytes, envelope.original_content)))
        box.close()
        return "250 OK"

    def letters(self) -> list[EmailMessage]:
        """Return what the mailbox holds, as a mail program reads it."""
        box = mailbox.mbox(self.path)
        letters = [message_from_bytes(each.as_bytes(), policy=policy.default) for each in box]
        box.close()
        return letters


@asynccontextmanager
async def listening(path: Path) -> AsyncIterator[Server]:
    """Run a mail server."""
    loop, kept = asyncio.get_running_loop(), Server(path)
    server = await loop.create_server(lambda: SMTP(kept, loop=loop, hostname="mail.kz"), "127.0.0.1", 0)
    kept.port = server.sockets[0].getsockname()[1]
    try:
        yield kept
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture(name="server")
async def _server(tmp_path: Path) -> AsyncIterator[Server]:
    async with listening(tmp_path / "mbox") as server:
        yield server


@pytest.fixture(name="school")
async def _school(services: Services, server: Server) -> AsyncIterator[Told]:
    post = SmtpPost(SmtpServer.parse(f"smtp://127.0.0.1:{server.port}"), "esik@example.kz")
    async with told(services, LetterSender(post, services.clock)) as school:
        yield school


@pytest.mark.requirement("KZ456-24", part="notification")
async def test_a_guardian_gets_a_letter_that_a_mailbox_reads_in_their_language(school: Told, server: Server) -> None:
    parent = await mailed(school, "anna@mail.kz")
    await school.pool.execute("UPDATE account SET language = 'ru' WHERE id = $1", parent.account_id)

    await school.happened()

    (letter,) = server.letters()
    assert letter["to"] == "anna@mail.kz"
    assert letter["subject"] == "Счёт пополнен"
    text = letter.get_content()
    assert "поступило 500" in text
    assert "https://esik.test/notices" in text
    assert letter["auto-submitted"] == "auto-generated"


@pytest.mark.requirement("KZ456-33-1.5")
async def test_a_meal_sold_at_the_till_is_a_letter_in_the_parents_mailbox(school: Told, server: Server) -> None:
    await mailed(school, "anna@mail.kz")
    now_ms = int(school.services.clock.now().timestamp() * 1_000)
    await school.canteen.send(*school.canteen.sold(0, 577_00, wall_ms=now_ms), now_ms=now_ms)
    await school.canteen.project()

    await Teller(school.services, lambda: ALL, lasts_of(school.senders)).tell_all()
    await school.deliver()

    told = {letter["subject"]: letter.get_content().replace("\xa0", " ") for letter in server.letters()}
    assert set(told) == {"Тамақ берілді", "Ақша аз қалды"}
    assert "577 ₸" in told["Тамақ берілді"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_in_any_script_survives_the_way(school: Told, server: Server, name: str) -> None:
    await mailed(school, "anna@mail.kz")
    await school.pool.execute("UPDATE person SET surname = $1, given_name = ''", name)

    await school.happened()

    (letter,) = server.letters()
    assert name in letter.get_content()


async def test_a_letter_that_is_put_off_comes_later_once_under_the_same_id(school: Told, server: Server) -> None:
    await mailed(school, "anna@mail.kz")
    server.to = ["451 4.7.1 Greylisted", "451 4.7.1 Greylisted"]

    await school.happened()
    for _ in range(3):
        school.pass_time(timedelta(minutes=10))
        await school.deliver()

    (letter,) = server.letters()
    assert letter["message-id"].startswith("<notice-")
    assert await school.states() == [("email", "sent", "")]


@pytest.mark.parametrize(
    ("answer", "is_gone"),
    [
        ("550 5.1.1 User unknown", True),
        ("550 No such user", True),
        ("550 5.7.1 Blocked by policy", False),
        ("552 5.2.2 Mailbox full", False),
    ],
)
async def test_a_mailbox_that_nobody_has_is_removed_and_one_that_refuses_is_not(
    school: Told, server: Server, answer: str, is_gone: bool
) -> None:
    await mailed(school, "anna@mail.kz")
    server.to = [answer]

    await school.happened()

    ((_, state, why),) = await school.states()
    assert (state, why[:12]) == ("dead", "mail_address")
    assert await school.pool.fetchval("SELECT gone_at IS NOT NULL FROM channel_address") is is_gone


async def test_a_mailbox_that_the_school_corrected_is_written_to_no_more(school: Told, server: Server) -> None:
    parent = await mailed(school, "anna@mail.kz")
    await known_by(school, parent, "new@mail.kz")

    await school.happened()

    assert server.letters() == []
    assert await school.pool.fetchval("SELECT gone_why FROM channel_address") == "changed"


async def mailed(school: Told, mail: str) -> Parent:
    """Add a guardian with a mailbox that the school knows."""
    parent = await school.parent(0, channels=())
    await known_by(school, parent, mail)
    await school.address(parent, "email", mail)
    return parent


async def known_by(school: Told, parent: Parent, mail: str) -> None:
    """Let the school know a guardian by a mailbox."""
    sealed = school.services.vault.encrypt(mail, EMAIL)
    await school.pool.execute("UPDATE guardian SET email_encrypted = $2 WHERE id = $1", parent.guardian_id, sealed)
