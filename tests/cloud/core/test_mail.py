"""Letters: their form, what a server's words mean, and a password that does not travel in the open."""

import asyncio
from datetime import UTC, datetime

import pytest
from aiosmtpd.smtp import SMTP
from typing_extensions import override

from cloud.core.mail import Attachment, Letter, NotSent, SmtpPost, SmtpServer, message_of
from tests.servers.process import free_port

AT = datetime(2026, 10, 3, 5, 0, tzinfo=UTC)
LETTER = Letter(
    "report-1", "balalar@example.kz", "Есеп", "Сәлеметсіз бе", AT, [Attachment("a.json", "application/json", b"{}")]
)


def test_a_letter_has_its_own_number_its_words_and_its_files() -> None:
    message = message_of(LETTER, "esik@school.example")

    assert message["Message-ID"] == "<report-1@school.example>"
    assert message["Subject"] == "Есеп"
    body = message.get_body()
    assert body is not None
    assert body.get_content() == "Сәлеметсіз бе\n"
    (file,) = message.iter_attachments()
    assert (file.get_filename(), file.get_content_type(), file.get_payload(decode=True)) == (
        "a.json",
        "application/json",
        b"{}",
    )
    assert bytes(message) == bytes(message_of(LETTER, "esik@school.example")) or message.is_multipart()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", SmtpServer("mail.example", 25, False, "", "")),
        ("smtp://u:p%40ss@mail.example", SmtpServer("mail.example", 587, False, "u", "p@ss")),
        ("smtps://u:p@mail.example", SmtpServer("mail.example", 465, True, "u", "p")),
        ("smtp://mail.example:2525", SmtpServer("mail.example", 2525, False, "", "")),
    ],
)
def test_a_servers_address_is_read(url: str, server: SmtpServer) -> None:
    assert SmtpServer.parse(url) == server


@pytest.mark.parametrize("text", ["a\r\nBcc: evil@example.com", "a\nb"])
def test_a_subject_cannot_smuggle_another_head(text: str) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        message_of(Letter("1", "a@example.kz", text, "x", AT), "esik@school.example")


async def test_nobody_who_listens_is_not_sent() -> None:
    post = SmtpPost(SmtpServer("127.0.0.1", free_port(), False, "", ""), "esik@school.example")

    with pytest.raises(NotSent, match="ConnectionRefusedError"):
        await post.send(LETTER)


async def test_a_password_stays_here_where_there_is_no_tls() -> None:
    loop, heard = asyncio.get_running_loop(), []

    class Listener(SMTP):
        @override
        async def smtp_AUTH(self, arg: str) -> None:
            heard.append(arg)

    server = await loop.create_server(lambda: Listener(object(), loop=loop, hostname="x"), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    post = SmtpPost(SmtpServer("127.0.0.2", port, False, "user", "hush"), "esik@school.example")
    try:
        with pytest.raises(NotSent) as refused:
            await post.send(LETTER)
    finally:
        server.close()
        await server.wait_closed()

    assert heard == []
    assert "hush" not in str(refused.value)
