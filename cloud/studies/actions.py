"""What is done with subjects and courses: added, changed, ended; who is in a group; whose account a teacher's is.

Rule: one course has one teacher; two teachers are two groups. A group's member counts only while in the class, which
stays tell, and nobody is in two groups of one subject at once.
"""

from collections.abc import Collection
from datetime import date, timedelta

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.audit.ties import Kind, Tie, told_of
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.roles import STAFF
from cloud.core.services import Services
from cloud.studies.errors import StudyConflict, StudyRefused
from cloud.studies.kinds import SUBJECTS
from cloud.studies.queries import COURSES_MAX, SUBJECTS_MAX, Course, course_in, course_of, members_of
from cloud.studies.rules import CourseGiven, SubjectGiven, checked_course, checked_subject, days_of

DAY = timedelta(days=1)
NAMED_MAX = 3  # students in a refusal
_TODAY = "SELECT ($2::timestamptz AT TIME ZONE zone)::date FROM school WHERE id = $1 FOR NO KEY UPDATE"
_ADD_SUBJECT = """
INSERT INTO school_subject (school_id, code, area, name_kk, name_ru, name_en, difficulty, is_active)
SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE (SELECT count(*) FROM school_subject WHERE school_id = $1) < $9
ON CONFLICT (school_id, code) DO NOTHING RETURNING id
"""
_CHANGE_SUBJECT = """
UPDATE school_subject SET area = $4, name_kk = $5, name_ru = $6, name_en = $7, difficulty = $8, is_active = $9
WHERE id = $1 AND school_id = $2 AND code = $3 RETURNING id
"""
_ALLOWED = """
SELECT EXISTS (SELECT FROM school_class WHERE id = $2 AND school_id = $1 AND is_active) AS class,
  EXISTS (SELECT FROM school_subject WHERE id = $3 AND school_id = $1 AND is_active) AS subject,
  $4::bigint IS NULL OR EXISTS (SELECT FROM person WHERE id = $4 AND school_id = $1 AND role = 'staff' AND is_active)
    AS teacher, (SELECT count(*) FROM course WHERE school_id = $1 AND year = $5) AS count
"""
_ADD_COURSE = """
INSERT INTO course (school_id, year, school_class_id, subject_id, group_name, teacher_id, half_hours, room)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
"""
_CHANGE_COURSE = "UPDATE course SET group_name = $2, teacher_id = $3, half_hours = $4, room = $5 WHERE id = $1"
_END_COURSE = "UPDATE course SET ended_on = $2 WHERE id = $1"
_STRANGERS = """
SELECT wanted.id FROM unnest($1::bigint[]) AS wanted (id) WHERE NOT EXISTS (
  SELECT FROM stay WHERE person_id = wanted.id AND school_class_id = $2 AND first_on <= $3
    AND (last_on IS NULL OR last_on >= $3))
"""
_ELSEWHERE = """
SELECT DISTINCT concat_ws(' ', surname, given_name) AS name, group_name FROM course
JOIN course_member AS other ON other.course_id = course.id JOIN person ON person.id = other.person_id
WHERE course.id <> $1 AND (course.year, course.school_class_id, course.subject_id) = (
    SELECT year, school_class_id, subject_id FROM course WHERE id = $1)
  AND (ended_on IS NULL OR ended_on >= $3) AND other.person_id = ANY($2)
  AND (other.last_on IS NULL OR other.last_on >= $3)
ORDER BY name LIMIT $4
"""
_FORGET = "DELETE FROM course_member WHERE course_id = $1 AND first_on >= $2"
_LEAVE = """
UPDATE course_member SET last_on = CASE WHEN person_id = ANY($3) THEN NULL ELSE $4::date END
WHERE course_id = $1 AND (last_on IS NULL OR last_on >= $2)
"""
_JOIN = """
INSERT INTO course_member (course_id, person_id, first_on)
SELECT $1, wanted.id, $2 FROM unnest($3::bigint[]) AS wanted (id)
WHERE NOT EXISTS (SELECT FROM course_member WHERE course_id = $1 AND person_id = wanted.id AND last_on IS NULL)
"""
_PERSON = "SELECT true FROM person WHERE id = $1 AND school_id = $2 AND role = 'staff' AND is_active"
_WORKS = """
SELECT true FROM grant_of_role JOIN account ON account.id = account_id
WHERE account_id = $1 AND school_id = $2 AND role = ANY($3) AND is_active LIMIT 1
"""
_ANOTHERS = """
SELECT true FROM staff_account JOIN person ON person.id = person_id
WHERE account_id = $1 AND school_id = $2 AND person_id <> $3
"""
_TIE = """
INSERT INTO staff_account (person_id, account_id) VALUES ($1, $2)
ON CONFLICT (person_id) DO UPDATE SET account_id = excluded.account_id
"""


async def put_subject(
    services: Services, actor: Actor, school_id: int, given: SubjectGiven, subject_id: int | None = None
) -> int:
    """Add a subject, or change one, and return its id. Raises NotAllowed, NotFound or StudyRefused."""
    actor.require(Right.STUDIES_KEEP, school_id)
    subject = checked_subject(given)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await _today(services, at, school_id)
        if subject_id is None:
            found = await at.fetchval(_ADD_SUBJECT, school_id, subject.code, *_columns(subject), SUBJECTS_MAX)
            if found is None:
                raise StudyConflict(message("There is a subject with the code {code} already.", code=subject.code))
        else:
            found = await at.fetchval(_CHANGE_SUBJECT, subject_id, school_id, subject.code, *_columns(subject))
            if found is None:
                raise NotFound
        verb = "subject.added" if subject_id is None else "subject.changed"
        await _note(services, connection, actor, school_id, verb, f"subject:{found}", {"code": subject.code})
    return int(found)


async def add_state_subjects(services: Services, actor: Actor, school_id: int) -> int:
    """Add the subjects of the state's list that the school lacks, and return how many. Raises NotAllowed."""
    actor.require(Right.STUDIES_KEEP, school_id)
    added = 0
    async with services.database.transaction() as connection:
        at = raw(connection)
        await _today(services, at, school_id)
        for each in SUBJECTS:
            subject = SubjectGiven(each.code, each.area, {"kk": each.kk, "ru": each.ru, "en": each.en}, each.difficulty)
            found = await at.fetchval(_ADD_SUBJECT, school_id, each.code, *_columns(subject), SUBJECTS_MAX)
            if found is not None:
                added += 1
                detail = {"code": each.code}
                await _note(services, connection, actor, school_id, "subject.added", f"subject:{found}", detail)
    return added


async def put_course(
    services: Services, actor: Actor, school_id: int, given: CourseGiven, course_id: int | None = None
) -> int:
    """Add a course, or change its teacher, hours, room and group's name, and return its id.

    Raises NotAllowed, NotFound, or StudyRefused: also for a second one of the same subject, class and group.
    """
    actor.require(Right.STUDIES_KEEP, school_id)
    try:
        async with services.database.transaction() as connection:
            return await put_course_in(services, connection, actor, school_id, given, course_id)
    except asyncpg.UniqueViolationError:
        raise _taken() from None


async def put_course_in(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, given: CourseGiven,
    course_id: int | None = None,
) -> int:  # fmt: skip
    """Put a course in a transaction of the caller's, who has checked the right. Raises as `put_course` does."""
    at = raw(connection)
    course = checked_course(given, await _today(services, at, school_id))
    await _check_allowed(at, school_id, course, is_new=course_id is None)
    if course_id is None:
        found = await at.fetchval(
            _ADD_COURSE, school_id, course.year, course.class_id, course.subject_id, course.group, course.teacher_id,
            course.half_hours, course.room,
        )  # fmt: skip
        await _note(services, connection, actor, school_id, "course.added", f"course:{found}", _told(course))
        return int(found)
    before = await course_in(at, school_id, course_id)
    if (before.year, before.class_id, before.subject.id) != (course.year, course.class_id, course.subject_id):
        raise StudyRefused(message("Class, subject and year of a course stay. End it, and add another one."))
    if bool(before.group) != bool(course.group):
        raise StudyRefused(message("A course of the whole class and one of a group do not turn into each other."))
    await at.execute(_CHANGE_COURSE, course_id, course.group, course.teacher_id, course.half_hours, course.room)
    await _note(services, connection, actor, school_id, "course.changed", f"course:{course_id}", _told(course))
    return course_id


async def end_course(services: Services, actor: Actor, school_id: int, course_id: int, on: date | None) -> None:
    """Let a course be taught on a day for the last time, or (None) to the end of its year after all.

    Raises NotAllowed, NotFound, or StudyRefused for a day that is not of the school year.
    """
    actor.require(Right.STUDIES_KEEP, school_id)
    course = await course_of(services, school_id, course_id)
    _check_day(course, on)
    async with services.database.transaction() as connection:
        await raw(connection).execute(_END_COURSE, course_id, on)
        detail = {"on": str(on) if on else ""}
        await _note(services, connection, actor, school_id, "course.ended", f"course:{course_id}", detail)


async def drop_course(services: Services, actor: Actor, school_id: int, course_id: int) -> None:
    """Delete a course in which nothing was ever done. Raises NotAllowed, NotFound or StudyConflict."""
    actor.require(Right.STUDIES_KEEP, school_id)
    course = await course_of(services, school_id, course_id)
    try:
        async with services.database.transaction() as connection:
            at = raw(connection)
            await at.execute("DELETE FROM course_member WHERE course_id = $1", course_id)
            await at.execute("DELETE FROM course WHERE id = $1", course_id)
            detail = {"class": course.class_name, "subject": course.subject.code}
            await _note(services, connection, actor, school_id, "course.dropped", f"course:{course_id}", detail)
    except asyncpg.ForeignKeyViolationError:
        raise StudyConflict(message("Lessons or plans stand on this course. End it instead.")) from None


async def set_members(
    services: Services, actor: Actor, school_id: int, course_id: int, person_ids: Collection[int], on: date
) -> None:
    """Let a group have these members from a day on, and no others; what was before that day stays told.

    Raises NotAllowed, NotFound, or StudyRefused: who is of another class, or in another group of the subject.
    """
    actor.require(Right.STUDIES_KEEP, school_id)
    course, wanted = await course_of(services, school_id, course_id), sorted(set(person_ids))
    if not course.group:
        raise StudyRefused(message("This course is taught to the whole class: who is in the class is in it."))
    _check_day(course, on)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await _today(services, at, school_id)
        await _check_members(at, course, wanted, on)
        await at.execute(_FORGET, course_id, on)
        await at.execute(_LEAVE, course_id, on, wanted, on - DAY)
        await at.execute(_JOIN, course_id, on, wanted)
        count = len((await members_of(at, [course_id], on))[course_id])
        detail = {"on": str(on), "count": str(count)}
        await _note(services, connection, actor, school_id, "course.group_set", f"course:{course_id}", detail)


async def tie_account(services: Services, actor: Actor, school_id: int, person_id: int, account_id: int | None) -> None:
    """Say whose account it is by which somebody of staff signs in, or (None) nobody's any more.

    Raises NotAllowed, NotFound, or StudyRefused for an account without work here, or of somebody else.
    """
    actor.require(Right.STUDIES_KEEP, school_id)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await _today(services, at, school_id)
        if await at.fetchval(_PERSON, person_id, school_id) is None:
            raise NotFound(message("Nobody who works here is this person."))
        if account_id is None:
            await at.execute("DELETE FROM staff_account WHERE person_id = $1", person_id)
        else:
            await _check_account(at, school_id, person_id, account_id)
            await at.execute(_TIE, person_id, account_id)
        verb = "staff.account_untied" if account_id is None else "staff.account_tied"
        told = await told_of(connection, Tie(Kind.STAFF, person_id))
        await _note(services, connection, actor, school_id, verb, f"person:{person_id}", told)


async def _today(services: Services, at: asyncpg.Connection, school_id: int) -> date:
    """Return the school's day, and let one transaction at a time change what its people learn."""
    today: date | None = await at.fetchval(_TODAY, school_id, services.clock.now())
    if today is None:
        raise NotFound
    return today


async def _check_allowed(at: asyncpg.Connection, school_id: int, course: CourseGiven, *, is_new: bool) -> None:
    allowed = await at.fetchrow(
        _ALLOWED, school_id, course.class_id, course.subject_id, course.teacher_id, course.year
    )  # fmt: skip
    if is_new and not allowed["class"]:
        raise StudyRefused(message("There is no such class at this school."))
    if is_new and not allowed["subject"]:
        raise StudyRefused(message("Choose a subject of the school that is in use."))
    if not allowed["teacher"]:
        raise StudyRefused(message("Choose a teacher who works at the school now."))
    if is_new and allowed["count"] >= COURSES_MAX:
        raise StudyRefused(message("The school has {count} courses in this year already.", count=COURSES_MAX))


async def _check_members(at: asyncpg.Connection, course: Course, wanted: list[int], on: date) -> None:
    if await at.fetch(_STRANGERS, wanted, course.class_id, on):
        raise StudyRefused(message("Only who is in {class_name} on that day can be in the group.",
                                   class_name=course.class_name))  # fmt: skip
    elsewhere = await at.fetch(_ELSEWHERE, course.id, wanted, on, NAMED_MAX)
    if elsewhere:
        names = ", ".join(f"{row['name']} ({row['group_name']})" for row in elsewhere)
        raise StudyRefused(
            message("Already in another group of this subject: {names}. Take them out of it first.", names=names)
        )


async def _check_account(at: asyncpg.Connection, school_id: int, person_id: int, account_id: int) -> None:
    if await at.fetchval(_WORKS, account_id, school_id, [role.value for role in STAFF]) is None:
        raise StudyRefused(message("This account has no role of staff at the school."))
    if await at.fetchval(_ANOTHERS, account_id, school_id, person_id):
        raise StudyConflict(message("This account is somebody else's at the school. Part it from them first."))


def _check_day(course: Course, on: date | None) -> None:
    first_on, last_on = days_of(course.year)
    if on is not None and not first_on <= on <= last_on:
        raise StudyRefused(message("Choose a day of the course's school year."))


def _taken() -> StudyConflict:
    return StudyConflict(
        message("The class has this subject already, with one teacher. For a second teacher make groups.")
    )


def _columns(subject: SubjectGiven) -> tuple[object, ...]:
    names = subject.names
    return subject.area, names["kk"], names["ru"], names["en"], subject.difficulty, subject.is_active


def _told(course: CourseGiven) -> dict[str, str]:
    teacher = "" if course.teacher_id is None else f"person:{course.teacher_id}"
    return {"class": str(course.class_id), "half_hours": str(course.half_hours), "teacher": teacher}


async def _note(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, verb: str, subject: str,
    detail: dict[str, str],
) -> None:  # fmt: skip
    now = services.clock.now()
    await audit(connection, actor, verb, subject, detail, school_id=school_id, at=now)
