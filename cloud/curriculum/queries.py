"""What is asked of plans: which there are, what they hold, how classes differ from theirs, and a course's themes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.messages import Message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.curriculum.kinds import ThemeKind
from cloud.curriculum.rules import (
    Difference,
    Theme,
    Unit,
    differences_of,
    half_hours_taught,
    remarks_of_item,
    remarks_of_plan,
    remarks_of_themes,
    weeks_of,
)
from cloud.schools.queries import terms_of
from cloud.studies.queries import Course, Subject, course_of, courses_of, own_person, subjects_of

PLANS_MAX, ITEMS_MAX, CLASSES_MAX = 300, 100, 500
_PLAN = """
SELECT plan.id, plan.school_id, title, plan.year, grade, language, weeks, paper, approved_by, approved_on,
  (SELECT count(*) FROM curriculum_item WHERE curriculum_id = plan.id) AS subjects,
  (SELECT count(*) FROM class_curriculum WHERE curriculum_id = plan.id) AS classes
FROM curriculum AS plan
"""
_PLANS = f"{_PLAN} WHERE school_id = $1 AND year = $2 ORDER BY grade, title LIMIT $3"
_ONE = f"{_PLAN} WHERE school_id = $1 AND id = $2"
_ITEMS = """
SELECT id, subject_id, half_hours, year_hours FROM curriculum_item WHERE curriculum_id = $1 ORDER BY subject_id LIMIT $2
"""
_UNITS = """
SELECT item_id, title, unit.hours FROM curriculum_unit AS unit JOIN curriculum_item AS item ON item.id = item_id
WHERE curriculum_id = $1 ORDER BY item_id, number LIMIT 4000
"""
_CLASSES = """
SELECT class.id, class.grade || class.letter AS name, own.curriculum_id = $3 AS is_of_plan,
  coalesce(other.title, '') AS other
FROM school_class AS class
LEFT JOIN class_curriculum AS own ON own.school_class_id = class.id AND own.year = $4
LEFT JOIN curriculum AS other ON other.id = own.curriculum_id AND other.id <> $3
WHERE class.school_id = $1 AND class.grade = $2 AND class.is_active ORDER BY letter LIMIT $5
"""
_THEMES = """
SELECT unit, title, hours, week, kind FROM course_theme WHERE course_id = $1 ORDER BY number LIMIT 400
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """The heading of a plan, with how many subjects it has and how many classes are taught by it."""

    id: int
    school_id: int
    title: str
    year: int
    grade: int
    language: str
    weeks: int
    paper: str
    approved_by: str
    approved_on: date | None
    subjects: int
    classes: int


@dataclass(frozen=True, slots=True)
class Item:
    """A subject of a plan, its units, and what does not fit."""

    id: int
    subject: Subject
    half_hours: int
    year_hours: int
    units: Sequence[Unit]
    remarks: Sequence[Message]


@dataclass(frozen=True, slots=True)
class ClassBy:
    """A class of the plan's grade: taught by the plan, by another one (`other`), or by none yet."""

    id: int
    name: str
    is_of_plan: bool
    other: str
    differences: Sequence[Difference]  # from this plan


@dataclass(frozen=True, slots=True)
class WholePlan:
    """A plan with its content, its classes and what does not fit."""

    plan: Plan
    items: Sequence[Item]
    classes: Sequence[ClassBy]
    remarks: Sequence[Message]
    subjects: Mapping[int, Subject]  # of the school, by id

    @property
    def half_hours(self) -> int:
        """Return the lessons in two weeks that a student has by the plan."""
        return sum(item.half_hours for item in self.items)


@dataclass(frozen=True, slots=True)
class ThemePlan:
    """A course with its themes in order, what does not fit, and the Mondays of the weeks of teaching."""

    course: Course
    themes: Sequence[Theme]
    remarks: Sequence[Message]
    mondays: Sequence[date]  # none where the school has named no terms
    may_keep: bool  # the asking actor

    @property
    def hours(self) -> int:
        return sum(theme.hours for theme in self.themes)


async def plans_of(services: Services, actor: Actor, school_id: int, year: int) -> list[Plan]:
    """Return the plans of a school year by grade. Raises NotAllowed."""
    actor.require(Right.PLANS_READ, school_id)
    return [Plan(**row) for row in await services.database.pool.fetch(_PLANS, school_id, year, PLANS_MAX)]


async def plan_in(connection: asyncpg.Connection | asyncpg.Pool, school_id: int, plan_id: int) -> Plan:
    """Return a plan's heading; rights are the caller's to check. Raises NotFound."""
    row = await connection.fetchrow(_ONE, school_id, plan_id)
    if row is None:
        raise NotFound
    return Plan(**row)


async def whole_plan(services: Services, actor: Actor, school_id: int, plan_id: int) -> WholePlan:
    """Return a plan with everything of it. Raises NotAllowed or NotFound."""
    actor.require(Right.PLANS_READ, school_id)
    pool = services.database.pool
    plan = await plan_in(pool, school_id, plan_id)
    subjects = {each.id: each for each in await subjects_of(services, school_id)}
    items = await _items(pool, plan, subjects)
    mondays = await mondays_of(services, school_id, plan.year)
    remarks = remarks_of_plan(plan.weeks, len(mondays) or None)
    return WholePlan(plan, items, await _classes(services, plan, items), remarks, subjects)


async def mondays_of(services: Services, school_id: int, year: int) -> list[date]:
    """Return the Mondays of a year's weeks of teaching; none where the school has named no terms."""
    return weeks_of(await terms_of(services, school_id), year)


async def themes_of(services: Services, actor: Actor, school_id: int, course_id: int) -> ThemePlan:
    """Return the thematic plan of a course. Raises NotAllowed or NotFound."""
    actor.require(Right.PLANS_READ, school_id)
    course = await course_of(services, school_id, course_id)
    themes = await themes_in(services.database.pool, course_id)
    mondays = await mondays_of(services, school_id, course.year)
    remarks = remarks_of_themes(themes, course.half_hours, len(mondays) or None)
    return ThemePlan(course, themes, remarks, mondays, await may_keep_themes(services, actor, course))


async def themes_in(connection: asyncpg.Connection | asyncpg.Pool, course_id: int) -> list[Theme]:
    """Return the themes of a course in order; rights are the caller's to check."""
    rows = await connection.fetch(_THEMES, course_id)
    return [Theme(row["unit"], row["title"], row["hours"], row["week"], ThemeKind(row["kind"])) for row in rows]


async def may_keep_themes(services: Services, actor: Actor, course: Course) -> bool:
    """Tell whether an actor may change a course's themes: who keeps plans, and the teacher of the course."""
    if actor.can(Right.PLANS_KEEP, course.school_id):
        return True
    if course.teacher_id is None or not actor.teaches(Right.LESSONS_KEEP, course.school_id):
        return False
    return await own_person(services, actor, course.school_id) == course.teacher_id


async def _items(pool: asyncpg.Pool, plan: Plan, subjects: Mapping[int, Subject]) -> list[Item]:
    units: dict[int, list[Unit]] = {}
    for row in await pool.fetch(_UNITS, plan.id):
        units.setdefault(row["item_id"], []).append(Unit(row["title"], row["hours"]))
    items = []
    for row in await pool.fetch(_ITEMS, plan.id, ITEMS_MAX):
        own = units.get(row["id"], [])
        remarks = remarks_of_item(row["half_hours"], row["year_hours"], plan.weeks, own)
        items.append(
            Item(row["id"], subjects[row["subject_id"]], row["half_hours"], row["year_hours"], own, remarks)
        )  # fmt: skip
    return items


async def _classes(services: Services, plan: Plan, items: Sequence[Item]) -> list[ClassBy]:
    rows = await services.database.pool.fetch(
        _CLASSES, plan.school_id, plan.grade, plan.id, plan.year, CLASSES_MAX
    )  # fmt: skip
    courses = await courses_of(services, plan.school_id, plan.year, class_ids=[row["id"] for row in rows])
    planned = {item.subject.id: item.half_hours for item in items}
    return [
        ClassBy(
            row["id"], row["name"], bool(row["is_of_plan"]), row["other"],
            differences_of(planned, taught_in([each for each in courses if each.class_id == row["id"]])),
        )
        for row in rows
    ]  # fmt: skip


def taught_in(courses: Sequence[Course]) -> dict[int, tuple[int, ...]]:
    """Return the half hours of one class by subject, of courses that go on."""
    whole: dict[int, int] = {}
    groups: dict[int, list[int]] = {}
    for course in courses:
        if course.ended_on is None and course.group:
            groups.setdefault(course.subject.id, []).append(course.half_hours)
        elif course.ended_on is None:
            whole[course.subject.id] = course.half_hours
    return {
        subject_id: half_hours_taught(whole.get(subject_id, 0), groups.get(subject_id, []))
        for subject_id in sorted({*whole, *groups})
    }
