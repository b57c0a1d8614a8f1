"""Days of a school's calendar that are not what their weekday says: set for all, a grade or a class, and read.

Rule: who reads plans of days asks for the calendar's number, which each change raises: what is set counts at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.texts import has_unseen
from cloud.schools.errors import SchoolRefused
from cloud.schools.models import DayKind
from cloud.schools.queries import SPECIAL, calendar_between, day_of, times_of_classes
from cloud.schools.rules import EVERY_GRADE, EVERYBODY, GRADES, Day, DayPlan, Whom, plan_day, special_of

NOTE_MAX = 120
SPAN, AHEAD = timedelta(days=31), timedelta(days=366)  # of days that are set at once, and how far ahead
SHOWN_MAX = 400
_FORGET = """
DELETE FROM calendar_day WHERE school_id = $1 AND "on" = ANY($2::date[]) AND grade = $3
  AND school_class_id IS NOT DISTINCT FROM $4
"""
_PUT = """
INSERT INTO calendar_day (school_id, "on", grade, school_class_id, kind, lessons_of, lessons, lesson_min, from_min,
  until_min, note)
SELECT $1, day, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM unnest($2::date[]) AS day
"""
_COUNT = "UPDATE school SET calendar_number = calendar_number + 1 WHERE id = $1"
_OF_CLASS = "SELECT EXISTS (SELECT FROM school_class WHERE id = $1 AND school_id = $2 AND is_active)"
_AHEAD = f"""
SELECT special.*, concat(class.grade, class.letter) AS class_name FROM ({SPECIAL}) AS special
LEFT JOIN school_class AS class ON class.id = special.school_class_id
WHERE special.school_id = $1 AND "on" >= $2
ORDER BY "on", special.grade, class.grade NULLS FIRST, class.letter LIMIT $3
"""  # noqa: S608 (text of ours)


@dataclass(frozen=True, slots=True)
class SetDay:
    """A day that was set: for whom, and what it is; `class_name` is empty where it is not for a class."""

    on: date
    whom: Whom
    class_name: str
    day: Day


@dataclass(frozen=True, slots=True)
class OtherDay:
    """A day that is another for a class than its weekday says, with the note that the school left."""

    plan: DayPlan
    note: str


async def set_day(
    services: Services, actor: Actor, school_id: int, on: date, day: Day | None, whom: Whom = EVERYBODY
) -> None:
    """Say what a day is, or (None) that it is what its weekday says. Raises NotAllowed, NotFound or SchoolRefused."""
    await _set(services, actor, school_id, [on], day, whom)


async def set_days(
    services: Services, actor: Actor, school_id: int, days: tuple[date, date], day: Day, whom: Whom, today: date
) -> Sequence[date]:
    """Say what days are, both included, and return which were set: of several only those on which there are lessons.

    Raises NotAllowed, NotFound or SchoolRefused.
    """
    actor.require(Right.SCHOOL_KEEP, school_id)
    first_on, last_on = days
    if first_on < today or last_on < first_on or last_on - first_on >= SPAN or last_on > today + AHEAD:
        raise SchoolRefused(message("Choose today or days to come, {count} days at most.", count=SPAN.days))
    span = [first_on + timedelta(days=number) for number in range((last_on - first_on).days + 1)]
    if len(span) > 1:
        calendar = await calendar_between(services, school_id, first_on, last_on)
        span = [on for on in span if plan_day(calendar, None, on).is_school_day]
    if not span:
        raise SchoolRefused(message("There are no lessons on any of these days."))
    await _set(services, actor, school_id, span, day, whom)
    return span


async def days_ahead(services: Services, actor: Actor, school_id: int, since: date) -> list[SetDay]:
    """Return the days of a school from one on that are not what their weekday says. Raises NotAllowed."""
    actor.require(Right.SCHOOL_KEEP, school_id)
    rows = await services.database.pool.fetch(_AHEAD, school_id, since, SHOWN_MAX)
    return [
        SetDay(row["on"], Whom(row["grade"], row["school_class_id"]), row["class_name"], day_of(row)) for row in rows
    ]


async def other_days(
    services: Services, school_id: int, class_id: int | None, first_on: date, last_on: date
) -> Mapping[date, OtherDay]:
    """Return the days between two, both included, that are others for a class. For slices above, after their check."""
    calendar = await calendar_between(services, school_id, first_on, last_on)
    times = None if class_id is None else (await times_of_classes(services, school_id, class_id)).get(class_id)
    found = {}
    for on in (first_on + timedelta(days=number) for number in range((last_on - first_on).days + 1)):
        special = special_of(calendar, times, on)
        plan = plan_day(calendar, times, on)
        if special is not None and (special.note or plan != plan_day(calendar.usual(), times, on)):
            found[on] = OtherDay(plan, special.note)
    return found


async def count_calendar(connection: asyncpg.Connection, school_id: int) -> None:
    """Note in the open transaction that the school's time was changed."""
    await connection.execute(_COUNT, school_id)


async def _set(
    services: Services, actor: Actor, school_id: int, ons: Sequence[date], day: Day | None, whom: Whom
) -> None:  # fmt: skip
    actor.require(Right.SCHOOL_KEEP, school_id)
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await _check(connection, school_id, day, whom)
        await connection.execute(_FORGET, school_id, ons, whom.grade, whom.class_id)
        if day is not None:
            await connection.execute(
                _PUT, school_id, ons, whom.grade, whom.class_id, day.kind.value, day.lessons_of, day.lessons,
                day.lesson_min, day.from_min, day.until_min, day.note,
            )  # fmt: skip
        await count_calendar(connection, school_id)
        await _note(services, transaction, actor, school_id, ons, day, whom)


async def _check(connection: asyncpg.Connection, school_id: int, day: Day | None, whom: Whom) -> None:
    if day is not None and (len(day.note) > NOTE_MAX or has_unseen(day.note)):
        raise SchoolRefused(message("Say it in {most} letters at most.", most=NOTE_MAX))
    if whom.grade != EVERY_GRADE and whom.grade not in GRADES:
        raise SchoolRefused(message("There is no such grade."))
    if whom.class_id is not None and not await connection.fetchval(_OF_CLASS, whom.class_id, school_id):
        raise NotFound


async def _note(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, school_id: int, ons: Sequence[date],
    day: Day | None, whom: Whom,
) -> None:  # fmt: skip
    detail = {"on": str(ons[0]), "until": str(ons[-1]), "kind": day.kind.value if day else ""}
    if whom.class_id is not None:
        detail["class"] = str(whom.class_id)
    if whom.grade != EVERY_GRADE:
        detail["grade"] = str(whom.grade)
    if day is not None and day.kind is DayKind.WORKDAY:
        figures = {
            "lessons_of": day.lessons_of, "lessons": day.lessons, "lesson_min": day.lesson_min,
            "from_min": day.from_min, "until_min": day.until_min,
        }  # fmt: skip
        detail |= {name: str(int(figure)) for name, figure in figures.items() if figure is not None}
    await audit(
        transaction, actor, "school.day_set", f"school:{school_id}", detail, school_id=school_id,
        at=services.clock.now(),
    )  # fmt: skip
