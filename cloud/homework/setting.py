"""Setting homework: which lessons are offered, what is given to whom until when, changing, closing, taking back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.handed_files import Attached
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.homework.errors import HomeworkRefused
from cloud.homework.files import put_homework_files
from cloud.homework.kinds import Given, Homework
from cloud.homework.reach import course_set, homework_kept
from cloud.homework.rules import check_minutes, checked_task
from cloud.journal.offers import hours_on
from cloud.journal.rules import checked_links
from cloud.studies.queries import Course, Member, members_of
from cloud.studies.rules import days_of

OFFERED_MAX, A_DAY = 8, timedelta(days=1)
DAY_MAX = 30  # of a course that are due on one day
_AHEAD = """
SELECT "on", number FROM lesson WHERE course_id = $1 AND NOT is_off AND "on" > $2 ORDER BY "on", number LIMIT $3
"""
_IS_LESSON = 'SELECT EXISTS (SELECT FROM lesson WHERE course_id = $1 AND "on" = $2 AND number = $3 AND NOT is_off)'
_LOCK = "SELECT id FROM course WHERE id = $1 FOR NO KEY UPDATE"
_COUNT = "SELECT count(*) FROM homework WHERE course_id = $1 AND due_on = $2"
_SET = """
INSERT INTO homework (school_id, course_id, teacher_id, set_on, due_on, due_number, due_at, minutes, task, links,
  is_named, by_name, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id
"""
_CHANGE = """
UPDATE homework SET due_on = $2, due_number = $3, due_at = $4, minutes = $5, task = $6, links = $7, is_named = $8
WHERE id = $1
"""
_NAME = "INSERT INTO homework_member (homework_id, person_id) SELECT $1, * FROM unnest($2::bigint[])"
_UNNAME = "DELETE FROM homework_member WHERE homework_id = $1"
_HELD = "SELECT id FROM homework WHERE id = $1 FOR UPDATE"
_IS_HANDED = "SELECT EXISTS (SELECT FROM homework_answer WHERE homework_id = $1 AND number > 0)"
_DROP = "DELETE FROM homework WHERE id = $1"
_TURN = "UPDATE homework SET closed_at = $2 WHERE id = $1 AND (closed_at IS NULL) = ($2::timestamptz IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class _Ready:
    """Homework as it is written, checked."""

    task: str
    links: tuple[str, ...]
    due_at: datetime
    person_ids: Sequence[int]


async def offered_lessons(services: Services, course_id: int, today: date) -> list[tuple[date, int]]:
    """Return day and number of the next lessons of a course, from tomorrow on; who asks was judged before."""
    rows = await services.database.pool.fetch(_AHEAD, course_id, today, OFFERED_MAX)
    return [(row["on"], row["number"]) for row in rows]


async def learners_on(services: Services, course_id: int, on: date) -> list[Member]:
    """Return who learns in a course on a day; who asks was judged before."""
    return (await members_of(services.database.pool, [course_id], on))[course_id]


async def set_homework(
    services: Services, actor: Actor, school: SchoolToday, course_id: int, given: Given,
    files: Collection[Attached] = (),
) -> int:  # fmt: skip
    """Set homework for a course, or for some of its students, and return its id.

    Raises NotAllowed, NotFound, HomeworkRefused or JournalRefused.
    """
    person_id, course = await course_set(services, actor, school, course_id)
    ready = await _ready(services, school, course, given)
    now = services.clock.now()
    if ready.due_at <= now:
        raise HomeworkRefused(message("This day or lesson is over already: choose a later one."))
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.execute(_LOCK, course.id)
        if await connection.fetchval(_COUNT, course.id, given.due_on) >= DAY_MAX:
            raise HomeworkRefused(message("So much homework is due on this day already: choose another one."))
        homework_id: int = await connection.fetchval(
            _SET, school.id, course.id, person_id, school.on, given.due_on, given.due_number, ready.due_at,
            given.minutes, ready.task, list(ready.links), bool(ready.person_ids), actor.name, now,
        )  # fmt: skip
        await connection.execute(_NAME, homework_id, ready.person_ids)
        await put_homework_files(services, connection, school.id, homework_id, list(files))
        await _note(services, transaction, actor, "homework.set", homework_id, course, given.due_on)
    return homework_id


async def change_homework(
    services: Services, actor: Actor, school: SchoolToday, homework_id: int, given: Given
) -> None:  # fmt: skip
    """Change homework; a time that is over stays as it is. Raises as `set_homework` does."""
    _, course, homework = await homework_kept(services, actor, school, homework_id)
    is_moved = (given.due_on, given.due_number) != (homework.due_on, homework.due_number)
    ready = await _ready(services, school, course, given, stays=None if is_moved else homework)
    if is_moved and ready.due_at <= services.clock.now():
        raise HomeworkRefused(message("This day or lesson is over already: choose a later one."))
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.execute(_HELD, homework_id)
        await connection.execute(
            _CHANGE, homework_id, given.due_on, given.due_number, ready.due_at, given.minutes, ready.task,
            list(ready.links), bool(ready.person_ids),
        )  # fmt: skip
        await connection.execute(_UNNAME, homework_id)
        await connection.execute(_NAME, homework_id, ready.person_ids)
        await _note(services, transaction, actor, "homework.changed", homework_id, course, given.due_on)


async def close_homework(services: Services, actor: Actor, school: SchoolToday, homework_id: int) -> None:
    """Let nothing be handed in any more. Raises NotAllowed or NotFound."""
    await _turn(services, actor, school, homework_id, "homework.closed", services.clock.now())


async def open_homework(services: Services, actor: Actor, school: SchoolToday, homework_id: int) -> None:
    """Let things be handed in again. Raises NotAllowed or NotFound."""
    await _turn(services, actor, school, homework_id, "homework.opened", None)


async def drop_homework(services: Services, actor: Actor, school: SchoolToday, homework_id: int) -> None:
    """Take homework back to which nobody has handed in anything. Raises NotAllowed, NotFound or HomeworkRefused."""
    _, course, homework = await homework_kept(services, actor, school, homework_id)
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.execute(_HELD, homework_id)
        if await connection.fetchval(_IS_HANDED, homework_id):
            raise HomeworkRefused(message("Something was handed in already: close the homework instead."))
        await connection.execute(_DROP, homework_id)
        await _note(services, transaction, actor, "homework.dropped", homework_id, course, homework.due_on)


async def _turn(
    services: Services, actor: Actor, school: SchoolToday, homework_id: int, verb: str, closed_at: datetime | None
) -> None:
    _, course, homework = await homework_kept(services, actor, school, homework_id)
    async with services.database.transaction() as transaction:
        if await raw(transaction).execute(_TURN, homework_id, closed_at) == "UPDATE 1":
            await _note(services, transaction, actor, verb, homework_id, course, homework.due_on)


async def _ready(
    services: Services, school: SchoolToday, course: Course, given: Given, *, stays: Homework | None = None
) -> _Ready:
    """Return homework as it is kept; `stays` is the one whose time is not changed."""
    task, links = checked_task(given.task), checked_links(given.links)
    check_minutes(given.minutes)
    due_at = await _due_at(services, school, course, given) if stays is None else stays.due_at
    learners = {each.ref: each.id for each in await learners_on(services, course.id, given.due_on)}
    if not given.refs <= learners.keys():
        raise HomeworkRefused(message("Somebody who was chosen is not in the class or group on that day."))
    return _Ready(task, links, due_at, sorted(learners[ref] for ref in given.refs))


async def _due_at(services: Services, school: SchoolToday, course: Course, given: Given) -> datetime:
    """Return until when homework is to be handed in: the lesson's begin, or the end of the day."""
    on, number = given.due_on, given.due_number
    first_on, last_on = days_of(course.year)
    if not first_on <= on <= last_on or not course.is_on(on):
        raise HomeworkRefused(message("Choose a day of the course's school year, before the course ends."))
    if number is None:
        return datetime.combine(on + A_DAY, time(0), school.zone)
    if not await services.database.pool.fetchval(_IS_LESSON, course.id, on, number):
        raise HomeworkRefused(message("The course has no such lesson on that day: choose another one."))
    hours = (await hours_on(services, school.id, course.class_id, on)).get(number)
    return hours[0] if hours else datetime.combine(on + A_DAY, time(0), school.zone)


async def _note(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, verb: str, homework_id: int, course: Course,
    on: date,
) -> None:  # fmt: skip
    detail = {"course": str(course.id), "on": on.isoformat()}
    await audit(
        transaction, actor, verb, f"homework:{homework_id}", detail, school_id=course.school_id, at=services.clock.now()
    )
