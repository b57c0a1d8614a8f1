"""Sending signed reports: asked for at the page, done by a worker, until a server took them or said it never will.

Rule: a report goes as its kept files are, by one worker at a time; nothing is sent of one that is not signed.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw, session_lock
from cloud.core.i18n import Language
from cloud.core.mail import Attachment, Letter, LetterRefused, NotSent, Post, SmtpPost, SmtpServer
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.core.texts import one_line
from cloud.ledger.reasons import check_once
from cloud.organisation.tree import authorities_of
from cloud.reports.actions import address_typed
from cloud.reports.errors import AddressRefused, ReportNotOpen, SendingRefused
from cloud.reports.files import Form, address_of_code, file_of
from cloud.reports.lateness import late_letter
from cloud.reports.queries import Report, report_of
from cloud.reports.wording import Wording

LOCKS = 0x73656E64  # "send": one of the two numbers of a sending's lock; the other is its id
AGAIN_MIN, AGAIN_MAX = timedelta(minutes=1), timedelta(hours=2)
AT_ONCE = 50
TRIES_MAX = 60  # some four days
NOTE_MIN, NOTE_MAX = 3, 200
MAILS_MAX = 10  # of a school, a day
MAILED = (Form.PDF, Form.XLSX, Form.JSON)  # a CSV file says no more than the workbook, and is loaded
POSTMAN = Actor.system("sending reports")
TO_ACCOUNT = "a" * 32  # the word of the form: a report goes to the account once
_ASK = """
INSERT INTO report_sending (report_id, way, address, language, note, asked_at, asked_by, next_at, sent_at,
  once)
SELECT id, $3, $4, $5, $6, $7, $8, $7, $9, $10 FROM report WHERE school_id = $1 AND id = $2 AND signed_at IS NOT NULL
RETURNING id
"""
_TURN = "SELECT zone FROM school WHERE id = $1 FOR NO KEY UPDATE"  # one of a school at a time
_ASKED = "SELECT true FROM report_sending WHERE report_id = $1 AND once = $2"
_WAITS = """
SELECT true FROM report_sending WHERE report_id = $1 AND way = 'mail' AND lower(address) = lower($2)
  AND sent_at IS NULL AND failed = '' LIMIT 1
"""
_MAILS = """
SELECT count(*) FROM report_sending JOIN report ON report.id = report_id
WHERE school_id = $1 AND way = 'mail' AND asked_at >= $2
"""
_DUE = """
SELECT sending.id, report_id, school_id, way, address, language, tries FROM report_sending AS sending
JOIN report ON report.id = report_id WHERE sent_at IS NULL AND failed = '' AND next_at <= $1
  AND (way <> 'late' OR NOT EXISTS (
    SELECT FROM report_sending AS done
    WHERE done.report_id = report.id AND done.way <> 'late' AND done.sent_at IS NOT NULL))
ORDER BY next_at LIMIT $2
"""
_STILL = "SELECT true FROM report_sending WHERE id = $1 AND sent_at IS NULL AND failed = ''"
_SENT = "UPDATE report_sending SET sent_at = $2, tries = tries + 1 WHERE id = $1"
_LATER = "UPDATE report_sending SET next_at = $2, tries = tries + 1 WHERE id = $1"
_FAILED = "UPDATE report_sending SET failed = $2, tries = tries + 1 WHERE id = $1"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Due:
    id: int
    report_id: int
    school_id: int
    way: str  # mail, or late
    address: str
    language: str
    tries: int


def post_of(settings: Settings) -> Post | None:
    """Return who carries letters by the settings; None where nobody does."""
    if not settings.smtp_url:
        return None
    return SmtpPost(SmtpServer.parse(settings.smtp_url), settings.smtp_from)


async def ask_to_send(
    services: Services, actor: Actor, school_id: int, report_id: int, typed: str, language: Language, once: str
) -> None:
    """Ask to send a signed report by e-mail, once for the form.

    Raises NotAllowed, NotFound, AddressRefused, ReportNotOpen or SendingRefused.
    """
    actor.require(Right.REPORTS_KEEP, school_id)
    if not services.settings.smtp_url:
        raise AddressRefused(
            message("This service sends no e-mail. Load the files and hand them over, then note it here.")
        )
    await _ask(services, actor, school_id, report_id, "mail", address_typed(typed), language, "", once)


async def note_handed_over(
    services: Services, actor: Actor, school_id: int, report_id: int, note: str, once: str
) -> None:
    """Note that a signed report was handed over, once for the form. Raises NotAllowed, NotFound or ReportNotOpen."""
    actor.require(Right.REPORTS_KEEP, school_id)
    told = one_line(note)[:NOTE_MAX]
    if len(told) < NOTE_MIN:
        raise AddressRefused(message("Say to whom and how it was handed over."))
    await _ask(services, actor, school_id, report_id, "hand", "", Language.KK, told, once)


async def give_to_account(services: Services, actor: Actor, school_id: int, report_id: int) -> None:
    """Let the authorities above a school have a signed report in their accounts, once.

    Raises NotAllowed, NotFound, AddressRefused where no authority has an account, or ReportNotOpen.
    """
    actor.require(Right.REPORTS_KEEP, school_id)
    names = [each.name(Language.KK.value) for each in await authorities_of(services, school_id)]
    if not names:
        raise AddressRefused(message("No authority has an account for this school yet. Send the report another way."))
    note = one_line(", ".join(names))[:NOTE_MAX]
    await _ask(services, actor, school_id, report_id, "account", "", Language.KK, note, TO_ACCOUNT)


async def send_due(services: Services, post: Post | None) -> int:
    """Send what is asked for, and return how many were taken by a server."""
    if post is None:
        return 0
    rows = await services.database.pool.fetch(_DUE, services.clock.now(), AT_ONCE)
    return sum([await _send_alone(services, post, _Due(**row)) for row in rows])


async def _ask(
    services: Services, actor: Actor, school_id: int, report_id: int, way: str, address: str, language: Language,
    note: str, once: str,
) -> None:  # fmt: skip
    check_once(once)
    await report_of(services, actor, school_id, report_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        zone = ZoneInfo(await at.fetchval(_TURN, school_id))
        if await at.fetchval(_ASKED, report_id, once):
            return
        if way == "mail":
            await _check_mails(at, school_id, report_id, address, now.astimezone(zone))
        sending_id = await at.fetchval(
            _ASK, school_id, report_id, way, address, language.value, note, now, actor.name,
            None if way == "mail" else now, once,
        )  # fmt: skip
        if sending_id is None:
            raise ReportNotOpen(message("The report is not signed yet. The director signs it first."))
        told = {"way": way, "address": address, "note": note}
        verb = {"mail": "report.sending", "account": "report.to_account"}.get(way, "report.handed_over")
        await audit(connection, actor, verb, f"report:{report_id}", told, school_id=school_id, at=now)


async def _check_mails(at: asyncpg.Connection, school_id: int, report_id: int, address: str, now: datetime) -> None:
    if await at.fetchval(_WAITS, report_id, address):
        raise SendingRefused(message("This report is on its way to this address already. Wait until it is sent."))
    if await at.fetchval(_MAILS, school_id, datetime.combine(now, time(), now.tzinfo)) >= MAILS_MAX:
        raise SendingRefused(
            message("A school sends {count} e-mails with reports a day at most. Send the rest tomorrow, or hand the "
                    "files over.", count=MAILS_MAX)
        )  # fmt: skip


async def _send_alone(services: Services, post: Post, due: _Due) -> bool:
    """Send one, unless another worker does; what goes wrong with it holds up no other."""
    async with session_lock(services.database.pool, LOCKS, due.id % 2**31) as connection:
        if connection is None:
            return False
        try:
            if not await connection.fetchval(_STILL, due.id):
                return False
            return await _send(services, connection, post, due)
        except Exception as error:  # noqa: BLE001 - one letter's trouble is not another's; it is tried again later
            await _later(services, connection, due, type(error).__name__)
            return False


async def _send(services: Services, connection: asyncpg.Connection, post: Post, due: _Due) -> bool:
    letter = await _letter(services, due)
    try:
        await post.send(letter)
    except LetterRefused as refused:
        await connection.execute(_FAILED, due.id, str(refused)[:200])
        log.warning("report.refused", sending=due.id, why=str(refused)[:100])
        return False
    except NotSent as failed:
        await _later(services, connection, due, str(failed))
        return False
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        await raw(transaction).execute(_SENT, due.id, now)
        told = {"way": "mail", "address": due.address} if due.way == "mail" else {}
        verb = "report.sent" if due.way == "mail" else "report.late_told"
        await audit(transaction, POSTMAN, verb, f"report:{due.report_id}", told, school_id=due.school_id, at=now)
    log.info(verb, sending=due.id, report=due.report_id)
    return True


async def _letter(services: Services, due: _Due) -> Letter:
    if due.way == "mail":
        return await letter_of(services, due.school_id, due.report_id, due.address, Language(due.language), due.id)
    report = await report_of(services, POSTMAN, due.school_id, due.report_id)
    return late_letter(services, report, due.address, due.id, services.clock.now())


async def _later(services: Services, connection: asyncpg.Connection, due: _Due, why: str) -> None:
    if due.tries + 1 >= TRIES_MAX:
        await connection.execute(_FAILED, due.id, why[:200])
    else:
        pause = min(AGAIN_MAX, AGAIN_MIN * (1 << min(due.tries, 10)))
        await connection.execute(_LATER, due.id, services.clock.now() + pause)
    log.warning("report.not_sent", sending=due.id, tries=due.tries + 1, why=why[:100])


async def letter_of(
    services: Services, school_id: int, report_id: int, address: str, language: Language, sending_id: int
) -> Letter:
    """Return the letter that a signed report goes with: the three files, and what they hold in a few lines."""
    report = await report_of(services, POSTMAN, school_id, report_id)
    files = [await file_of(services, POSTMAN, school_id, report_id, form, language) for form in MAILED]
    words = Wording(language, ZoneInfo(report.content.school.zone))
    attached = [Attachment(file.name, file.media_type, file.body) for file in files]
    return Letter(
        f"report-{report.document_digest[:32]}-{sending_id}", address, _subject(report, words),
        _text(services, report, words), services.clock.now(), attached,
    )  # fmt: skip


def _subject(report: Report, words: Wording) -> str:
    school, title = report.content.school.name.told(words.language.value), words.told(report.subject.title)
    told = f"{school}: {title}, {words.month(report.month)}"
    return " ".join(told.splitlines())  # a head of a letter is one line


def _text(services: Services, report: Report, words: Wording) -> str:
    assert report.document is not None, "only what is signed is sent"  # noqa: S101
    return words.told(
        report.subject.letter, school=report.content.school.name.told(words.language.value),
        month=words.month(report.month), name=report.signed_by, digest=report.document_digest,
        address=address_of_code(services, report.document_digest), **report.subject.sums(report.document, words),
    )  # fmt: skip
