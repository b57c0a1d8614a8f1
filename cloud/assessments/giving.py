"""Giving of a test to a course: its questions are copied, and nothing that changes later changes them.

Rule: a test that was given keeps its terms; only until when it is open can be moved, and one that nobody began is taken
back whole.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
import msgspec

from cloud.accounts.actions import audit
from cloud.assessments.banks import questions_by_id
from cloud.assessments.errors import TestRefused
from cloud.assessments.kinds import GRACE, Banked, Part, Review, Section, Terms, Test
from cloud.assessments.making import test_of
from cloud.assessments.questions import to_data
from cloud.assessments.reach import given_by, maker_of
from cloud.assessments.rules import POOL_MAX, asked_in, checked_terms
from cloud.assessments.variants import veiled
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.studies.queries import course_of

GIVEN_MAX = 200  # of one course
_OF_THEME = """
SELECT id FROM bank_question
WHERE school_id = $1 AND subject_id = $2 AND grade = $3 AND theme = $4 AND is_active
  AND id <> ALL($5::bigint[]) ORDER BY id LIMIT $6
"""
_GIVE = """
INSERT INTO assessment_given (school_id, assessment_id, course_id, title, opens_at, closes_at, limit_min, attempts,
  counts, review, is_shuffled, one_by_one, sections, given_at, by_name)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
WHERE (SELECT count(*) FROM assessment_given WHERE course_id = $3) < $16 RETURNING id
"""
_COPY = """
INSERT INTO assessment_question (given_id, section, source_id, points, content, digest)
SELECT $1, section, source_id, points, content::jsonb, digest
FROM unnest($2::smallint[], $3::bigint[], $4::smallint[], $5::text[], $6::text[])
  WITH ORDINALITY AS copied (section, source_id, points, content, digest, place) ORDER BY place
"""
_UNTIL = "UPDATE assessment_given SET closes_at = $2 WHERE id = $1"
_ENDS = """
UPDATE assessment_attempt SET ends_at = least($2, began_at + make_interval(mins => $3))
WHERE given_id = $1 AND handed_at IS NULL AND ends_at >= $4
"""
_BEGUN = "SELECT EXISTS (SELECT FROM assessment_attempt WHERE given_id = $1)"
_HOLD = "SELECT id FROM assessment_given WHERE id = $1 FOR UPDATE"


async def give(
    services: Services, actor: Actor, school: SchoolToday, test_id: int, course_id: int, terms: Terms
) -> int:  # fmt: skip
    """Give a test to a course, and return its number as given. Raises NotAllowed, NotFound or TestRefused."""
    test = await test_of(services, actor, school, test_id)
    reach = await maker_of(services, actor, school, test.subject_id)
    course, now = await course_of(services, school.id, course_id), services.clock.now()
    if not reach.gives(course) or course.subject.id != test.subject_id:
        raise NotAllowed(message("Choose a course of yours in the test's subject."))
    if not course.is_on(school.on) or not test.is_active:
        raise TestRefused(message("This course or this test has ended."))
    kept = checked_terms(terms, now)
    if not asked_in(test.sections):
        raise TestRefused(message("This test has no questions yet: add some first."))
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        copies = await _copies(connection, school.id, test)
        parts = msgspec.json.encode([Part(each.title, each.draws) for each in test.sections]).decode()
        given_id: int | None = await connection.fetchval(
            _GIVE, school.id, test.id, course.id, test.title, kept.opens_at, kept.closes_at, kept.limit_min,
            kept.attempts, kept.counts.value, kept.review.value, kept.is_shuffled, kept.one_by_one, parts, now,
            actor.name, GIVEN_MAX,
        )  # fmt: skip
        if given_id is None:
            raise TestRefused(message("A course is given {most} tests at most.", most=GIVEN_MAX))
        await _copy(connection, given_id, copies)
        detail = {"test": str(test.id), "course": str(course.id)}
        await audit(transaction, actor, "test.given", f"given_test:{given_id}", detail, school_id=school.id, at=now)
    return given_id


async def move_end(
    services: Services, actor: Actor, school: SchoolToday, given_id: int, closes_at: datetime
) -> None:  # fmt: skip
    """Close a test earlier, at once at the earliest, or later; attempts that go on end by it, too.

    One that is over stays over: what was right may have been seen. Raises NotAllowed, NotFound or TestRefused.
    """
    _, given, _ = await given_by(services, actor, school, given_id)
    now = services.clock.now()
    end = max(closes_at, now)
    if end <= given.terms.opens_at:
        raise TestRefused(message("The test has not opened yet: take it back instead."))
    if end > given.terms.opens_at + timedelta(days=120):
        raise TestRefused(message("A test is open for {days} days at most.", days=120))
    if now >= given.terms.closes_at < end and given.terms.review is Review.CLOSED:
        raise TestRefused(message("Since this test closed, its answers are shown. Give it anew to who missed it."))
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.execute(_UNTIL, given_id, end)
        await connection.execute(_ENDS, given_id, end, given.terms.limit_min, now - GRACE)
        detail = {"closes_at": end.isoformat(timespec="minutes")}
        await audit(transaction, actor, "test.moved", f"given_test:{given_id}", detail, school_id=school.id, at=now)


async def take_back(services: Services, actor: Actor, school: SchoolToday, given_id: int) -> None:
    """Take back a test that nobody began. Raises NotAllowed, NotFound or TestRefused."""
    await given_by(services, actor, school, given_id)
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.fetchval(_HOLD, given_id)
        if await connection.fetchval(_BEGUN, given_id):
            raise TestRefused(message("Somebody has begun this test: it stays. Close it instead."))
        await connection.execute("DELETE FROM assessment_question WHERE given_id = $1", given_id)
        await connection.execute("DELETE FROM assessment_given WHERE id = $1", given_id)
        await audit(
            transaction, actor, "test.taken_back", f"given_test:{given_id}", {}, school_id=school.id,
            at=services.clock.now(),
        )  # fmt: skip


def digest_of(content: bytes) -> str:
    """Return what tells a question from others by what it says."""
    return hashlib.sha256(content).hexdigest()[:32]


async def _copies(connection: asyncpg.Connection, school_id: int, test: Test) -> list[tuple[int, Banked]]:
    """Return the questions of a test with the places of their sections. Raises TestRefused.

    What was chosen for one section is not drawn for another, so that nobody is asked the same twice.
    """
    numbers: list[tuple[int, int]] = []
    chosen = [number for section in test.sections for number in section.questions]
    for place, section in enumerate(test.sections):
        ids: Sequence[int] = section.questions
        if section.draws:
            ids = await _of_theme(connection, school_id, test, section, chosen)
        numbers += [(place, number) for number in ids]
    banked = await questions_by_id(connection, school_id, [number for _, number in numbers])
    unused = [number for _, number in numbers if number not in banked or not banked[number].is_active]
    if unused:
        raise TestRefused(message("Question {number} is out of use: take it out of the test.", number=unused[0]))
    return [(place, banked[number]) for place, number in numbers]


async def _of_theme(
    connection: asyncpg.Connection, school_id: int, test: Test, section: Section, but: Sequence[int]
) -> Sequence[int]:  # fmt: skip
    rows = await connection.fetch(_OF_THEME, school_id, test.subject_id, test.grade, section.theme, list(but), POOL_MAX)
    if len(rows) < section.draws:
        raise TestRefused(
            message("The theme has {count} questions in use: so many at most can be drawn.", count=len(rows))
        )  # fmt: skip
    return [row["id"] for row in rows]


async def _copy(connection: asyncpg.Connection, given_id: int, copies: Sequence[tuple[int, Banked]]) -> None:
    contents = [msgspec.json.encode(to_data(veiled(each.question))) for _, each in copies]
    await connection.execute(
        _COPY, given_id, [place for place, _ in copies], [each.id for _, each in copies],
        [each.question.points for _, each in copies], [content.decode() for content in contents],
        [digest_of(content) for content in contents],
    )  # fmt: skip
