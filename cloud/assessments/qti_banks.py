"""Packages of QTI 3 taken into a bank, and out of one.

Rule: what is in the bank already, word for word, is not put into it again; all that can be taken goes in at once.
"""

import asyncio
from dataclasses import dataclass

import msgspec

from cloud.accounts.actions import audit
from cloud.assessments.banks import BANK_MAX
from cloud.assessments.errors import TestRefused
from cloud.assessments.qti_kinds import Entry, Package, Read
from cloud.assessments.qti_packages import ITEMS_MAX, read_package, write_package
from cloud.assessments.questions import from_data, to_data
from cloud.assessments.reach import maker_of
from cloud.assessments.rules import THEME_MAX, checked_grade, checked_theme
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.messages import message
from cloud.core.services import Services

_FOUND = """
SELECT theme, content FROM bank_question
WHERE school_id = $1 AND subject_id = $2 AND ($3::smallint IS NULL OR grade = $3) AND ($4::text IS NULL OR theme = $4)
  AND is_active ORDER BY grade, theme, id LIMIT $5
"""
_ONE_AT_A_TIME = asyncio.Semaphore(1)  # a package takes processor time that others wait for
_HELD = "SELECT md5(content::text) FROM bank_question WHERE school_id = $1 AND subject_id = $2 LIMIT $3"
_PUT = """
INSERT INTO bank_question (school_id, subject_id, grade, theme, kind, content, changed_at, by_name)
SELECT $1, $2, $3, theme, kind, content::jsonb, $7, $8
FROM unnest($4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS read (theme, kind, content, place) ORDER BY place
"""
_DIGESTS = """
SELECT md5(content::jsonb::text) FROM unnest($1::text[]) WITH ORDINALITY AS read (content, place) ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A part of a bank: a subject, and of it a grade and a theme; None is any."""

    subject_id: int
    grade: int | None = None
    theme: str | None = None


@dataclass(frozen=True, slots=True)
class PutIn:
    """What became of a package: what was read, how many questions went into the bank, how many were there already."""

    read: Read
    added: int
    known: int


async def take_package(
    services: Services, actor: Actor, school: SchoolToday, chosen: Chosen, content: bytes
) -> PutIn:  # fmt: skip
    """Put the questions of a package into a bank; those without a theme get the one that was chosen.

    Raises NotAllowed, NotFound, TestRefused or PackageRefused.
    """
    await maker_of(services, actor, school, chosen.subject_id)
    grade, theme = checked_grade(-1 if chosen.grade is None else chosen.grade), checked_theme(chosen.theme or "")
    async with _ONE_AT_A_TIME:
        read = await asyncio.to_thread(read_package, content)
    contents = [msgspec.json.encode(to_data(each.question)).decode() for each in read.package.entries]
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.fetchval("SELECT id FROM school_subject WHERE id = $1 FOR NO KEY UPDATE", chosen.subject_id)
        held = {row[0] for row in await connection.fetch(_HELD, school.id, chosen.subject_id, BANK_MAX)}
        digests = [row[0] for row in await connection.fetch(_DIGESTS, contents)]
        fresh = [at for at, each in enumerate(digests) if each not in held and each not in digests[:at]]
        if len(held) + len(fresh) > BANK_MAX:
            raise TestRefused(message("A bank has {most} questions at most.", most=BANK_MAX))
        entries = [read.package.entries[at] for at in fresh]
        await connection.execute(
            _PUT, school.id, chosen.subject_id, grade, [each.theme[:THEME_MAX] or theme for each in entries],
            [each.question.kind.value for each in entries], [contents[at] for at in fresh], now, actor.name,
        )  # fmt: skip
        detail = {"count": str(len(fresh)), "left_out": str(len(read.left_out)), "grade": str(grade)}
        await audit(
            transaction, actor, "questions.taken_in", f"subject:{chosen.subject_id}", detail, school_id=school.id,
            at=now,
        )  # fmt: skip
    return PutIn(read, len(fresh), len(contents) - len(fresh))


async def package_of(
    services: Services, actor: Actor, school: SchoolToday, chosen: Chosen, title: str
) -> bytes:  # fmt: skip
    """Return a part of a bank as a package. Raises NotAllowed, NotFound, or TestRefused for too much or nothing."""
    await maker_of(services, actor, school, chosen.subject_id)
    pool = services.database.pool
    rows = await pool.fetch(_FOUND, school.id, chosen.subject_id, chosen.grade, chosen.theme, ITEMS_MAX + 1)
    if not rows:
        raise TestRefused(message("There are no such questions in the bank."))
    if len(rows) > ITEMS_MAX:
        raise TestRefused(message("A package has {most} questions at most: choose a grade or a theme.", most=ITEMS_MAX))
    entries = [Entry(from_data(msgspec.json.decode(row["content"])), row["theme"]) for row in rows]
    now = services.clock.now()
    content = await asyncio.to_thread(write_package, Package(title, entries), now.astimezone(school.zone))
    async with services.database.transaction() as transaction:
        await audit(
            transaction, actor, "questions.taken_out", f"subject:{chosen.subject_id}", {"count": str(len(rows))},
            school_id=school.id, at=now,
        )  # fmt: skip
    return content
