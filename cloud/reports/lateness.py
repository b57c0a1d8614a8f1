"""Who is told that a report is late: the director and the office, by a letter for each late report, in three languages.

Rule: each address is written to once for a report; of one that was sent meanwhile nobody is told.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.i18n import N_, Language
from cloud.core.mail import Letter
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.reports.actions import address_typed
from cloud.reports.errors import AddressRefused
from cloud.reports.making import SCHEDULER
from cloud.reports.queries import Report
from cloud.reports.wording import Wording

ADDRESSES_MAX = 5
LATE_AT_ONCE = 500
SUBJECT_LINE = N_("The report of {month} is late")
_BETWEEN = re.compile(r"[\s,;]+")
_PUT = """
INSERT INTO report_recipient (school_id, address, late_to, set_at, set_by) VALUES ($1, '', $2, $3, $4)
ON CONFLICT (school_id) DO UPDATE SET late_to = $2
"""
_ADDRESSES = "SELECT late_to FROM report_recipient WHERE school_id = $1"
# A letter for each first report that is not sent and whose fifth day is over at its school, and each address. Of one
# that is a month late none goes out: it was made after a long stop, or by a newer program, and stands on the page.
_ASK = """
INSERT INTO report_sending (report_id, way, address, language, note, asked_at, asked_by, next_at, once)
SELECT report.id, 'late', told.address, 'kk', '', $1, $2, $1, 'late:' || lower(told.address)
FROM report JOIN school ON school.id = school_id JOIN report_recipient USING (school_id),
  unnest(late_to) AS told (address)
WHERE number = 1
  AND (month + interval '1 month 5 days')::date <= ($1::timestamptz AT TIME ZONE zone)::date
  AND (month + interval '2 months 5 days')::date > ($1::timestamptz AT TIME ZONE zone)::date
  AND NOT EXISTS (SELECT FROM report_sending WHERE report_id = report.id AND way <> 'late' AND sent_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM report_sending WHERE report_id = report.id AND once = 'late:' || lower(told.address))
ORDER BY month DESC, report.id LIMIT $3
ON CONFLICT (report_id, once) DO NOTHING RETURNING id
"""


async def late_addresses(services: Services, school_id: int) -> list[str]:
    """Return who is told that a report is late. Who may ask is the caller's to check."""
    return list(await services.database.pool.fetchval(_ADDRESSES, school_id) or ())


async def set_late_addresses(services: Services, actor: Actor, school_id: int, typed: str) -> None:
    """Say who is told that a report is late; nobody, where nothing is typed. Raises NotAllowed or AddressRefused."""
    actor.require(Right.REPORTS_KEEP, school_id)
    addresses, now = addresses_typed(typed), services.clock.now()
    async with services.database.transaction() as connection:
        await raw(connection).execute(_PUT, school_id, addresses, now, actor.name)
        told = {"count": str(len(addresses))}
        await audit(connection, actor, "report.late_told_to", f"school:{school_id}", told, school_id=school_id, at=now)


async def ask_late(services: Services) -> int:
    """Give letters about late reports to the post, each once; return how many are new."""
    if not services.settings.smtp_url:
        return 0
    asked = (services.clock.now(), SCHEDULER.name, LATE_AT_ONCE)
    return len(await services.database.pool.fetch(_ASK, *asked))


def addresses_typed(typed: str) -> list[str]:
    """Return some e-mail addresses, each once. Raises AddressRefused."""
    given = [address_typed(each) for each in _BETWEEN.split(typed) if each]
    addresses = list({each.lower(): each for each in given}.values())
    if len(addresses) > ADDRESSES_MAX:
        raise AddressRefused(message("{count} addresses at most are told of a late report.", count=ADDRESSES_MAX))
    return addresses


def late_letter(services: Services, report: Report, address: str, sending_id: int, now: datetime) -> Letter:
    """Return the letter that says that a report is late: in Kazakh, Russian and English, one below the other."""
    words = [Wording(language, ZoneInfo(report.content.school.zone)) for language in Language]
    texts = [_text(services, report, each) for each in words]
    return Letter(f"late-{report.id}-{sending_id}", address, _subject(report, words), "\n".join(texts), now)


def _subject(report: Report, words: Iterable[Wording]) -> str:
    told = " / ".join(each.told(SUBJECT_LINE, month=each.month(report.month)) for each in words)
    return " ".join(told.split())


def _text(services: Services, report: Report, words: Wording) -> str:
    school = report.content.school
    return words.told(
        report.subject.late, school=school.name.told(words.language.value), month=words.month(report.month),
        day=words.formats.day_with_year(report.month.due_on),
        address=f"{services.settings.public_url}/schools/{school.code}/reports/{report.id}",
    )  # fmt: skip
