"""Curriculum plans at a school: headings, content, copies, and classes that are taught by them."""

from dataclasses import replace
from datetime import date

import pytest

from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.curriculum.actions import apply_plan, copy_plan, drop_item, drop_plan, put_item, put_plan, set_units
from cloud.curriculum.errors import PlanConflict, PlanRefused
from cloud.curriculum.queries import plans_of, whole_plan
from cloud.curriculum.rules import Differs, Unit
from cloud.people.moving import leave
from cloud.schools.actions import add_class
from cloud.studies.actions import end_course, put_course
from cloud.studies.queries import courses_of
from tests.cloud.curriculum.factory import PLAN, Planned, planned
from tests.cloud.schools.factory import SYSTEM, a_school


async def differences(planned_by: Planned, name: str = "5А") -> list[tuple[str, Differs, int, tuple[int, ...]]]:
    """Return how a class differs from the plan, by codes of subjects."""
    school = planned_by.school
    whole = await whole_plan(school.services, SYSTEM, school.school_id, planned_by.plan_id)
    found = next(each for each in whole.classes if each.name == name)
    return [(whole.subjects[d.subject_id].code, d.how, d.planned, d.taught) for d in found.differences]


@pytest.mark.requirement("KZ456-27.6")
async def test_a_plan_has_a_heading_and_content(services: Services) -> None:
    at = await planned(services)
    school = at.school
    units = [Unit("Натурал сандар", 60), Unit("Бөлшектер", 110)]
    await set_units(services, school.deputy, school.school_id, at.plan_id, school.subjects["mathematics"], units)

    whole = await whole_plan(services, school.teachers[0], school.school_id, at.plan_id)

    plan = whole.plan
    assert (plan.title, plan.year, plan.grade, plan.language, plan.weeks) == (
        "5 сынып, қазақ тілінде",
        2026,
        5,
        "kk",
        34,
    )
    assert (plan.paper, plan.approved_by, plan.approved_on) == ("№ 12 бұйрық", "Ерлан Нұр", date(2026, 8, 25))
    assert [(each.subject.code, each.half_hours, each.year_hours) for each in whole.items] == [
        ("english", 6, 102), ("mathematics", 10, 170), ("history", 4, 68),
    ]  # fmt: skip
    assert whole.items[1].units == units
    assert (whole.half_hours, plan.subjects, whole.remarks) == (20, 3, [])
    assert all(each.remarks == [] for each in whole.items)


@pytest.mark.requirement("KZ456-27.6")
async def test_a_plan_that_does_not_fit_the_schools_year_is_told(services: Services) -> None:
    at = await planned(services)
    school = at.school
    longer = replace(PLAN, weeks=36)
    await put_plan(services, school.deputy, school.school_id, longer, at.plan_id)
    await set_units(
        services, school.deputy, school.school_id, at.plan_id, school.subjects["history"], [Unit("Тас дәуірі", 60)]
    )  # fmt: skip

    whole = await whole_plan(services, school.deputy, school.school_id, at.plan_id)

    assert [str(remark) for remark in whole.remarks] == [
        "The plan is for 36 weeks; the school's terms of this year have 34."
    ]
    history = next(each for each in whole.items if each.subject.code == "history")
    assert [str(remark) for remark in history.remarks] == [
        "By hours a week and 36 weeks it would be 72 hours a year, not 68.",
        "The units have 60 hours together, the year has 68.",
    ]


async def test_a_class_differs_from_the_plan_until_it_is_applied(services: Services) -> None:
    at = await planned(services)
    school = at.school
    await put_course(
        services, SYSTEM, school.school_id, school.given("mathematics", half_hours=8), school.mathematics
    )  # fmt: skip
    await school.course("music", half_hours=2)
    assert await differences(at) == [
        ("mathematics", Differs.OTHER, 10, (8,)), ("history", Differs.MISSING, 4, ()), ("music", Differs.MORE, 0, (2,)),
    ]  # fmt: skip

    assert await apply_plan(services, school.deputy, school.school_id, at.plan_id, school.class_id) == 2

    assert await differences(at) == [("music", Differs.MORE, 0, (2,))]
    courses = {each.subject.code: each for each in await courses_of(services, school.school_id, school.year)}
    assert (courses["history"].teacher_id, courses["history"].half_hours) == (None, 4)
    assert courses["mathematics"].teacher_id == school.teacher_ids[0]
    (plan,) = await plans_of(services, school.deputy, school.school_id, school.year)
    assert plan.classes == 1
    assert await apply_plan(services, school.deputy, school.school_id, at.plan_id, school.class_id) == 0


async def test_a_subject_whose_course_was_ended_is_not_begun_anew(services: Services) -> None:
    at = await planned(services)
    school = at.school
    await end_course(services, SYSTEM, school.school_id, school.mathematics, school.today)

    assert await apply_plan(services, school.deputy, school.school_id, at.plan_id, school.class_id) == 1

    courses = await courses_of(services, school.school_id, school.year, class_ids=[school.class_id])
    assert sorted((each.subject.code, each.ended_on) for each in courses if not each.group) == [
        ("history", None), ("mathematics", school.today),
    ]  # fmt: skip
    assert await differences(at) == [("mathematics", Differs.MISSING, 10, ())]


async def test_groups_get_what_the_class_does_not_have_and_who_left_leaves_a_vacancy(services: Services) -> None:
    at = await planned(services)
    school = at.school
    await put_item(services, SYSTEM, school.school_id, at.plan_id, school.subjects["english"], 8, 136)
    await school.course("english", "", 0, 2)
    await leave(services, SYSTEM, school.teacher_ids[1])
    assert ("english", Differs.OTHER, 8, (8,)) not in await differences(at)  # 2 with the class, 6 in the group
    await put_item(services, SYSTEM, school.school_id, at.plan_id, school.subjects["english"], 10, 170)

    await apply_plan(services, school.deputy, school.school_id, at.plan_id, school.class_id)

    assert await differences(at) == []
    groups = [each for each in await courses_of(services, school.school_id, school.year) if each.group]
    assert [(each.half_hours, each.teacher_id) for each in groups] == [(8, None), (8, None)]


async def test_a_plan_is_applied_to_a_class_of_its_grade_by_who_keeps_studies(services: Services) -> None:
    at = await planned(services)
    school = at.school
    other = await a_school(services, "almaty6")
    stranger = await add_class(services, SYSTEM, other, 5, "А")

    for class_id in (school.other_class_id, stranger, 999_999):
        with pytest.raises(PlanRefused):
            await apply_plan(services, school.deputy, school.school_id, at.plan_id, class_id)
    with pytest.raises(NotAllowed):
        await apply_plan(services, school.teachers[0], school.school_id, at.plan_id, school.class_id)


async def test_a_copy_has_the_content_and_is_changed_by_itself(services: Services) -> None:
    at = await planned(services)
    school = at.school
    subject = school.subjects["history"]
    await set_units(services, SYSTEM, school.school_id, at.plan_id, subject, [Unit("Тас дәуірі", 68)])

    copied = await copy_plan(services, school.deputy, school.school_id, at.plan_id, replace(PLAN, year=2027))
    await drop_item(services, school.deputy, school.school_id, at.plan_id, subject)

    whole = await whole_plan(services, SYSTEM, school.school_id, copied)
    assert (whole.plan.year, whole.plan.subjects) == (2027, 3)
    assert whole.items[-1].units == [Unit("Тас дәуірі", 68)]
    assert (await whole_plan(services, SYSTEM, school.school_id, at.plan_id)).plan.subjects == 2


async def test_a_name_is_one_plans_in_a_grade_and_year(services: Services) -> None:
    at = await planned(services)
    school = at.school
    other = await put_plan(services, school.deputy, school.school_id, replace(PLAN, language="ru", title="5, рус."))

    with pytest.raises(PlanConflict):
        await put_plan(services, school.deputy, school.school_id, PLAN)
    with pytest.raises(PlanConflict):
        await put_plan(services, school.deputy, school.school_id, PLAN, other)
    with pytest.raises(PlanConflict):
        await copy_plan(services, school.deputy, school.school_id, other, PLAN)


async def test_a_plan_by_which_classes_are_taught_keeps_grade_and_is_not_deleted(services: Services) -> None:
    at = await planned(services)
    school = at.school
    await apply_plan(services, school.deputy, school.school_id, at.plan_id, school.class_id)

    with pytest.raises(PlanConflict):
        await drop_plan(services, school.deputy, school.school_id, at.plan_id)
    with pytest.raises(PlanConflict):
        await put_plan(services, school.deputy, school.school_id, replace(PLAN, grade=6), at.plan_id)
    other = await copy_plan(services, school.deputy, school.school_id, at.plan_id, replace(PLAN, title="Басқа"))
    await apply_plan(services, school.deputy, school.school_id, other, school.class_id)
    await drop_plan(services, school.deputy, school.school_id, at.plan_id)
    assert [each.id for each in await plans_of(services, SYSTEM, school.school_id, 2026)] == [other]


async def test_what_is_not_the_schools_or_not_allowed_changes_nothing(services: Services) -> None:
    at = await planned(services)
    school = at.school
    other = await a_school(services, "almaty6")
    teacher, subject = school.teachers[0], school.subjects["history"]

    with pytest.raises(NotFound):
        await put_item(services, SYSTEM, other, at.plan_id, subject, 2, 34)
    with pytest.raises(NotFound):
        await set_units(services, SYSTEM, school.school_id, at.plan_id, school.subjects["music"], [])
    with pytest.raises(PlanRefused):
        await put_item(services, SYSTEM, school.school_id, at.plan_id, 999_999, 2, 34)
    for asked in (
        put_plan(services, teacher, school.school_id, PLAN), drop_plan(services, teacher, school.school_id, at.plan_id),
        put_item(services, school.office, school.school_id, at.plan_id, subject, 2, 34),
        drop_item(services, teacher, school.school_id, at.plan_id, subject),
        set_units(services, teacher, school.school_id, at.plan_id, subject, []),
        copy_plan(services, teacher, school.school_id, at.plan_id, PLAN),
        whole_plan(services, school.office, school.school_id, at.plan_id),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            await asked
