"""What is asked of reports: a school's months, one report with its corrections, and who has not sent what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import asyncpg
import msgspec

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.reports.making import made_now
from cloud.reports.months import Month, Timing
from cloud.reports.subjects import AnySubject, subject_of
from cloud.schools.queries import school_of_id, taught_days

LIST_MAX = 60
SENDINGS_MAX = 50
_STATE = """
(SELECT count(*) FROM report_correction WHERE report_id = report.id) AS corrections,
(SELECT min(sent_at) FROM report_sending WHERE report_id = report.id AND way <> 'late') AS sent_at
"""
_LIST = f"""
SELECT report.id, month, number, made_at, coalesce(glance, content) AS glance, signed_at, {_STATE} FROM report
WHERE school_id = $1 AND subject = $2 ORDER BY month DESC, number DESC LIMIT $3
"""  # noqa: S608 (columns of this file)
_ONE = f"""
SELECT report.id, school_id, subject, month, number, made_at, CASE WHEN document IS NULL THEN content END AS content,
  digest, mark, signed_at, signed_by, document, document_digest, {_STATE} FROM report WHERE school_id = $1 AND id = $2
"""  # noqa: S608 (columns of this file)
_CORRECTIONS = """
SELECT subject, report_correction.* FROM report_correction JOIN report ON report.id = report_id
WHERE report_id = $1 ORDER BY report_correction.id
"""
_SENDINGS = """
SELECT id, way, address, language, note, asked_at, asked_by, tries, next_at, sent_at, failed FROM report_sending
WHERE report_id = $1 ORDER BY id DESC LIMIT $2
"""
_SIGNED = """
SELECT school.name_kk, school.name_ru, school.name_en, subject, month, number, signed_at, signed_by FROM report
JOIN school ON school.id = school_id WHERE document_digest = $1
"""
_NAMES = """
SELECT ref, concat_ws(' ', surname, given_name) || coalesce(', ' || grade || letter, '') FROM person
LEFT JOIN school_class ON school_class.id = school_class_id WHERE person.school_id = $1 AND ref = ANY($2)
"""


class State(StrEnum):
    """How far a report has come."""

    DRAFT = "draft"
    CORRECTED = "corrected"
    SIGNED = "signed"
    SENT = "sent"


class Timed:
    """A report that is sent in time, soon, or late."""

    __slots__ = ()
    month: Month
    number: int
    sent_at: datetime | None

    def timing(self, on: date) -> Timing:
        """Return how the report stands to its day; a supplement, or one that was sent, is never late."""
        return Timing.EARLY if self.sent_at or self.number > 1 else self.month.timing(on)


@dataclass(frozen=True, slots=True)
class ReportRow(Timed):
    """A line of the list; totals are of the records, before corrections."""

    id: int
    month: Month
    number: int
    made_at: datetime
    state: State
    totals: Any  # of its subject
    remarks: int
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Report(Timed):
    """One report; `document` is none until it is signed."""

    id: int
    school_id: int
    subject: AnySubject
    month: Month
    number: int
    made_at: datetime
    state: State
    content: Any  # of its subject, as the document is
    digest: str
    signed_at: datetime | None
    signed_by: str
    document: Any
    document_digest: str
    sent_at: datetime | None
    mark: str = ""  # of its month, when it was made; of an older report none


@dataclass(frozen=True, slots=True)
class SendingRow:
    """A time that a report was sent, or is to be."""

    id: int
    way: str  # mail, hand or account, or late: a letter that says that the report is late
    address: str
    language: str
    note: str
    asked_at: datetime
    asked_by: str
    tries: int
    next_at: datetime
    sent_at: datetime | None
    failed: str  # why it is given up: a word's code, and what a server answered

    @property
    def why(self) -> str:
        """Return the code of the word that tells why it is given up."""
        return self.failed.partition(": ")[0]

    @property
    def answer(self) -> str:
        """Return what a server answered, as it did."""
        return self.failed.partition(": ")[2]


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a month after its report was made."""

    records: int  # that came since and are about it
    totals: Any


@dataclass(frozen=True, slots=True)
class Signed:
    """What anybody may know who holds a signed report's checksum."""

    names: dict[str, str]
    subject: AnySubject
    month: Month
    number: int
    signed_at: datetime
    signed_by: str


async def reports_of(services: Services, actor: Actor, school_id: int, subject: AnySubject) -> list[ReportRow]:
    """Return a school's reports of a subject, the newest first. Raises NotAllowed."""
    right = subject.right
    actor.require(right, school_id)
    rows = await services.database.pool.fetch(_LIST, school_id, subject.key, LIST_MAX)
    return [_row(row, subject) for row in rows]


async def report_of(
    services: Services, actor: Actor, school_id: int, report_id: int, connection: asyncpg.Connection | None = None
) -> Report:
    """Return one report. Raises NotAllowed or NotFound."""
    actor.require(Right.REPORTS_READ, school_id)
    row = await (connection or services.database.pool).fetchrow(_ONE, school_id, report_id)
    if row is None:
        raise NotFound
    subject = subject_of(row["subject"])
    right = subject.right
    actor.require(right, school_id)
    document = subject.document_kept(bytes(row["document"])) if row["document"] is not None else None
    content = document.content if document is not None else subject.content_kept(bytes(row["content"]))
    return Report(
        row["id"], row["school_id"], subject, Month.of(row["month"]), row["number"], row["made_at"], _state(row),
        content, row["digest"].hex(), row["signed_at"], row["signed_by"], document,
        row["document_digest"].hex() if document else "", row["sent_at"], row["mark"],
    )  # fmt: skip


async def corrections_of(connection: asyncpg.Connection | asyncpg.Pool, report_id: int) -> list[Any]:
    """Return a report's corrections in order, as its subject has them. Who may ask is the caller's to check."""
    rows = await connection.fetch(_CORRECTIONS, report_id)
    return [subject_of(row["subject"]).correction(row) for row in rows]


async def sendings_of(services: Services, report_id: int) -> list[SendingRow]:
    """Return when a report was sent where, the newest first. Who may ask is the caller's to check."""
    rows = await services.database.pool.fetch(_SENDINGS, report_id, SENDINGS_MAX)
    return [SendingRow(**row) for row in rows]


async def address_of(services: Services, school_id: int) -> str:
    """Return where the authority takes a school's reports; empty where nobody said. The caller checks who asks."""
    asked = "SELECT address FROM report_recipient WHERE school_id = $1"
    return await services.database.pool.fetchval(asked, school_id) or ""


async def changed_since(services: Services, report: Report) -> Changed | None:
    """Return what came after a report was made, if it would be another one by now.

    The month is made anew to see that only where its mark is another one.
    """
    school, subject = await school_of_id(services, report.school_id), report.subject
    taught = await taught_days(services, school.id, report.month.first_on, report.month.last_on)
    async with services.database.pool.acquire() as connection:
        if report.mark and await subject.mark(connection, school, report.month, taught) == report.mark:
            return None
    told = report.content
    made = await made_now(services, school, subject, report.month, report.number, told.before, told)
    if msgspec.structs.replace(made.content, as_of=report.content.as_of) == report.content:
        return None
    as_of = report.content.as_of
    span = (report.school_id, report.month.first_on, report.month.last_on)
    since = (report.made_at, as_of.shard, subject.reached(as_of))
    records: int = await services.database.pool.fetchval(subject.later, *span, *since)
    return Changed(records, made.content.totals)


async def named_lines(
    services: Services, actor: Actor, report: Report, lines: Sequence[Any]
) -> Sequence[tuple[Any, str]]:
    """Return remarks with the names of their children, which the report does not hold.

    The names are empty for whom may not see whose days or meals they are: an authority reads reports, and no name.
    """
    if not actor.can(report.subject.names, report.school_id):
        return [(each, "") for each in lines]
    refs = sorted({ref for each in lines if (ref := report.subject.about(each))})
    names: dict[str, str] = dict(await services.database.pool.fetch(_NAMES, report.school_id, refs))
    return [(each, names.get(report.subject.about(each), "")) for each in lines]


async def signed_of_digest(services: Services, digest: str) -> Signed:
    """Return what a checksum is of, whoever asks: who knows it holds the report. Raises NotFound."""
    try:
        asked = bytes.fromhex(digest)
    except ValueError:
        raise NotFound from None
    row = await services.database.pool.fetchrow(_SIGNED, asked)
    if row is None:
        raise NotFound
    names = {language: row[f"name_{language}"] for language in ("kk", "ru", "en")}
    return Signed(
        names, subject_of(row["subject"]), Month.of(row["month"]), row["number"], row["signed_at"], row["signed_by"]
    )


def _row(row: asyncpg.Record, subject: AnySubject) -> ReportRow:
    seen: Any = msgspec.json.decode(row["glance"], type=subject.glance)
    return ReportRow(
        row["id"], Month.of(row["month"]), row["number"], row["made_at"], _state(row), seen.totals,
        sum(seen.remarks.counts.values()), row["sent_at"],
    )  # fmt: skip


def _state(row: asyncpg.Record) -> State:
    if row["sent_at"] is not None:
        return State.SENT
    if row["signed_at"] is not None:
        return State.SIGNED
    return State.CORRECTED if row["corrections"] else State.DRAFT
