"""Lessons of the days ahead follow the timetable and the calendar, once each, and what was given stays as it was."""

import asyncio
from datetime import date, timedelta

import pytest

from cloud.schools.actions import set_terms
from cloud.schools.calendar import set_day
from cloud.schools.models import DayKind, Weekday
from cloud.schools.rules import Day
from cloud.studies.actions import end_course
from cloud.timetable.kinds import Weeks
from cloud.timetable.laying import AHEAD, lay_out, lay_out_due
from cloud.timetable.rules import Slot
from cloud.timetable.substituting import add_lesson, call_off
from cloud.timetable.versions import add_draft, publish, put_all
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.timetable.factory import NEXT_TUESDAY, THURSDAY, TODAY, TUESDAY, WEDNESDAY, Planned
from tests.servers.postgres import IS_AWAITED

_PUBLISHED = "UPDATE timetable SET first_on = $2, published_at = $3 WHERE id = $1"
HOLIDAY = Day(DayKind.HOLIDAY)
ALL = 'SELECT id, course_id, "on", number, teacher_id, is_off FROM lesson ORDER BY id'


async def test_lessons_are_laid_out_from_the_first_day_on_and_once_each(school: Planned) -> None:
    await school.usual()

    assert await school.told(TUESDAY, THURSDAY) == [
        (TUESDAY, 1, school.mathematics), (TUESDAY, 2, school.history),
        (WEDNESDAY, 1, school.mathematics), (WEDNESDAY, 2, school.elsewhere),
    ]  # fmt: skip
    assert (await school.lesson(school.mathematics, TUESDAY)).room == "214"
    before = await school.services.database.pool.fetch(ALL)
    assert max(row["on"] for row in before) > TODAY + AHEAD - timedelta(days=7)
    assert await lay_out(school.services, school.school_id) == 0
    assert await school.services.database.pool.fetch(ALL) == before


async def test_a_holiday_has_no_lessons_and_another_weekdays_timetable_is_followed(school: Planned) -> None:
    await school.usual()
    await set_day(school.services, SYSTEM, school.school_id, WEDNESDAY, HOLIDAY)
    of_tuesday = Day(DayKind.WORKDAY, lessons_of=Weekday.TUESDAY)
    await set_day(school.services, SYSTEM, school.school_id, THURSDAY, of_tuesday)

    assert await lay_out_due(school.services) > 0

    assert await school.told(WEDNESDAY, THURSDAY) == [
        (THURSDAY, 1, school.mathematics), (THURSDAY, 2, school.history),
    ]  # fmt: skip
    assert await lay_out_due(school.services) == 0


async def test_terms_and_shortened_days_are_followed(school: Planned) -> None:
    await school.usual()
    await set_terms(school.services, SYSTEM, school.school_id, [(TODAY, WEDNESDAY)])
    await set_day(school.services, SYSTEM, school.school_id, WEDNESDAY, Day(DayKind.WORKDAY, lessons=1))

    await lay_out_due(school.services)

    assert await school.told(WEDNESDAY, TODAY + AHEAD) == [(WEDNESDAY, 1, school.mathematics)]


async def test_a_day_that_came_is_not_touched_by_a_later_change(school: Planned, clock: SimulatedClock) -> None:
    draft = await school.usual()
    services, here = school.services, school.school_id
    changed = await add_draft(services, SYSTEM, here, "Жаңа", TODAY, draft)
    await put_all(services, SYSTEM, here, changed, [Slot(2, 1, school.history)])
    await publish(services, SYSTEM, here, changed, (TODAY, None), TODAY)

    await lay_out_due(services)

    assert await school.told(TUESDAY) == [(TUESDAY, 1, school.mathematics), (TUESDAY, 2, school.history)]
    assert await school.told(NEXT_TUESDAY) == [(NEXT_TUESDAY, 1, school.history)]
    clock.advance(timedelta(days=7).total_seconds())
    assert await lay_out_due(services) > 0  # a week further ahead


async def test_a_lesson_added_by_hand_keeps_no_day_from_being_laid_out(school: Planned) -> None:
    await add_lesson(school.services, SYSTEM, school.school_id, school.history, TUESDAY, 5, "", "", TODAY)

    await school.usual()

    assert await school.told(TUESDAY) == [
        (TUESDAY, 1, school.mathematics), (TUESDAY, 2, school.history), (TUESDAY, 5, school.history),
    ]  # fmt: skip


async def test_a_publication_in_the_instant_of_a_laying_out_is_followed(school: Planned) -> None:
    draft = await school.usual()
    services, here, pool = school.services, school.school_id, school.services.database.pool
    changed = await add_draft(services, SYSTEM, here, "Жаңа", TODAY, draft)
    await put_all(services, SYSTEM, here, changed, [Slot(2, 1, school.history)])

    async with pool.acquire() as connection, asyncio.TaskGroup() as group, connection.transaction():
        await connection.execute(_PUBLISHED, changed, TODAY, services.clock.now())
        await connection.execute("UPDATE timetable_head SET laid_on = NULL WHERE school_id = $1", here)
        laying = group.create_task(lay_out(services, here), name="laying")
        async with asyncio.timeout(30):
            while not await connection.fetchval(IS_AWAITED):
                assert not laying.done()

    assert await school.told(NEXT_TUESDAY) == [(NEXT_TUESDAY, 1, school.history)]


async def test_what_somebody_wrote_or_changed_stays(school: Planned) -> None:
    draft = await school.usual()
    services, here = school.services, school.school_id
    summative, called_off, plain = [
        (await school.lesson(school.mathematics, TUESDAY + timedelta(days=7 * number))).id for number in (1, 2, 3)
    ]
    await services.database.pool.execute("UPDATE lesson SET kind = 'sor' WHERE id = $1", summative)
    await call_off(services, SYSTEM, here, called_off, "", TODAY)
    empty = await add_draft(services, SYSTEM, here, "Жаңа", TODAY, draft)
    await put_all(services, SYSTEM, here, empty, [Slot(2, 2, school.history)])
    await publish(services, SYSTEM, here, empty, (TODAY, None), TODAY)

    await lay_out_due(services)

    rows = await services.database.pool.fetch("SELECT id FROM lesson WHERE course_id = $1", school.mathematics)
    kept = {row["id"] for row in rows}
    assert {summative, called_off} <= kept
    assert plain not in kept


async def test_a_lesson_with_a_theme_follows_teacher_room_and_timetable_and_keeps_the_theme(school: Planned) -> None:
    draft = await school.usual()
    services, here, own = school.services, school.school_id, school.studies
    stays, goes = [await school.lesson(each, NEXT_TUESDAY) for each in (school.mathematics, school.history)]
    await services.database.pool.execute(
        "UPDATE lesson SET theme = 'Бөлшектер' WHERE id = ANY($1)", [stays.id, goes.id]
    )
    await services.database.pool.execute(
        "UPDATE course SET teacher_id = $2 WHERE id = $1", school.mathematics, own.teacher_ids[1]
    )
    changed = await add_draft(services, SYSTEM, here, "Жаңа", TODAY, draft)
    await put_all(services, SYSTEM, here, changed, [Slot(2, 1, school.mathematics, room="9")])
    await publish(services, SYSTEM, here, changed, (TODAY, None), TODAY)

    await lay_out_due(services)

    lessons = {each.id: each for each in await school.lessons(NEXT_TUESDAY)}
    moved, off = lessons[stays.id], lessons[goes.id]
    assert (moved.teacher_id, moved.room, moved.is_off, moved.theme) == (own.teacher_ids[1], "9", False, "Бөлшектер")
    assert (off.is_off, off.theme) == (True, "Бөлшектер")
    assert await lay_out(services, here) == 0
    await set_day(services, SYSTEM, here, NEXT_TUESDAY, HOLIDAY)
    await lay_out_due(services)
    assert [each.is_off for each in await school.lessons(NEXT_TUESDAY)] == [True, True]
    back = await add_draft(services, SYSTEM, here, "Бұрынғы", TODAY, draft)
    await publish(services, SYSTEM, here, back, (WEDNESDAY, None), TODAY)
    await set_day(services, SYSTEM, here, NEXT_TUESDAY, Day(DayKind.WORKDAY))
    await lay_out_due(services)
    assert [(each.id, each.is_off) for each in await school.lessons(NEXT_TUESDAY)] == [
        (stays.id, False), (goes.id, False),
    ]  # fmt: skip


async def test_a_lesson_on_which_something_hangs_is_called_off_instead(school: Planned) -> None:
    draft = await school.usual()
    services, here = school.services, school.school_id
    lesson = await school.lesson(school.mathematics, NEXT_TUESDAY)
    await services.database.pool.execute("CREATE TABLE hanging (lesson_id bigint REFERENCES lesson)")
    await services.database.pool.execute("INSERT INTO hanging VALUES ($1)", lesson.id)
    changed = await add_draft(services, SYSTEM, here, "Жаңа", TODAY, draft)
    await put_all(services, SYSTEM, here, changed, [Slot(2, 2, school.history)])
    await publish(services, SYSTEM, here, changed, (TODAY, None), TODAY)
    await lay_out_due(services)
    assert (await school.lesson(school.mathematics, NEXT_TUESDAY)).is_off
    rows = await services.database.pool.fetch(
        'SELECT id FROM lesson WHERE course_id = $1 AND "on" > $2', school.mathematics, TUESDAY
    )
    assert [row["id"] for row in rows] == [lesson.id]  # the others are gone: nothing hangs on them

    back = await add_draft(services, SYSTEM, here, "Бұрынғы", TODAY, draft)
    await publish(services, SYSTEM, here, back, (WEDNESDAY, None), TODAY)
    await lay_out_due(services)

    again = await school.lesson(school.mathematics, NEXT_TUESDAY)
    assert (again.id, again.is_off) == (lesson.id, False)


@pytest.mark.parametrize(("week", "expected"), [(0, "mathematics"), (1, "history"), (2, "mathematics")])
async def test_odd_and_even_weeks_differ(school: Planned, week: int, expected: str) -> None:
    await school.published(Slot(2, 1, school.mathematics, Weeks.ODD), Slot(2, 1, school.history, Weeks.EVEN))
    on = TUESDAY + timedelta(days=7 * week)

    assert await school.told(on) == [(on, 1, getattr(school, expected))]


async def test_a_course_that_ended_has_no_lessons_after(school: Planned) -> None:
    await school.usual()
    last_on = date(2026, 9, 10)
    await end_course(school.services, SYSTEM, school.school_id, school.history, last_on)

    await lay_out(school.services, school.school_id)

    assert [on for on, _, course in await school.told(TODAY, TODAY + AHEAD) if course == school.history] == [
        TUESDAY, NEXT_TUESDAY,
    ]  # fmt: skip
