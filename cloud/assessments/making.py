"""Making of tests: a heading, and sections of chosen questions or of so many that are drawn from a theme."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import asyncpg
import msgspec

from cloud.accounts.actions import audit
from cloud.assessments.banks import questions_by_id, themes_of
from cloud.assessments.errors import TestRefused
from cloud.assessments.kinds import Section, Test
from cloud.assessments.reach import Reach, maker_of
from cloud.assessments.rules import checked_grade, checked_name, checked_sections
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services

TESTS_MAX = 300
Sections = tuple[Section, ...]
_COLUMNS = "SELECT id, subject_id, grade, title, sections, is_active, changed_at, by_name FROM assessment"
_LIST = f"""{_COLUMNS} WHERE school_id = $1 AND ($2::bigint[] IS NULL OR subject_id = ANY($2)) AND is_active
ORDER BY changed_at DESC, id DESC LIMIT $3"""
_ONE = f"{_COLUMNS} WHERE school_id = $1 AND id = $2"
_ADD = """
INSERT INTO assessment (school_id, subject_id, grade, title, changed_at, by_name) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id
"""
_KEEP = """
UPDATE assessment SET title = $2, sections = $3, is_active = $4, changed_at = $5, by_name = $6 WHERE id = $1
"""


async def tests_within(services: Services, reach: Reach, school_id: int) -> list[Test]:
    """Return the tests that somebody makes, the latest first."""
    subjects = None if reach.makes_all else sorted(reach.subjects)
    rows = await services.database.pool.fetch(_LIST, school_id, subjects, TESTS_MAX)
    return [as_test(row) for row in rows]


async def test_of(services: Services, actor: Actor, school: SchoolToday, test_id: int) -> Test:
    """Return a test that the actor makes. Raises NotAllowed or NotFound."""
    row = await services.database.pool.fetchrow(_ONE, school.id, test_id)
    if row is None:
        raise NotFound
    await maker_of(services, actor, school, row["subject_id"])
    return as_test(row)


async def make_test(
    services: Services, actor: Actor, school: SchoolToday, subject_id: int, grade: int, title: str
) -> int:  # fmt: skip
    """Make a test without questions, and return its number. Raises NotAllowed, NotFound or TestRefused."""
    await maker_of(services, actor, school, subject_id)
    name, now = checked_name(title), services.clock.now()
    async with services.database.transaction() as transaction:
        row = school.id, subject_id, checked_grade(grade), name, now, actor.name
        test_id: int = await raw(transaction).fetchval(_ADD, *row)
        detail = {"grade": str(grade)}
        await audit(transaction, actor, "test.made", f"test:{test_id}", detail, school_id=school.id, at=now)
    return test_id


async def rename_test(services: Services, actor: Actor, school: SchoolToday, test_id: int, title: str) -> None:
    """Give a test another name. Raises NotAllowed, NotFound or TestRefused."""
    name = checked_name(title)
    await _change(services, actor, school, test_id, lambda test: replace(test, title=name))


async def drop_test(services: Services, actor: Actor, school: SchoolToday, test_id: int) -> None:
    """Put a test out of use; what was given of it stays. Raises NotAllowed or NotFound."""
    await _change(services, actor, school, test_id, lambda test: replace(test, is_active=False))


async def keep_sections(
    services: Services, actor: Actor, school: SchoolToday, test_id: int, change: Callable[[Sections], Sections]
) -> None:
    """Change the sections of a test. Raises NotAllowed, NotFound or TestRefused."""
    await _change(services, actor, school, test_id, lambda test: replace(test, sections=change(test.sections)))


def with_section(section: Section) -> Callable[[Sections], Sections]:
    """Return the change that puts a section behind the others."""
    return lambda sections: (*sections, section)


def without_section(place: int) -> Callable[[Sections], Sections]:
    """Return the change that takes a section out; places count from 0."""
    return lambda sections: tuple(each for at, each in enumerate(sections) if at != place)


def with_questions(place: int, ids: Sequence[int]) -> Callable[[Sections], Sections]:
    """Return the change that puts questions behind those of a section of chosen ones."""
    return lambda sections: _at(sections, place, lambda each: replace(each, questions=(*each.questions, *ids)))


def without_question(place: int, question_id: int) -> Callable[[Sections], Sections]:
    """Return the change that takes a question out of a section."""
    return lambda sections: _at(
        sections, place, lambda each: replace(each, questions=tuple(n for n in each.questions if n != question_id))
    )


def as_test(row: asyncpg.Record) -> Test:
    """Return a test of its row."""
    sections = msgspec.json.decode(row["sections"], type=tuple[Section, ...])
    return Test(
        row["id"], row["subject_id"], row["grade"], row["title"], sections, row["is_active"], row["changed_at"],
        row["by_name"],
    )  # fmt: skip


def _at(sections: Sections, place: int, change: Callable[[Section], Section]) -> Sections:
    if place not in range(len(sections)) or sections[place].draws:
        raise TestRefused(message("Choose a section that takes chosen questions."))
    return tuple(change(each) if at == place else each for at, each in enumerate(sections))


async def _change(
    services: Services, actor: Actor, school: SchoolToday, test_id: int, change: Callable[[Test], Test]
) -> None:  # fmt: skip
    await test_of(services, actor, school, test_id)
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        test = as_test(await connection.fetchrow(f"{_ONE} FOR UPDATE", school.id, test_id))
        wanted = change(test)
        if wanted == test:
            return
        added = wanted.sections if wanted.sections != test.sections else ()
        ids = [number for section in added for number in section.questions]
        banked = await questions_by_id(connection, school.id, ids)
        # What a test holds already may have gone out of use meanwhile; it is told when the test is to be given.
        held = {number for section in test.sections for number in section.questions}
        known = {each.id for each in banked.values() if each.subject_id == test.subject_id and each.is_active} | held
        themes = await themes_of(connection, school.id, test.subject_id, test.grade) if added else {}
        sections = checked_sections(wanted.sections, known, themes) if added else wanted.sections
        content = msgspec.json.encode(sections).decode()
        await connection.execute(_KEEP, test_id, wanted.title, content, wanted.is_active, now, actor.name)
        verb = "test.changed" if wanted.is_active else "test.dropped"
        detail = {"sections": str(len(sections))}
        await audit(transaction, actor, verb, f"test:{test_id}", detail, school_id=school.id, at=now)
