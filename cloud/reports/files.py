"""A report's files: PDF and workbook in a language, and the JSON that is the report itself.

Rule: a file of a signed report is drawn once and kept; whoever asks again gets the same bytes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cloud.core.actor import Actor
from cloud.core.i18n import N_, Language
from cloud.core.services import Services
from cloud.core.sheets import csv_of
from cloud.reports.content import Shape, canonical
from cloud.reports.queries import Report, corrections_of, report_of
from cloud.reports.subject import Form as Form  # noqa: PLC0414 (found here with the files)
from cloud.reports.wording import Wording
from cloud.reports.workbook import workbook_of

SUPPLEMENT = N_("Supplement {number}")
SCHOOL, MONTH, AS_OF, CHECKSUM, SIGNED = (
    N_("School"), N_("Month"), N_("As the records were on"), N_("Checksum (SHA-256)"), N_("Signed"),
)  # fmt: skip
DRAFT = N_("Draft: not signed, and it may change")
SIGNED_BY = N_("{name}, {at}")
NOBODY = N_("A child is named by its reference; the school knows whose it is.")
KEEP = """
INSERT INTO report_file (report_id, name, body, kept_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
KEPT = "SELECT body FROM report_file WHERE report_id = $1 AND name = $2"


@dataclass(frozen=True, slots=True)
class File:
    """A file of a report."""

    name: str
    media_type: str
    body: bytes


async def file_of(
    services: Services, actor: Actor, school_id: int, report_id: int, form: Form, language: Language
) -> File:
    """Return a file of a report; of a signed one always the same. Raises NotAllowed or NotFound."""
    report = await report_of(services, actor, school_id, report_id)
    name = name_of(report, form, language)
    if report.document is not None:
        if form is Form.JSON:
            return File(name, form.media_type, canonical(report.document))
        return File(name, form.media_type, await _kept(services, report, form, language, name))
    corrections = await corrections_of(services.database.pool, report_id)
    if form is Form.JSON:
        return File(name, form.media_type, canonical(report.content))
    return File(name, form.media_type, await asyncio.to_thread(_drawn, services, report, corrections, form, language))


def name_of(report: Report, form: Form, language: Language) -> str:
    """Return how a file is called: almaty5-meals-2026-08-kk.pdf."""
    number = f"-{report.number}" if report.number > 1 else ""
    tongue = "" if form is Form.JSON else f"-{language.value}"
    draft = "" if report.document else "-draft"
    return f"{report.content.school.code}-{report.subject.key}-{report.month}{number}{tongue}{draft}.{form.value}"


def address_of_code(services: Services, digest: str) -> str:
    """Return where the code on a signed report leads."""
    return f"{services.settings.public_url}/reports/{digest}"


async def _kept(services: Services, report: Report, form: Form, language: Language, name: str) -> bytes:
    pool = services.database.pool
    if (kept := await pool.fetchval(KEPT, report.id, name)) is None:
        assert report.document is not None, "files of drafts are not kept"  # noqa: S101
        drawn = await asyncio.to_thread(_drawn, services, report, report.document.corrections, form, language)
        await pool.execute(KEEP, report.id, name, drawn, services.clock.now())
        kept = await pool.fetchval(KEPT, report.id, name)  # another one's, if it was quicker
    return bytes(kept)


def _drawn(services: Services, report: Report, told: Sequence[Shape], form: Form, language: Language) -> bytes:
    words, subject = Wording(language, ZoneInfo(report.content.school.zone)), report.subject
    if form is Form.CSV:
        table = subject.lines(report.content, words)
        return csv_of([table.head, *table.rows])
    if form is Form.XLSX:
        return workbook_of(subject.sheets(report.content, told, words), _facts(report, words), _at(report))
    from cloud.reports.pdf import Paper, pdf_of  # noqa: PLC0415 (a start of the service need not wait for it)

    code = address_of_code(services, report.document_digest) if report.document else ""
    paper = Paper(
        _title(report, words), report.content.school.name.told(language.value), _facts(report, words)[1:],
        subject.paper(report.content, told, words), _notes(report, words), code,
        f"{report.content.school.code} · {report.month}", name_of(report, Form.JSON, language),
        canonical(report.document or report.content), _at(report),
    )  # fmt: skip
    return pdf_of(paper, words)


def _title(report: Report, words: Wording) -> str:
    title = f"{words.told(report.subject.title)}, {words.month(report.month)}"
    return f"{title}. {words.told(SUPPLEMENT, number=report.number - 1)}" if report.number > 1 else title


def _facts(report: Report, words: Wording) -> list[tuple[str, str]]:
    content = report.content
    as_of = datetime.fromisoformat(content.as_of.at)
    place = f"{content.as_of.shard}/{content.as_of.meals}/{content.as_of.attendance}"
    if report.document is None or report.signed_at is None:
        state = words.told(DRAFT)
    else:
        state = words.told(SIGNED_BY, name=report.signed_by, at=_moment(report.signed_at, words))
    return [
        (_title(report, words), ""),
        (words.told(SCHOOL), f"{content.school.name.told(words.language.value)} ({content.school.code})"),
        (words.told(MONTH), words.month(report.month)),
        (words.told(AS_OF), f"{_moment(as_of, words)} ({place})"),
        (words.told(SIGNED), state),
        (words.told(CHECKSUM), report.document_digest or report.digest),
    ]


def _notes(report: Report, words: Wording) -> list[str]:
    notes = [words.told(NOBODY)]
    if report.content.before is not None:
        notes.append(report.subject.follows(report.content.before, words))
    return notes


def _moment(at: datetime, words: Wording) -> str:
    return f"{words.formats.day_with_year(words.formats.local_day(at))}, {words.formats.hour(at)}"


def _at(report: Report) -> datetime:
    return report.signed_at or report.made_at
