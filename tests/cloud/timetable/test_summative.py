"""Summative works for a unit and for a quarter: on lessons of their days, so many a day, told where they do not fit."""

from datetime import timedelta

import pytest

from cloud.core.errors import NotAllowed, NotFound
from cloud.schools.actions import set_terms
from cloud.schools.calendar import set_day
from cloud.schools.models import DayKind
from cloud.schools.rules import Day
from cloud.timetable.errors import TimetableRefused
from cloud.timetable.framing import SchoolRule
from cloud.timetable.keeping import put_rule
from cloud.timetable.kinds import LESSON, SOCH, SOR
from cloud.timetable.laying import lay_out
from cloud.timetable.rules import Slot
from cloud.timetable.substituting import call_off
from cloud.timetable.summative import Wrong, set_kind, works_between
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.timetable.factory import NEXT_TUESDAY, TODAY, TUESDAY, WEDNESDAY, Planned, marked

BEFORE = TODAY - timedelta(days=1)
KIND = "SELECT kind FROM lesson WHERE id = $1"


async def test_a_class_has_no_more_works_on_a_day_than_the_school_allows(school: Planned) -> None:
    await school.usual()
    services, here = school.services, school.school_id
    await put_rule(services, SYSTEM, here, SchoolRule(0, 1))
    first, second = [(await school.lesson(each, TUESDAY)).id for each in (school.mathematics, school.history)]
    await set_kind(services, school.studies.deputy, here, first, SOR, BEFORE)

    with pytest.raises(TimetableRefused, match="5А has 1 summative works"):
        await set_kind(services, SYSTEM, here, second, SOCH, BEFORE)

    assert await services.database.pool.fetchval(KIND, second) == LESSON
    await set_kind(services, SYSTEM, here, first, LESSON, BEFORE)
    await set_kind(services, SYSTEM, here, second, SOCH, BEFORE)
    works = await works_between(services, here, TODAY, NEXT_TUESDAY)
    assert [(each.lesson.course.id, each.lesson.kind, each.wrong) for each in works] == [(school.history, SOCH, ())]


async def test_groups_that_write_beside_each_other_are_one_work(school: Planned) -> None:
    own, services, here = school.studies, school.services, school.school_id
    physics = [await own.course("physics", group, teacher, 2) for teacher, group in ((0, "1"), (1, "2"))]
    await put_rule(services, SYSTEM, here, SchoolRule(0, 1))
    await school.published(*(Slot(2, 1, each) for each in physics))

    for each in physics:
        await set_kind(services, SYSTEM, here, (await school.lesson(each, TUESDAY)).id, SOR, BEFORE)

    assert [each.wrong for each in await works_between(services, here, TUESDAY, TUESDAY)] == [(), ()]


async def test_what_does_not_fit_any_more_is_told(school: Planned) -> None:
    await school.usual()
    services, here = school.services, school.school_id
    days = [TUESDAY + timedelta(days=7 * number) for number in range(1, 5)]
    lessons = [await school.lesson(school.mathematics, on) for on in days]
    for lesson in lessons:
        await set_kind(services, SYSTEM, here, lesson.id, SOR, BEFORE)
    await set_kind(services, SYSTEM, here, (await school.lesson(school.history, days[3])).id, SOCH, BEFORE)
    await set_terms(services, SYSTEM, here, [(TODAY, days[2]), (days[2] + timedelta(days=1), days[3])])
    await set_day(services, SYSTEM, here, days[0], Day(DayKind.HOLIDAY))
    await call_off(services, SYSTEM, here, lessons[1].id, "", TODAY)
    await put_rule(services, SYSTEM, here, SchoolRule(0, 1))
    await lay_out(services, here)

    works = await works_between(services, here, TODAY, days[3])

    assert [each.wrong for each in works] == [
        (Wrong.NO_LESSON,), (Wrong.OFF,), (Wrong.LAST_DAY,), (Wrong.TOO_MANY, Wrong.LAST_DAY),
        (Wrong.TOO_MANY, Wrong.LAST_DAY),
    ]  # fmt: skip


async def test_a_work_needs_a_lesson_to_come_that_is_given(school: Planned) -> None:
    await school.usual()
    services, here = school.services, school.school_id
    lesson = await school.lesson(school.mathematics, TUESDAY)

    for today in (TUESDAY, WEDNESDAY):  # today's is its teacher's own to say, in the journal
        with pytest.raises(TimetableRefused, match="in the journal"):
            await set_kind(services, SYSTEM, here, lesson.id, SOR, today)
    with pytest.raises(NotFound):
        await set_kind(services, SYSTEM, here, lesson.id, "exam", BEFORE)
    with pytest.raises(NotAllowed):
        await set_kind(services, school.studies.teachers[0], here, lesson.id, SOR, BEFORE)
    await call_off(services, SYSTEM, here, lesson.id, "", TODAY)
    with pytest.raises(TimetableRefused, match="called off"):
        await set_kind(services, SYSTEM, here, lesson.id, SOR, BEFORE)


async def test_what_the_journal_has_marks_of_stays_as_it_is(school: Planned) -> None:
    await school.usual()
    services, here = school.services, school.school_id
    lesson = await school.lesson(school.mathematics, TUESDAY)
    await marked(services, here, lesson.id, school.studies.student_ids[0])

    with pytest.raises(TimetableRefused, match="entries about this lesson"):
        await set_kind(services, SYSTEM, here, lesson.id, SOR, BEFORE)
    with pytest.raises(TimetableRefused, match="entries about this lesson"):
        await call_off(services, SYSTEM, here, lesson.id, "", TODAY)

    after = await school.lesson(school.mathematics, TUESDAY)
    assert (after.kind, after.is_off, after.is_by_hand) == (LESSON, False, False)
