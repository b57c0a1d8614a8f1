"""Calendar-thematic plans of courses: who keeps them, and what does not fit."""

import pytest

from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.curriculum.kinds import ThemeKind
from cloud.curriculum.queries import themes_of
from cloud.curriculum.rules import Theme
from cloud.curriculum.themes import drop_theme, put_theme, set_themes
from cloud.studies.actions import drop_course
from cloud.studies.errors import StudyConflict
from tests.cloud.curriculum.factory import THEMES, planned
from tests.cloud.schools.factory import SYSTEM


@pytest.mark.requirement("KZ456-27.6")
async def test_the_teacher_of_a_course_keeps_its_themes_in_order(services: Services) -> None:
    school = (await planned(services)).school
    teacher, course_id = school.teachers[0], school.mathematics
    await set_themes(services, teacher, school.school_id, course_id, THEMES)

    await put_theme(services, teacher, school.school_id, course_id, Theme("", "Қайталау", 4, 3))
    changed = Theme("Натурал сандар", "Көбейту", 3, 2)
    await put_theme(services, teacher, school.school_id, course_id, changed, 2)
    await drop_theme(services, teacher, school.school_id, course_id, 1)

    plan = await themes_of(services, teacher, school.school_id, course_id)
    assert [each.title for each in plan.themes] == ["Көбейту", "БЖБ № 1", "Қайталау"]
    assert plan.themes[1].kind is ThemeKind.SOR
    assert (plan.hours, plan.may_keep, len(plan.mondays)) == (8, True, 34)
    assert [str(remark) for remark in plan.remarks] == [
        "The themes have 8 hours; the course has 170 in the 34 weeks of the terms."
    ]


async def test_another_teacher_reads_and_does_not_keep_them(services: Services) -> None:
    school = (await planned(services)).school
    another, course_id = school.teachers[1], school.mathematics

    assert not (await themes_of(services, another, school.school_id, course_id)).may_keep
    assert (await themes_of(services, school.deputy, school.school_id, course_id)).may_keep
    for asked in (
        set_themes(services, another, school.school_id, course_id, THEMES),
        put_theme(services, another, school.school_id, course_id, THEMES[0]),
        drop_theme(services, another, school.school_id, course_id, 1),
        themes_of(services, school.office, school.school_id, course_id),
    ):
        with pytest.raises(NotAllowed):
            await asked


async def test_a_place_that_is_not_there_is_not_found(services: Services) -> None:
    school = (await planned(services)).school
    await set_themes(services, SYSTEM, school.school_id, school.mathematics, THEMES)

    for place in (0, 4):
        with pytest.raises(NotFound):
            await drop_theme(services, SYSTEM, school.school_id, school.mathematics, place)
    with pytest.raises(NotFound):
        await set_themes(services, SYSTEM, school.school_id, 999_999, THEMES)


async def test_a_course_with_themes_is_not_deleted(services: Services) -> None:
    school = (await planned(services)).school
    await set_themes(services, SYSTEM, school.school_id, school.mathematics, THEMES)

    with pytest.raises(StudyConflict):
        await drop_course(services, SYSTEM, school.school_id, school.mathematics)
