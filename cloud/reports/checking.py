"""Making a kept report anew, from the records and by itself alone, to compare it byte by byte."""

from dataclasses import dataclass
from typing import Any

import asyncpg

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.reports.content import canonical, digest_of
from cloud.reports.months import Month
from cloud.reports.subjects import AnySubject
from cloud.schools.queries import SchoolRow, school_of_code

_KEPT = """
SELECT id, number, content, digest, document, document_digest FROM report
WHERE school_id = $1 AND subject = $2 AND month = $3 ORDER BY number
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a report that was made anew: it is the same, or what differs first."""

    number: int
    digest: str  # of the signed document; of the content where it is not signed
    wrong: str  # empty: every byte is the same

    @property
    def is_same(self) -> bool:
        return not self.wrong


async def check(
    services: Services, actor: Actor, code: str, month: Month, subject: AnySubject
) -> list[Checked]:  # fmt: skip
    """Make every report of a school's month anew and compare; none is there: an empty list. Raises NotAllowed."""
    actor.require_everywhere(Right.REPORTS_CHECK)
    school = await school_of_code(services, code)
    async with services.database.pool.acquire() as connection:
        rows = await connection.fetch(_KEPT, school.id, subject.key, month.first_on)
        return [await _checked(connection, school, subject, row) for row in rows]


async def _checked(
    connection: asyncpg.Connection, school: SchoolRow, subject: AnySubject, row: asyncpg.Record
) -> Checked:  # fmt: skip
    kept, document = bytes(row["content"]), row["document"]
    digest = row["document_digest"].hex() if document is not None else row["digest"].hex()
    if digest_of(kept) != row["digest"].hex():
        return Checked(row["number"], digest, "the content is not what its checksum says")
    if document is not None and (wrong := _wrong_document(subject, bytes(document), digest, kept)):
        return Checked(row["number"], digest, wrong)
    told = subject.content_kept(kept)
    anew = await subject.anew(connection, school, told)
    return Checked(row["number"], digest, "" if canonical(anew) == kept else _difference(told, anew))


def _wrong_document(subject: AnySubject, document: bytes, digest: str, content: bytes) -> str:
    if digest_of(document) != digest:
        return "the signed report is not what its checksum says"
    read = subject.document_kept(document)
    if canonical(read) != document:
        return "the signed report is not in its one form"
    if canonical(read.content) != content or read.content_sha256 != digest_of(content):
        return "the signed report holds another content than was made"
    return ""


def _difference(told: Any, anew: Any) -> str:
    """Return the first member in which two contents differ, with both where they are short."""
    for name in told.__struct_fields__:
        one, other = getattr(told, name), getattr(anew, name)
        if one != other:
            return f"{name}: kept {one!r}"[:200] + f"; by the records {other!r}"[:200]
    return "the kept content is not in its one form"
