"""Physical fitness through its seam: who writes it for whom, put right, taken out, and how it changed."""

from datetime import date, timedelta

import pytest

from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.progress.errors import FitnessRefused
from cloud.progress.fitness import PHYSICAL, Sheet, courses_for, fitness_of, put_values, sheet_of
from tests.cloud.journal.factory import TODAY, Journal, journal

EARLIER = TODAY - timedelta(days=10)


@pytest.fixture(name="journal")
async def _journal(services: Services) -> Journal:
    opened = await journal(services)
    await opened.studies.course(PHYSICAL, teacher=0)
    return opened


async def sheet(opened: Journal, on: date = TODAY) -> Sheet:
    (course,) = await courses_for(opened.services, opened.teacher, opened.school)
    return await sheet_of(opened.services, opened.teacher, opened.school, course.id, on)


async def typed(opened: Journal, on: date, values: dict[str, str], student: int = 0) -> int:
    named = {(opened.refs[student], key): value for key, value in values.items()}
    return await put_values(opened.services, opened.teacher, opened.school, await sheet(opened, on), named)


@pytest.mark.requirement("KBR-4.1.progress")
async def test_a_teacher_of_physical_education_writes_values_and_they_tell_what_became_better(journal: Journal) -> None:
    assert await typed(journal, EARLIER, {"run_60": "11,2", "jump": "150", "pull_ups": ""}) == 2
    assert await typed(journal, TODAY, {"run_60": "10,8", "jump": "145"}) == 2

    told = await fitness_of(journal.services, journal.school.id, journal.studies.student_ids[0])

    assert [(each.indicator.key, each.values, each.change) for each in told] == [
        ("run_60", [(EARLIER, 1_120), (TODAY, 1_080)], (-40, True)),
        ("jump", [(EARLIER, 15_000), (TODAY, 14_500)], (-500, False)),
    ]
    assert await fitness_of(journal.services, journal.school.id, journal.studies.student_ids[1]) == []


async def test_a_value_is_put_right_and_an_emptied_one_is_taken_out(journal: Journal) -> None:
    await typed(journal, TODAY, {"run_60": "11,2", "jump": "150"})
    assert await typed(journal, TODAY, {"run_60": "11,2", "jump": "150"}) == 0  # as it stands

    assert await typed(journal, TODAY, {"run_60": "11,3", "jump": " "}) == 2

    (told,) = await fitness_of(journal.services, journal.school.id, journal.studies.student_ids[0])
    assert told.values == [(TODAY, 1_130)]


async def test_of_a_refused_form_nothing_is_kept_and_it_says_whose_value_it_is(journal: Journal) -> None:
    with pytest.raises(FitnessRefused, match="Әліби Айгерім, Standing long jump"):
        await typed(journal, TODAY, {"run_60": "11,2", "jump": "far"})
    assert await put_values(
        journal.services, journal.teacher, journal.school, await sheet(journal),
        {("nobody", "jump"): "150", (journal.refs[0], "height"): "150"},
    ) == 0  # fmt: skip

    assert await fitness_of(journal.services, journal.school.id, journal.studies.student_ids[0]) == []


async def test_only_the_courses_teacher_comes_in_and_only_up_to_today(journal: Journal) -> None:
    course_id = (await sheet(journal)).course.id
    assert await courses_for(journal.services, journal.colleague, journal.school) == []
    with pytest.raises(NotFound):
        await sheet_of(journal.services, journal.colleague, journal.school, course_id, TODAY)
    with pytest.raises(NotFound):
        await sheet_of(journal.services, journal.teacher, journal.school, journal.studies.mathematics, TODAY)
    for actor in (journal.deputy, journal.class_teacher):
        with pytest.raises(NotAllowed):
            await sheet_of(journal.services, actor, journal.school, course_id, TODAY)
    for on in (TODAY + timedelta(days=1), date(2026, 7, 1)):
        with pytest.raises(FitnessRefused):
            await sheet(journal, on)
