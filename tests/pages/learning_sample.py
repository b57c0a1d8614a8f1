"""What the sample school teaches: subjects and courses, a timetable, a journal, a portfolio, tests, talks."""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.core.services import Services
from cloud.people.models import Person
from tests.pages import (
    advice_sample,
    asking_sample,
    assessment_sample,
    homework_sample,
    journal_sample,
    portfolio_sample,
    practice_sample,
    progress_sample,
    study_sample,
    talk_sample,
    timetable_sample,
)


class Learning(NamedTuple):
    """What pages of learning are opened by."""

    course_id: int  # of the child's class
    lesson_id: int  # of that course, today
    certificate: str  # the secret of its page's address


async def write(services: Services, school_id: int, people: Sequence[Person], staff: Sequence[Person]) -> Learning:
    """Write it; the first of the people is the child, and the first ten are its class."""
    teachers = [each.id for each in staff]
    await study_sample.write(services, school_id, teachers)
    await timetable_sample.write(services, school_id, teachers)
    certificate = await portfolio_sample.write(services, school_id, people[0].ref, staff[1].ref)
    course_id, lesson_id = await journal_sample.write(services, school_id, [each.ref for each in people[:10]])
    await advice_sample.write(services, school_id, [each.ref for each in people[:10]])
    await progress_sample.write(services, school_id, people[0].id, people[1].id)
    await homework_sample.write(services, school_id, course_id, lesson_id, people[0].ref)
    await talk_sample.write_all(services, school_id)
    await assessment_sample.write(services, school_id, people[0].ref)
    await practice_sample.write(services, school_id, people[0].ref)
    await asking_sample.write(services, school_id, people, course_id, lesson_id)
    return Learning(course_id, lesson_id, certificate)
