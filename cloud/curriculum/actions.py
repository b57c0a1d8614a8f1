"""What is done with curriculum plans: written, changed, copied to another year, and taken over by classes."""

from collections.abc import Sequence
from dataclasses import replace

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.curriculum.errors import PlanConflict, PlanRefused
from cloud.curriculum.queries import PLANS_MAX, Plan, WholePlan, plan_in, taught_in, whole_plan
from cloud.curriculum.rules import (
    NORMS,
    Differs,
    PlanGiven,
    Unit,
    checked_hours,
    checked_plan,
    checked_units,
    differences_of,
)
from cloud.studies.actions import put_course_in
from cloud.studies.queries import Course, courses_of, staff_of_school
from cloud.studies.rules import CourseGiven

_TODAY = "SELECT ($2::timestamptz AT TIME ZONE zone)::date FROM school WHERE id = $1 FOR NO KEY UPDATE"
_ADD = """
INSERT INTO curriculum (school_id, title, year, grade, language, weeks, paper, approved_by, approved_on)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE (SELECT count(*) FROM curriculum WHERE school_id = $1 AND year = $3) < $10
RETURNING id
"""  # noqa: E501 (a statement)
_CHANGE = """
UPDATE curriculum SET title = $2, year = $3, grade = $4, language = $5, weeks = $6, paper = $7, approved_by = $8,
  approved_on = $9 WHERE id = $1
"""
_SUBJECT = "SELECT true FROM school_subject WHERE id = $1 AND school_id = $2"
_PUT_ITEM = """
INSERT INTO curriculum_item (curriculum_id, subject_id, half_hours, year_hours) VALUES ($1, $2, $3, $4)
ON CONFLICT (curriculum_id, subject_id)
DO UPDATE SET half_hours = excluded.half_hours, year_hours = excluded.year_hours
"""
_DROP_ITEM = "DELETE FROM curriculum_item WHERE curriculum_id = $1 AND subject_id = $2 RETURNING id"
_ITEM = "SELECT id FROM curriculum_item WHERE curriculum_id = $1 AND subject_id = $2"
_UNITS = """
INSERT INTO curriculum_unit (item_id, number, title, hours)
SELECT $1, number, title, hours FROM unnest($2::text[], $3::smallint[]) WITH ORDINALITY AS unit (title, hours, number)
"""
_COPY_ITEMS = """
INSERT INTO curriculum_item (curriculum_id, subject_id, half_hours, year_hours)
SELECT $2, subject_id, half_hours, year_hours FROM curriculum_item WHERE curriculum_id = $1
"""
_COPY_UNITS = """
INSERT INTO curriculum_unit (item_id, number, title, hours)
SELECT new.id, number, title, hours FROM curriculum_unit JOIN curriculum_item AS old ON old.id = item_id
JOIN curriculum_item AS new ON new.curriculum_id = $2 AND new.subject_id = old.subject_id
WHERE old.curriculum_id = $1
"""
_CLASS = "SELECT true FROM school_class WHERE id = $1 AND school_id = $2 AND grade = $3 AND is_active"
_TAUGHT_BY = """
INSERT INTO class_curriculum (year, school_class_id, curriculum_id) VALUES ($1, $2, $3)
ON CONFLICT (year, school_class_id) DO UPDATE SET curriculum_id = excluded.curriculum_id
"""
_NORM = """
INSERT INTO load_norm (school_id, hours) VALUES ($1, $2) ON CONFLICT (school_id) DO UPDATE SET hours = excluded.hours
"""


async def put_plan(
    services: Services, actor: Actor, school_id: int, given: PlanGiven, plan_id: int | None = None
) -> int:
    """Add a plan's heading, or change it, and return its id. Raises NotAllowed, NotFound or PlanRefused."""
    actor.require(Right.PLANS_KEEP, school_id)
    try:
        async with services.database.transaction() as connection:
            return await _put(services, connection, actor, school_id, given, plan_id)
    except asyncpg.UniqueViolationError:
        raise PlanConflict(message("The grade has a plan of this name in this year already.")) from None


async def copy_plan(services: Services, actor: Actor, school_id: int, plan_id: int, given: PlanGiven) -> int:
    """Add a plan with the content of another one, and return its id. Raises as `put_plan` does."""
    actor.require(Right.PLANS_KEEP, school_id)
    try:
        async with services.database.transaction() as connection:
            at = raw(connection)
            await plan_in(at, school_id, plan_id)
            copied = await _put(services, connection, actor, school_id, given, None)
            await at.execute(_COPY_ITEMS, plan_id, copied)
            await at.execute(_COPY_UNITS, plan_id, copied)
            return copied
    except asyncpg.UniqueViolationError:
        raise PlanConflict(message("The grade has a plan of this name in this year already.")) from None


async def drop_plan(services: Services, actor: Actor, school_id: int, plan_id: int) -> None:
    """Delete a plan by which no class is taught. Raises NotAllowed, NotFound or PlanConflict."""
    actor.require(Right.PLANS_KEEP, school_id)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await _lock(services, at, school_id)
        plan = await plan_in(at, school_id, plan_id)
        if plan.classes:
            raise PlanConflict(message("Classes are taught by this plan. Let them be taught by another one first."))
        await at.execute("DELETE FROM curriculum WHERE id = $1", plan_id)
        await _note(services, connection, actor, plan, "plan.dropped")


async def put_item(
    services: Services, actor: Actor, school_id: int, plan_id: int, subject_id: int, half_hours: int, year_hours: int
) -> None:
    """Put a subject into a plan, or change its hours. Raises NotAllowed, NotFound or PlanRefused."""
    actor.require(Right.PLANS_KEEP, school_id)
    checked_hours(half_hours, year_hours)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await _lock(services, at, school_id)
        plan = await plan_in(at, school_id, plan_id)
        if await at.fetchval(_SUBJECT, subject_id, school_id) is None:
            raise PlanRefused(message("Choose a subject of the school."))
        await at.execute(_PUT_ITEM, plan_id, subject_id, half_hours, year_hours)
        await _note(services, connection, actor, plan, "plan.changed", subject=subject_id)


async def drop_item(services: Services, actor: Actor, school_id: int, plan_id: int, subject_id: int) -> None:
    """Take a subject out of a plan, with its units. Raises NotAllowed or NotFound."""
    actor.require(Right.PLANS_KEEP, school_id)
    async with services.database.transaction() as connection:
        at = raw(connection)
        plan = await plan_in(at, school_id, plan_id)
        if await at.fetchval(_DROP_ITEM, plan_id, subject_id) is None:
            raise NotFound
        await _note(services, connection, actor, plan, "plan.changed", subject=subject_id)


async def set_units(
    services: Services, actor: Actor, school_id: int, plan_id: int, subject_id: int, given: Sequence[Unit]
) -> None:
    """Let a subject of a plan have these units, in this order. Raises NotAllowed, NotFound or PlanRefused."""
    actor.require(Right.PLANS_KEEP, school_id)
    units = checked_units(given)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await _lock(services, at, school_id)
        plan = await plan_in(at, school_id, plan_id)
        item_id = await at.fetchval(_ITEM, plan_id, subject_id)
        if item_id is None:
            raise NotFound
        await at.execute("DELETE FROM curriculum_unit WHERE item_id = $1", item_id)
        await at.execute(_UNITS, item_id, [unit.title for unit in units], [unit.hours for unit in units])
        await _note(services, connection, actor, plan, "plan.changed", subject=subject_id)


async def apply_plan(services: Services, actor: Actor, school_id: int, plan_id: int, class_id: int) -> int:
    """Let a class be taught by a plan: add the courses it lacks, set the hours of those it has; return how many.

    A course of a subject that the plan does not have stays, and a subject whose course was ended is not begun anew.
    Raises NotAllowed, NotFound, PlanRefused or StudyRefused.
    """
    actor.require(Right.STUDIES_KEEP, school_id)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await _lock(services, at, school_id)  # what is read from now on nobody else changes
        whole = await whole_plan(services, actor, school_id, plan_id)
        works = {each.id for each in await staff_of_school(services, school_id)}
        courses = await courses_of(services, school_id, whole.plan.year, class_ids=[class_id])
        if await at.fetchval(_CLASS, class_id, school_id, whole.plan.grade) is None:
            raise PlanRefused(message("Choose a class of the plan's grade."))
        await at.execute(_TAUGHT_BY, whole.plan.year, class_id, plan_id)
        given = _given(whole, courses, class_id, works)
        for course_id, course in given:
            await put_course_in(services, connection, actor, school_id, course, course_id)
        await _note(services, connection, actor, whole.plan, "plan.applied", **{"class": class_id})
    return len(given)


async def set_norm(services: Services, actor: Actor, school_id: int, hours: int | None) -> None:
    """Set for how many hours a week a whole rate is paid, or (None) go by the law. Raises NotAllowed or PlanRefused."""
    actor.require(Right.STUDIES_KEEP, school_id)
    if hours is not None and hours not in NORMS:
        raise PlanRefused(message("A full load has from 1 to {most} hours a week.", most=max(NORMS)))
    async with services.database.transaction() as connection:
        at = raw(connection)
        if hours is None:
            await at.execute("DELETE FROM load_norm WHERE school_id = $1", school_id)
        else:
            await at.execute(_NORM, school_id, hours)
        await audit(
            connection, actor, "school.load_norm_set", f"school:{school_id}", {"hours": str(hours or "")},
            school_id=school_id, at=services.clock.now(),
        )  # fmt: skip


async def _put(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, given: PlanGiven,
    plan_id: int | None,
) -> int:  # fmt: skip
    at = raw(connection)
    today = await at.fetchval(_TODAY, school_id, services.clock.now())
    if today is None:
        raise NotFound
    plan = checked_plan(given, today)
    columns = (
        plan.title, plan.year, plan.grade, plan.language, plan.weeks, plan.paper, plan.approved_by, plan.approved_on,
    )  # fmt: skip
    if plan_id is None:
        found = await at.fetchval(_ADD, school_id, *columns, PLANS_MAX)
        if found is None:
            raise PlanRefused(message("The school has {count} plans in this year already.", count=PLANS_MAX))
        await _note(services, connection, actor, await plan_in(at, school_id, found), "plan.added")
        return int(found)
    before = await plan_in(at, school_id, plan_id)
    if before.classes and (before.year, before.grade) != (plan.year, plan.grade):
        raise PlanConflict(message("Classes are taught by this plan: its year and grade stay."))
    await at.execute(_CHANGE, plan_id, *columns)
    await _note(services, connection, actor, before, "plan.changed")
    return plan_id


def _given(
    whole: WholePlan, courses: Sequence[Course], class_id: int, works: set[int]
) -> list[tuple[int | None, CourseGiven]]:
    """Return courses as the plan wants them, with the id of each that is there. A teacher who left leaves a vacancy."""
    planned = {item.subject.id: item.half_hours for item in whole.items}
    ended = {each.subject.id for each in courses if each.ended_on is not None}
    given: list[tuple[int | None, CourseGiven]] = []
    for differs in differences_of(planned, taught_in(courses)):
        own = [each for each in courses if each.subject.id == differs.subject_id and each.ended_on is None]
        if differs.how is Differs.MISSING and differs.subject_id not in ended:
            given.append((None, CourseGiven(whole.plan.year, class_id, differs.subject_id, differs.planned)))
        elif differs.how is Differs.OTHER:
            given += [
                (each.id, replace(_as_given(each, works), half_hours=left))
                for each, left in _hours(own, differs.planned)
            ]
    return given


def _hours(own: Sequence[Course], planned: int) -> list[tuple[Course, int]]:
    """Return a subject's courses whose hours change, and what they become: groups have what the class has not."""
    groups = [each for each in own if each.group]
    if not groups:
        return [(each, planned) for each in own]
    left = planned - sum(each.half_hours for each in own if not each.group)
    return [(each, left) for each in groups if left > 0 and each.half_hours != left]


def _as_given(course: Course, works: set[int]) -> CourseGiven:
    teacher_id = course.teacher_id if course.teacher_id in works else None
    return CourseGiven(
        course.year, course.class_id, course.subject.id, course.half_hours, course.group, teacher_id, course.room
    )


async def _lock(services: Services, at: asyncpg.Connection, school_id: int) -> None:
    await at.fetchval(_TODAY, school_id, services.clock.now())


async def _note(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, plan: Plan, verb: str, **detail: int
) -> None:
    told = {"grade": str(plan.grade), **{key: str(value) for key, value in detail.items()}}
    await audit(
        connection, actor, verb, f"plan:{plan.id}", told, school_id=plan.school_id, at=services.clock.now()
    )  # fmt: skip
