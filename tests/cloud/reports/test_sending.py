"""Reports go to the authority by a real SMTP server, each once, and whatever goes wrong is told at the page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from structlog.testing import capture_logs

from cloud.core.i18n import Language
from cloud.core.mail import SmtpPost, SmtpServer, message_of
from cloud.core.services import Services
from cloud.reports.content import digest_of
from cloud.reports.errors import AddressRefused, ReportNotOpen, SendingRefused
from cloud.reports.queries import State, report_of, sendings_of
from cloud.reports.sending import MAILS_MAX, TRIES_MAX, ask_to_send, letter_of, note_handed_over, post_of, send_due
from simulators.clock import SimulatedClock
from tests.cloud.reports.factory import School
from tests.cloud.reports.test_actions import FORM, drafted, signed_by_director, verbs

AUTHORITY = "balalar@example.kz"
STEM = "almaty5-meals-2026-09"


@dataclass
class Mailbox:
    """What aiosmtpd calls with each letter; it may answer another word than yes."""

    answer: str = "250 OK"
    to: str = "250 OK"
    letters: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.to.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (as above)
        if self.answer.startswith("250"):
            content = cast(bytes, envelope.original_content)
            self.letters.append(message_from_bytes(content, policy=default))
        return self.answer


@asynccontextmanager
async def listening(mailbox: Mailbox) -> AsyncIterator[SmtpPost]:
    """Run a server for a mailbox, and yield the post that leads there."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, loop=loop, hostname="authority"), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield SmtpPost(SmtpServer.parse(f"smtp://127.0.0.1:{port}"), "esik@example.kz")
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture(name="posting")
def _posting(services: Services) -> Services:
    """Return services whose settings name a server, so that sending may be asked for."""
    settings = replace(services.settings, smtp_url="smtp://127.0.0.1:1", smtp_from="esik@example.kz")
    return replace(services, settings=settings)


async def signed(services: Services, school: School) -> tuple[int, str]:
    report_id = await drafted(services, school)
    return report_id, await signed_by_director(services, school, report_id)


async def test_a_signed_report_arrives_with_its_three_files_once(posting: Services, school: School) -> None:
    report_id, digest = await signed(posting, school)
    await ask_to_send(posting, school.office, school.school_id, report_id, AUTHORITY, Language.RU, FORM)
    mailbox = Mailbox()

    async with listening(mailbox) as post:
        sent = await asyncio.gather(*(send_due(posting, post) for _ in range(3)))
        again = await send_due(posting, post)

    (letter,) = mailbox.letters
    assert (sum(sent), again) == (1, 0)
    assert (letter["To"], letter["From"]) == (AUTHORITY, "esik@example.kz")
    assert letter["Subject"] == "Школа № 5: Отчёт о бесплатном и льготном питании, сентябрь 2026\u202fг."
    files = {str(each.get_filename()): each.get_payload(decode=True) for each in letter.iter_attachments()}
    assert sorted(files) == [
        "almaty5-meals-2026-09-ru.pdf",
        "almaty5-meals-2026-09-ru.xlsx",
        "almaty5-meals-2026-09.json",
    ]
    assert digest_of(cast(bytes, files[f"{STEM}.json"])) == digest
    body = letter.get_body()
    assert body is not None
    assert f"https://esik.test/reports/{digest}" in body.get_content()
    report = await report_of(posting, school.office, school.school_id, report_id)
    assert report.state is State.SENT
    assert (await verbs(posting))[-2:] == ["report.sending", "report.sent"]


async def test_a_server_that_is_away_is_asked_again_later_and_the_letter_is_the_same(
    posting: Services, school: School, clock: SimulatedClock
) -> None:
    report_id, _ = await signed(posting, school)
    await ask_to_send(posting, school.office, school.school_id, report_id, AUTHORITY, Language.KK, FORM)
    away = Mailbox(answer="451 try later")
    async with listening(away) as post:
        assert await send_due(posting, post) == 0
        assert await send_due(posting, post) == 0
    (row,) = await sendings_of(posting, report_id)
    clock.advance(120)
    here = Mailbox()

    async with listening(here) as post:
        assert await send_due(posting, post) == 1

    assert (row.tries, row.failed, row.next_at > row.asked_at) == (1, "", True)
    assert len(here.letters) == 1


@pytest.mark.parametrize("mailbox", [Mailbox(to="550 nobody here"), Mailbox(answer="554 we take no mail")])
async def test_an_address_that_is_refused_for_good_is_told_without_itself(
    posting: Services, school: School, mailbox: Mailbox
) -> None:
    report_id, _ = await signed(posting, school)
    await ask_to_send(posting, school.office, school.school_id, report_id, AUTHORITY, Language.KK, FORM)

    async with listening(mailbox) as post:
        assert await send_due(posting, post) == 0
        assert await send_due(posting, post) == 0

    (row,) = await sendings_of(posting, report_id)
    assert (row.sent_at, row.tries) == (None, 1)
    assert row.failed
    assert "example" not in row.failed
    report = await report_of(posting, school.office, school.school_id, report_id)
    assert report.state is State.SIGNED


async def test_a_server_that_never_answers_is_given_up_at_last(
    posting: Services, school: School, clock: SimulatedClock
) -> None:
    report_id, _ = await signed(posting, school)
    await ask_to_send(posting, school.office, school.school_id, report_id, AUTHORITY, Language.KK, FORM)
    await posting.database.pool.execute("UPDATE report_sending SET tries = $1", TRIES_MAX - 1)
    away = Mailbox(answer="451 try later")

    async with listening(away) as post:
        await send_due(posting, post)
        clock.advance(86_400)
        await send_due(posting, post)

    (row,) = await sendings_of(posting, report_id)
    assert (row.tries, row.failed) == (TRIES_MAX, "mail_server: 451")
    assert (row.why, row.answer) == ("mail_server", "451")


async def test_what_is_not_signed_is_not_sent_nor_handed_over(posting: Services, school: School) -> None:
    report_id = await drafted(posting, school)

    with pytest.raises(ReportNotOpen):
        await ask_to_send(posting, school.office, school.school_id, report_id, AUTHORITY, Language.KK, FORM)
    with pytest.raises(ReportNotOpen):
        await note_handed_over(posting, school.office, school.school_id, report_id, "қолдан", FORM)


async def test_without_a_server_it_is_handed_over_and_noted(services: Services, school: School) -> None:
    report_id, _ = await signed(services, school)

    with pytest.raises(AddressRefused):
        await ask_to_send(services, school.office, school.school_id, report_id, AUTHORITY, Language.KK, FORM)
    await note_handed_over(services, school.office, school.school_id, report_id, "Басқармаға,\x00 кіріс № 412", FORM)

    assert post_of(services.settings) is None
    assert await send_due(services, None) == 0
    report = await report_of(services, school.office, school.school_id, report_id)
    assert report.state is State.SENT


async def test_a_form_that_is_sent_twice_sends_and_notes_once(posting: Services, school: School) -> None:
    report_id, _ = await signed(posting, school)
    asked = (posting, school.office, school.school_id, report_id)

    await asyncio.gather(*(ask_to_send(*asked, AUTHORITY, Language.KK, FORM) for _ in range(3)))
    await asyncio.gather(*(note_handed_over(*asked, "қолдан", "1" * 32) for _ in range(3)))

    assert sorted(row.way for row in await sendings_of(posting, report_id)) == ["hand", "mail"]
    assert sorted((await verbs(posting))[-2:]) == ["report.handed_over", "report.sending"]


async def test_what_is_on_its_way_to_an_address_is_not_asked_for_again(posting: Services, school: School) -> None:
    report_id, _ = await signed(posting, school)
    asked = (posting, school.office, school.school_id, report_id)
    await ask_to_send(*asked, AUTHORITY, Language.KK, FORM)

    with pytest.raises(SendingRefused, match="on its way"):
        await ask_to_send(*asked, AUTHORITY.upper(), Language.RU, "1" * 32)
    await ask_to_send(*asked, "basqarma@example.kz", Language.KK, "2" * 32)
    async with listening(Mailbox()) as post:
        assert await send_due(posting, post) == 2
    await ask_to_send(*asked, AUTHORITY, Language.RU, "1" * 32)

    assert len(await sendings_of(posting, report_id)) == 3


async def test_a_school_asks_for_so_many_letters_a_day_and_the_next_day_again(
    posting: Services, school: School, clock: SimulatedClock
) -> None:
    report_id, _ = await signed(posting, school)
    asked = (posting, school.office, school.school_id, report_id)
    for number in range(MAILS_MAX):
        await ask_to_send(*asked, f"a{number}@example.kz", Language.KK, f"{number:032x}")

    with pytest.raises(SendingRefused, match="tomorrow"):
        await ask_to_send(*asked, AUTHORITY, Language.KK, "a" * 32)
    await note_handed_over(*asked, "қолдан", "b" * 32)
    clock.advance(86_400)
    await ask_to_send(*asked, AUTHORITY, Language.KK, "a" * 32)

    assert len(await sendings_of(posting, report_id)) == MAILS_MAX + 2


async def test_a_letter_that_cannot_be_made_waits_and_holds_up_no_other(
    posting: Services, school: School, clock: SimulatedClock
) -> None:
    report_id, _ = await signed(posting, school)
    asked = (posting, school.office, school.school_id, report_id)
    await ask_to_send(*asked, "first@example.kz", Language.KK, FORM)
    await posting.database.pool.execute("UPDATE report_sending SET language = 'xx'")
    clock.advance(1)
    await ask_to_send(*asked, AUTHORITY, Language.KK, "1" * 32)
    mailbox = Mailbox()

    with capture_logs() as logs:
        async with listening(mailbox) as post:
            sent = [await send_due(posting, post), await send_due(posting, post)]

    waiting = await posting.database.pool.fetchrow("SELECT tries, next_at FROM report_sending WHERE language = 'xx'")
    assert sent == [1, 0]
    assert [letter["To"] for letter in mailbox.letters] == [AUTHORITY]
    assert (waiting["tries"], waiting["next_at"] > clock.now()) == (1, True)
    assert [each["why"] for each in logs if each["event"] == "report.not_sent"] == ["ValueError"]


async def test_a_schools_name_of_two_lines_is_one_line_of_a_letters_head(posting: Services, school: School) -> None:
    await posting.database.pool.execute("UPDATE school SET name_ru = E'Школа № 5\nBcc: a@example.kz'")
    report_id, _ = await signed(posting, school)

    letter = await letter_of(posting, school.school_id, report_id, AUTHORITY, Language.RU, 1)

    assert message_of(letter, "esik@example.kz")["Subject"].startswith("Школа № 5 Bcc: a@example.kz: Отчёт")
