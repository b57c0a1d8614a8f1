"""Who is shown at a lesson of the journal what gates, register and families say."""

from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.journal.rules import Hand
from cloud.office.journal_lesson_pages import sees_offers
from cloud.studies.queries import course_of
from tests.cloud.journal.factory import journal


async def test_what_gates_say_is_shown_to_who_is_to_write_by_it_and_to_who_may_know_it_anyway(
    services: Services,
) -> None:
    school = await journal(services)
    course = await course_of(services, school.school.id, school.studies.mathematics)
    reader = Actor("Reader", 1, frozenset({Reach(Role.METHODOLOGIST, course.school_id)}))
    elsewhere = Actor("Elsewhere", 2, frozenset({Reach(Role.DEPUTY, course.school_id + 1)}))
    of_another_class = Actor("Other", 3, frozenset({Reach(Role.CLASS_TEACHER, course.school_id, course.class_id + 1)}))

    seen = [
        sees_offers(actor, course, hand, is_closed=is_closed)
        for actor, hand, is_closed in (
            (school.teacher, Hand.TEACHER, False), (school.class_teacher, None, True),
            (school.deputy, Hand.CORRECTOR, True), (school.teacher, Hand.TEACHER, True), (reader, None, True),
            (elsewhere, None, True), (of_another_class, None, True),
        )
    ]  # fmt: skip

    assert seen == [True, True, True, False, False, False, False]
