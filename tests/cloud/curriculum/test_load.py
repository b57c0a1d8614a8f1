"""The teaching load: hours by courses, lessons that were given, substitutions, the norm, vacancies."""

from datetime import date, timedelta

import pytest

from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.curriculum.actions import set_norm
from cloud.curriculum.errors import PlanRefused
from cloud.curriculum.load import Load, TeacherLoad, load_of
from cloud.people.moving import leave
from cloud.studies.actions import end_course, put_course
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.studies.factory import Studies, studies

DAY = timedelta(days=1)
_LESSON = """
INSERT INTO lesson (school_id, course_id, "on", number, teacher_id, is_off) VALUES ($1, $2, $3, $4, $5, $6)
"""


async def lesson(school: Studies, on: date, number: int, teacher: int | None = 0, *, is_off: bool = False) -> None:
    """Write a lesson of mathematics in 5А, given by the first or the second teacher, or by nobody."""
    teacher_id = None if teacher is None else school.teacher_ids[teacher]
    await school.services.database.pool.execute(
        _LESSON, school.school_id, school.mathematics, on, number, teacher_id, is_off
    )


async def load(school: Studies, first_on: date | None = None) -> Load:
    """Return the load of today, and what was given from a day to a week from now."""
    begins = first_on or school.today - 30 * DAY
    return await load_of(
        school.services, school.office, school.school_id, school.year, school.today, begins, school.today + 7 * DAY
    )


def of(found: Load, school: Studies, number: int) -> TeacherLoad:
    return next(each for each in found.teachers if each.id == school.teacher_ids[number])


@pytest.mark.requirement("KZ456-27.13")
async def test_hours_a_week_are_counted_by_courses_against_the_norm(services: Services) -> None:
    school = await studies(services)
    await school.course("algebra", half_hours=29, class_id=school.other_class_id)

    found = await load(school)

    first, second = of(found, school, 0), of(found, school, 1)
    assert (found.norm, found.is_own_norm) == (16, False)
    assert (first.half_hours, first.over, first.rate_hundredths) == (39, 7, 122)  # 19.5 hours of 16
    assert (second.half_hours, second.over, second.rate_hundredths) == (12, -20, 38)
    assert (found.half_hours, found.vacancies) == (51, [])

    await set_norm(services, school.deputy, school.school_id, 18)
    found = await load(school)
    assert (found.norm, found.is_own_norm, of(found, school, 0).over) == (18, True, 3)
    await set_norm(services, school.deputy, school.school_id, None)
    assert (await load(school)).norm == 16


@pytest.mark.requirement("KZ456-27.13")
async def test_a_lesson_counts_for_who_gave_it(services: Services, clock: SimulatedClock) -> None:
    school = await studies(services)
    clock.advance(10 * DAY.total_seconds())
    on = school.today
    await lesson(school, on, 1)
    await lesson(school, on, 2, 0)
    await lesson(school, on, 3, 1)
    await lesson(school, on, 4, is_off=True)
    await lesson(school, on + DAY, 1)  # planned, not given yet
    await lesson(school, on - 5 * DAY, 1)

    whole, today = await load(school), await load(school, on)

    assert [(of(whole, school, n).given, of(whole, school, n).substituted) for n in (0, 1)] == [(3, 0), (1, 1)]
    assert [(of(today, school, n).given, of(today, school, n).substituted) for n in (0, 1)] == [(2, 0), (1, 1)]


@pytest.mark.requirement("KZ456-27.13")
async def test_what_nobody_gave_counts_for_nobody_also_once_the_course_has_a_teacher(services: Services) -> None:
    school = await studies(services)
    put = services, SYSTEM, school.school_id
    await put_course(*put, school.given("mathematics", teacher=None), school.mathematics)
    await lesson(school, school.today, 1, None)
    await lesson(school, school.today, 2, 1)
    await put_course(*put, school.given("mathematics", teacher=0), school.mathematics)

    found = await load(school)

    assert [(of(found, school, n).given, of(found, school, n).substituted) for n in (0, 1)] == [(0, 0), (1, 1)]


async def test_courses_without_a_teacher_and_of_who_left_are_vacancies(services: Services) -> None:
    school = await studies(services)
    vacant = await school.course("history", teacher=None)
    ended = await school.course("music", teacher=None)
    await end_course(services, SYSTEM, school.school_id, ended, school.today - DAY)
    await leave(services, SYSTEM, school.teacher_ids[1])

    found = await load(school)

    assert {each.id for each in found.vacancies} == {vacant, *school.english}
    assert found.vacant_half_hours == 4 + 12
    assert [each.id for each in found.teachers] == [school.teacher_ids[0]]


async def test_who_may_not_see_or_set_it_does_not(services: Services) -> None:
    school = await studies(services)
    on = school.today

    with pytest.raises(NotAllowed):
        await set_norm(services, school.teachers[0], school.school_id, 18)
    for hours in (0, 41):
        with pytest.raises(PlanRefused):
            await set_norm(services, school.deputy, school.school_id, hours)
    other = await studies(services, "almaty6")
    with pytest.raises(NotAllowed):
        await load_of(services, other.office, school.school_id, school.year, on, on, on)
