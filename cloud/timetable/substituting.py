"""What is changed on a day: who gives a lesson, where, that it is called off or added; and who of the staff is away.

Rule: nobody and nothing is twice at one time, and there are no lessons on a day without them: that is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.texts import one_line
from cloud.schools.queries import calendar_between, times_of_classes
from cloud.studies.queries import Course, course_of, staff_of_school
from cloud.timetable.errors import TimetableRefused
from cloud.timetable.kinds import ConflictKind
from cloud.timetable.laying import planned_at
from cloud.timetable.lessons import DayClock, Lesson, check_unmarked, lesson_of, lessons_between
from cloud.timetable.rules import Conflict

NOTE_MAX, ROOM_MAX = 120, 20
AWAY_MAX = 500
_CHANGE = """
UPDATE lesson SET teacher_id = $3, room = $4, note = $5, is_off = $6, is_by_hand = $7 WHERE school_id = $1 AND id = $2
"""
_ADD = """
INSERT INTO lesson (school_id, course_id, "on", number, teacher_id, room, note, is_by_hand)
VALUES ($1, $2, $3, $4, $5, $6, $7, true) ON CONFLICT (course_id, "on", number) DO UPDATE
SET is_off = false, room = $6, note = $7, is_by_hand = true WHERE lesson.is_off RETURNING id
"""
_LOCK = "SELECT pg_advisory_xact_lock($1, $2)"
LOCKS = 0x6C657373  # "less": the first number of a lock; the other one is the school's
_AWAY = """
SELECT staff_absence.id, person_id, first_on, last_on, concat_ws(' ', surname, given_name) AS name FROM staff_absence
JOIN person ON person.id = person_id WHERE staff_absence.school_id = $1 AND last_on >= $2 AND first_on <= $3
ORDER BY first_on, sort_key, staff_absence.id LIMIT $4
"""
_ADD_AWAY = """
INSERT INTO staff_absence (school_id, person_id, first_on, last_on)
SELECT $1, id, $3, $4 FROM person WHERE id = $2 AND school_id = $1 AND role = 'staff' AND is_active RETURNING id
"""
_DROP_AWAY = "DELETE FROM staff_absence WHERE school_id = $1 AND id = $2 RETURNING person_id"


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody of the staff is away, both days included."""

    id: int
    person_id: int
    first_on: date
    last_on: date
    name: str

    def is_on(self, on: date) -> bool:
        return self.first_on <= on <= self.last_on


@dataclass(frozen=True, slots=True)
class Free:
    """Somebody who could give a lesson, and whether of the same subject."""

    id: int
    name: str
    knows: bool


async def substitute(
    services: Services, actor: Actor, school_id: int, lesson_id: int, teacher_id: int | None, room: str, note: str,
    today: date,
) -> None:  # fmt: skip
    """Let somebody else give a lesson, or elsewhere. Raises NotAllowed, NotFound or TimetableRefused."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    lesson = await _changeable(services, school_id, lesson_id, today)
    where, why = _checked(room, note)
    if teacher_id is not None and teacher_id not in {each.id for each in await staff_of_school(services, school_id)}:
        raise NotFound
    async with services.database.transaction() as transaction:
        await raw(transaction).execute(_LOCK, LOCKS, school_id % 2**31)
        await _check_free(services, school_id, lesson, teacher_id, where)
        await raw(transaction).execute(_CHANGE, school_id, lesson_id, teacher_id, where, why, False, True)
        detail = {"teacher": str(teacher_id or ""), "room": where, "on": str(lesson.on)}
        await _note(services, transaction, actor, school_id, lesson_id, "lesson.substituted", detail)


async def call_off(
    services: Services, actor: Actor, school_id: int, lesson_id: int, note: str, today: date
) -> None:  # fmt: skip
    """Call a lesson off. Raises NotAllowed, NotFound or TimetableRefused."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    lesson = await _changeable(services, school_id, lesson_id, today)
    _, why = _checked(lesson.room, note)
    async with services.database.transaction() as transaction:
        await check_unmarked(raw(transaction), school_id, lesson_id)
        await raw(transaction).execute(
            _CHANGE, school_id, lesson_id, lesson.teacher_id, lesson.room, why, True, True
        )  # fmt: skip
        await _note(services, transaction, actor, school_id, lesson_id, "lesson.called_off", {"on": str(lesson.on)})


async def put_back(services: Services, actor: Actor, school_id: int, lesson_id: int, today: date) -> None:
    """Let a lesson be as the timetable has it: given, by its own teacher, where it is. Raises as the others here do.

    Refused for a lesson that no timetable has, as one added by hand.
    """
    actor.require(Right.TIMETABLE_KEEP, school_id)
    lesson = await _changeable(services, school_id, lesson_id, today)
    planned = await planned_at(services, school_id, lesson.course.id, lesson.on, lesson.number)
    if planned is None:
        raise TimetableRefused(
            message("The timetable has no such lesson on that day. If it is not given, call it off.")
        )
    teacher_id, where = planned.course.teacher_id, planned.room
    async with services.database.transaction() as transaction:
        await raw(transaction).execute(_LOCK, LOCKS, school_id % 2**31)
        await _check_free(services, school_id, lesson, teacher_id, where, is_own=True)
        await raw(transaction).execute(_CHANGE, school_id, lesson_id, teacher_id, where, "", False, False)
        await _note(services, transaction, actor, school_id, lesson_id, "lesson.put_back", {"on": str(lesson.on)})


async def add_lesson(
    services: Services, actor: Actor, school_id: int, course_id: int, on: date, number: int, room: str, note: str,
    today: date,
) -> int:  # fmt: skip
    """Add a lesson on a day, and return its id. Raises NotAllowed, NotFound or TimetableRefused."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    course = await course_of(services, school_id, course_id)
    where, why = _checked(room or course.room, note)
    if on < today or not course.is_on(on):
        raise TimetableRefused(message("Choose a day to come on which the course is taught."))
    lesson = await _wanted(services, school_id, course, on, number, where)
    async with services.database.transaction() as transaction:
        at = raw(transaction)
        await at.execute(_LOCK, LOCKS, school_id % 2**31)
        await _check_free(services, school_id, lesson, course.teacher_id, where)
        lesson_id: int | None = await at.fetchval(
            _ADD, school_id, course_id, on, number, course.teacher_id, where, why
        )  # fmt: skip
        if lesson_id is None:
            raise TimetableRefused(message("The course has that lesson already."))
        await _note(services, transaction, actor, school_id, lesson_id, "lesson.added", {"on": str(on)})
    return lesson_id


async def free_for(services: Services, school_id: int, lesson: Lesson) -> list[Free]:
    """Return who is at school and free at a lesson's time: teachers of the same subject first. For who keeps it."""
    day = await lessons_between(services, school_id, lesson.on, lesson.on)
    away = {each.person_id for each in await away_between(services, school_id, lesson.on, lesson.on)}
    busy = {each.teacher_id for each in day if not each.is_off and each.id != lesson.id and each.meets(lesson)}
    knows = {each.teacher_id for each in day if each.course.subject.id == lesson.course.subject.id}
    free = [
        Free(each.id, each.name, each.id in knows) for each in await staff_of_school(services, school_id)
        if each.id not in busy | away | {lesson.teacher_id}
    ]  # fmt: skip
    return sorted(free, key=lambda each: not each.knows)


async def away_between(services: Services, school_id: int, first_on: date, last_on: date) -> list[Away]:
    """Return who of the staff is away on any of the days. Rights are the caller's to check."""
    rows = await services.database.pool.fetch(_AWAY, school_id, first_on, last_on, AWAY_MAX)
    return [Away(**row) for row in rows]


async def add_away(
    services: Services, actor: Actor, school_id: int, person_id: int, days: tuple[date, date], today: date
) -> Sequence[Lesson]:  # fmt: skip
    """Note that somebody is away, and return the lessons to cover. Raises NotAllowed, NotFound or TimetableRefused."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    first_on, last_on = days
    if not today <= last_on or first_on > last_on or (last_on - first_on).days > 366:
        raise TimetableRefused(message("Choose days that end today or later, the first one first."))
    async with services.database.transaction() as transaction:
        away_id = await raw(transaction).fetchval(_ADD_AWAY, school_id, person_id, first_on, last_on)
        if away_id is None:
            raise NotFound
        detail = {"first_on": str(first_on), "last_on": str(last_on)}
        await audit(transaction, actor, "staff.away", f"person:{person_id}", detail, school_id=school_id,
                    at=services.clock.now())  # fmt: skip
    return await to_cover(services, school_id, max(first_on, today), last_on, person_id)


async def drop_away(services: Services, actor: Actor, school_id: int, away_id: int) -> None:
    """Take back that somebody is away. Raises NotAllowed or NotFound."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    async with services.database.transaction() as transaction:
        person_id = await raw(transaction).fetchval(_DROP_AWAY, school_id, away_id)
        if person_id is None:
            raise NotFound
        await audit(transaction, actor, "staff.not_away", f"person:{person_id}", school_id=school_id,
                    at=services.clock.now())  # fmt: skip


async def to_cover(
    services: Services, school_id: int, first_on: date, last_on: date, person_id: int | None = None
) -> list[Lesson]:  # fmt: skip
    """Return lessons whose teacher is away then, and which nobody else gives. Rights are the caller's to check."""
    away = await away_between(services, school_id, first_on, last_on)
    found = await lessons_between(services, school_id, first_on, last_on, teacher_id=person_id)
    return [
        each for each in found if not each.is_off
        and any(one.person_id == each.teacher_id and one.is_on(each.on) for one in away)
    ]  # fmt: skip


async def _changeable(services: Services, school_id: int, lesson_id: int, today: date) -> Lesson:
    lesson = await lesson_of(services, school_id, lesson_id)
    if lesson.on < today:
        raise TimetableRefused(message("The lesson's day has gone. What was given is in the journal."))
    return lesson


async def _wanted(services: Services, school_id: int, course: Course, on: date, number: int, room: str) -> Lesson:
    """Return a lesson as it would be. Raises TimetableRefused where there can be none."""
    clock = DayClock(await calendar_between(services, school_id, on, on), await times_of_classes(services, school_id))
    hours = clock.hours(course.class_id, on)
    if not hours:
        raise TimetableRefused(message("There are no lessons for the class on that day."))
    if number not in hours:
        raise TimetableRefused(message("The class has no such lesson on that day."))
    starts_at, ends_at = hours[number]
    return Lesson(
        0,
        course,
        on,
        number,
        course.teacher_id,
        course.teacher,
        room,
        "lesson",
        False,
        "",
        "",
        True,
        starts_at,
        ends_at,
    )


async def _check_free(
    services: Services, school_id: int, lesson: Lesson, teacher_id: int | None, room: str, *, is_own: bool = False
) -> None:  # fmt: skip
    """Raise TimetableRefused where the teacher, the room or the class has another lesson, or the teacher is away."""
    beside = [
        each for each in await lessons_between(services, school_id, lesson.on, lesson.on)
        if each.id != lesson.id and not each.is_off and each.meets(lesson)
    ]  # fmt: skip
    where = (lesson.on.isoweekday(), lesson.number)
    found = []
    for each in beside:
        ids = (lesson.course.id, each.course.id)
        if teacher_id is not None and each.teacher_id == teacher_id:
            found.append(Conflict(ConflictKind.TEACHER, *where, ids, teacher_id=teacher_id))
        if room and each.room == room:
            found.append(Conflict(ConflictKind.ROOM, *where, ids, room=room))
        if each.course.class_id == lesson.course.class_id and not _are_groups(lesson.course, each.course):
            found.append(Conflict(ConflictKind.CLASS, *where, ids, class_id=each.course.class_id))
    if teacher_id is not None and not is_own:
        away = await away_between(services, school_id, lesson.on, lesson.on)
        if any(each.person_id == teacher_id for each in away):
            found.append(Conflict(ConflictKind.OFF, *where, (lesson.course.id,), teacher_id=teacher_id))
    if found:
        raise TimetableRefused(message("It cannot be so on that day. See what it clashes with."), found)


def _are_groups(one: Course, other: Course) -> bool:
    return one.subject.id == other.subject.id and bool(one.group) and bool(other.group) and one.group != other.group


def _checked(room: str, note: str) -> tuple[str, str]:
    where, why = one_line(room), one_line(note)
    if len(where) > ROOM_MAX or len(why) > NOTE_MAX:
        raise TimetableRefused(
            message("A room has {room} letters at most, a note {note}.", room=ROOM_MAX, note=NOTE_MAX)
        )
    return where, why


async def _note(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, school_id: int, lesson_id: int, verb: str,
    detail: dict[str, str],
) -> None:  # fmt: skip
    await audit(transaction, actor, verb, f"lesson:{lesson_id}", detail, school_id=school_id, at=services.clock.now())
