"""Writes of the journal's cells: marks and who was there, corrections with their reasons, remarks.

Rule: whoever writes says what was seen; where something else was written since, nothing is, and it is told what stands.
A school's entries are numbered under its lock, so that they come to be seen in the order of their numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.journal.counting import Counting, counting_in
from cloud.journal.errors import JournalChanged, JournalRefused
from cloud.journal.grading import Scheme
from cloud.journal.kinds import NOTHING, REASON, REMARK, Cell, Here, Kind, Lesson, Standing
from cloud.journal.offers import hours_on, offers_on
from cloud.journal.quarters import Quarter, quarter_at
from cloud.journal.queries import Learner, cells_of, learners_of, lesson_of, reason_place, remark_place
from cloud.journal.reach import course_within
from cloud.journal.rules import REMARK_MAX, Hand, check_lesson, check_points, checked_text, read_cell
from cloud.journal.schemes import quarters_of, schemes_of
from cloud.studies.queries import Course

CHANGES_MAX = 100  # at once: a class
LOCKS = 0x6A6F7572  # "jour": one of the two numbers of a school's lock; the other is the school's id
_LOCK = "SELECT pg_advisory_xact_lock($1, $2)"
_STANDS = """
SELECT is_off, kind, coalesce(points_max, 0) AS points_max FROM lesson LEFT JOIN lesson_plan ON lesson_id = lesson.id
WHERE lesson.id = $1 FOR SHARE OF lesson
"""  # waits for who calls it off or makes it another kind in this moment, and keeps others from it
_NEXT = "SELECT coalesce(max(number), 0) + 1 FROM journal_mark WHERE school_id = $1"
_WRITE = """
INSERT INTO journal_mark (school_id, number, lesson_id, person_id, "on", here, points, at, by_name)
SELECT $1, $2 + place - 1, $3, person_id, $4, here, points, $5, $6
FROM unnest($7::bigint[], $8::text[], $9::smallint[]) WITH ORDINALITY AS cell (person_id, here, points, place)
"""
_WHY = """
INSERT INTO journal_reason (school_id, number, reason_encrypted) SELECT $1, * FROM unnest($2::bigint[], $3::bytea[])
"""
_REMARK = """
INSERT INTO journal_remark (lesson_id, person_id, school_id, words_encrypted, at, by_name)
SELECT $1, person_id, $2, words, $3, $4 FROM unnest($5::bigint[], $6::bytea[]) AS remark (person_id, words)
ON CONFLICT (lesson_id, person_id) DO UPDATE SET words_encrypted = excluded.words_encrypted, at = excluded.at,
  by_name = excluded.by_name
"""
_FORGET = "DELETE FROM journal_remark WHERE lesson_id = $1 AND person_id = ANY($2)"


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody types into a cell, who saw the entry of the number `seen` there (0: none)."""

    ref: str
    typed: str
    seen: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody writes: the lesson with all that decides whether it can."""

    course: Course
    lesson: Lesson
    counting: Counting
    hand: Hand

    @property
    def quarter(self) -> Quarter:
        return self.counting.quarter

    @property
    def scheme(self) -> Scheme:
        return self.counting.scheme


@dataclass(frozen=True, slots=True)
class Written:
    """Whose cell was asked for, and what stands in it."""

    person_id: int
    standing: Standing


async def place_of(
    services: Services, actor: Actor, school: SchoolToday, course_id: int, lesson_id: int
) -> Place:  # fmt: skip
    """Return where somebody writes. Raises NotAllowed or NotFound."""
    reach, course = await course_within(services, actor, school, course_id)
    lesson = await lesson_of(services, school.id, course_id, lesson_id)
    quarters = await quarters_of(services, school.id, course.year)
    hand = reach.hand_in(quarter_at(quarters, lesson.on), school.on, course, lesson)
    if hand is None:
        raise NotAllowed(message("Who teaches the course, or gives this lesson, writes. You can look."))
    own = await schemes_of(services, school.id)
    counting = counting_in(own, quarters, quarter_at(quarters, lesson.on), course.subject.code)
    return Place(course, lesson, counting, hand)


async def mark(
    services: Services, actor: Actor, school: SchoolToday, place: Place, changes: Sequence[Change], reason: str = ""
) -> dict[str, Written]:
    """Write cells of a lesson, all or none, and return what stands in each then, by the students' references.

    What stands already is not written twice, so that a request that is repeated writes once. Raises JournalClosed,
    JournalRefused or JournalChanged.
    """
    async with services.database.transaction() as transaction:
        return await mark_within(services, transaction, actor, school, place, changes, reason)


async def mark_lessons(
    services: Services, actor: Actor, school: SchoolToday, wanted: Sequence[tuple[Place, Sequence[Change]]]
) -> int:  # fmt: skip
    """Write cells of several lessons, all of them or none, and return how many were asked for.

    Raises as `mark` does.
    """
    async with services.database.transaction() as transaction:
        for place, changes in wanted:
            await mark_within(services, transaction, actor, school, place, changes)
    return sum(len(changes) for _, changes in wanted)


async def mark_within(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, school: SchoolToday, place: Place,
    changes: Sequence[Change], reason: str = "",
) -> dict[str, Written]:  # fmt: skip
    """Do the same in a transaction of the caller's, to which more belongs. Raises as `mark` does."""
    if len(changes) > CHANGES_MAX:
        raise JournalRefused(message("A class at most is written at once."))
    connection = await locked(transaction, school.id)
    place = await _held(connection, place)
    check_lesson(place.hand, place.lesson, place.quarter, school.on, reason)
    learners = await _learners(connection, place)
    standing = await cells_of(connection, [place.lesson.id], [each.id for each in learners.values()])
    wanted = _wanted(place, changes, learners, standing)
    written = await _write(services, connection, actor, school.id, place, wanted, reason.strip())
    await _note(services, transaction, actor, school.id, place, list(wanted))
    return {
        change.ref: Written(person.id, written.get(person.id, standing.get((place.lesson.id, person.id), NOTHING)))
        for change in changes
        for person in [learners[change.ref]]
    }


async def take(services: Services, actor: Actor, school: SchoolToday, place: Place) -> int:
    """Write of everybody of whom nothing was said what gates, register and families say; return of how many.

    Raises NotAllowed or JournalClosed.
    """
    if place.hand is not Hand.TEACHER:
        raise NotAllowed
    hours = (await hours_on(services, school.id, place.course.class_id, place.lesson.on)).get(place.lesson.number)
    async with services.database.transaction() as transaction:
        connection = await locked(transaction, school.id)
        place = await _held(connection, place)
        check_lesson(place.hand, place.lesson, place.quarter, school.on, "")
        ids = [each.id for each in (await _learners(connection, place)).values()]
        standing = await cells_of(connection, [place.lesson.id], ids)
        offered = await offers_on(connection, services.vault, school.id, ids, place.lesson.on)
        wanted = {
            person_id: Cell(here) for person_id in ids
            if standing.get((place.lesson.id, person_id), NOTHING).cell.here is Here.UNSAID
            and (here := offered[person_id].at(hours)) is not Here.UNSAID
        }  # fmt: skip
        await _write(services, connection, actor, school.id, place, wanted, "")
        if wanted:
            detail = {"on": place.lesson.on.isoformat(), "count": str(len(wanted))}
            await audit(
                transaction, actor, "journal.taken", f"lesson:{place.lesson.id}", detail, school_id=school.id,
                at=services.clock.now(),
            )  # fmt: skip
    return len(wanted)


async def remark(
    services: Services, actor: Actor, school: SchoolToday, place: Place, words: Mapping[str, str]
) -> None:  # fmt: skip
    """Keep what a teacher writes to students and families about a lesson, by their references; empty takes it back.

    Raises NotAllowed, JournalClosed or JournalRefused.
    """
    if place.hand is not Hand.TEACHER:
        raise NotAllowed
    check_lesson(place.hand, place.lesson, place.quarter, school.on, "")
    kept = {ref: checked_text(each, REMARK_MAX) for ref, each in words.items()}
    async with services.database.transaction() as transaction:
        connection, vault, now = raw(transaction), services.vault, services.clock.now()
        learners = await _learners(connection, place)
        by_id = {_learner(learners, ref).id: each for ref, each in kept.items()}
        sealed = {
            person_id: vault.encrypt(each, REMARK, remark_place(place.lesson.id, person_id))
            for person_id, each in by_id.items() if each
        }  # fmt: skip
        await connection.execute(_FORGET, place.lesson.id, [each for each in by_id if each not in sealed])
        await connection.execute(
            _REMARK, place.lesson.id, school.id, now, actor.name, list(sealed), list(sealed.values())
        )
        detail = {"on": place.lesson.on.isoformat(), "count": str(len(kept))}
        await audit(
            transaction, actor, "journal.remarked", f"lesson:{place.lesson.id}", detail, school_id=school.id, at=now
        )


async def locked(transaction: BaseDBAsyncClient, school_id: int) -> asyncpg.Connection:
    """Let nobody else write into the school's journal until the transaction ends."""
    await raw(transaction).execute(_LOCK, LOCKS, school_id)
    return raw(transaction)


async def _held(connection: asyncpg.Connection, place: Place) -> Place:
    """Return where somebody writes with the lesson as it is now, which stays so until the transaction ends."""
    row = await connection.fetchrow(_STANDS, place.lesson.id)
    if row is None:
        raise NotFound
    kind, points_max = Kind(row["kind"]), row["points_max"]
    return replace(place, lesson=replace(place.lesson, is_off=row["is_off"], kind=kind, points_max=points_max))


async def _learners(connection: asyncpg.Connection, place: Place) -> dict[str, Learner]:
    """Return who was to be at the lesson, by reference."""
    on = place.lesson.on
    found = await learners_of(connection, [place.course.id], on, on)
    return {each.ref: each for each in found[place.course.id]}


def _learner(learners: Mapping[str, Learner], ref: str) -> Learner:
    if ref not in learners:
        raise JournalRefused(message("This student was not in the class or group on that day."))
    return learners[ref]


def _wanted(
    place: Place, changes: Sequence[Change], learners: Mapping[str, Learner],
    standing: Mapping[tuple[int, int], Standing],
) -> dict[int, Cell]:  # fmt: skip
    """Return the cells that are to be written, by person."""
    wanted: dict[int, Cell] = {}
    for change in changes:
        person = _learner(learners, change.ref)
        stands = standing.get((place.lesson.id, person.id), NOTHING)
        cell = read_cell(change.typed, stands.cell, place.lesson.kind)
        if cell == stands.cell:
            continue
        if stands.number != change.seen:
            raise JournalChanged(stands)
        check_points(cell, place.lesson, place.scheme, place.course.grade)
        wanted[person.id] = cell
    return wanted


async def _write(
    services: Services, connection: asyncpg.Connection, actor: Actor, school_id: int, place: Place,
    wanted: Mapping[int, Cell], reason: str,
) -> dict[int, Standing]:  # fmt: skip
    """Write cells one after another, and return what stands in them, by person."""
    if not wanted:
        return {}
    now, lesson, vault = services.clock.now(), place.lesson, services.vault
    first = int(await connection.fetchval(_NEXT, school_id))
    cells = list(wanted.values())
    await connection.execute(
        _WRITE, school_id, first, lesson.id, lesson.on, now, actor.name, list(wanted),
        [cell.here.value for cell in cells], [cell.points for cell in cells],
    )  # fmt: skip
    numbers = [first + place for place in range(len(cells))]
    if reason:
        why = [vault.encrypt(reason, REASON, reason_place(school_id, number)) for number in numbers]
        await connection.execute(_WHY, school_id, numbers, why)
    return {
        person_id: Standing(cell, number, now, actor.name)
        for number, (person_id, cell) in zip(numbers, wanted.items(), strict=True)
    }


async def _note(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, school_id: int, place: Place,
    person_ids: Sequence[int],
) -> None:  # fmt: skip
    """Tell the audit journal whose cells were written, and at which lesson; never what stands in them."""
    if not person_ids:
        return
    verb = "journal.marked" if place.hand is Hand.TEACHER else "journal.corrected"
    detail = {"on": place.lesson.on.isoformat(), "lesson": str(place.lesson.id)}
    subject = f"person:{person_ids[0]}"
    if len(person_ids) > 1:
        subject, detail["count"] = f"lesson:{place.lesson.id}", str(len(person_ids))
    await audit(transaction, actor, verb, subject, detail, school_id=school_id, at=services.clock.now())
