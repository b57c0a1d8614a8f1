"""Days that are not what their weekday says: set by who keeps the school, for whom they are meant, seen at once."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.schools.actions import add_class, set_bells, set_class_days, set_terms
from cloud.schools.calendar import SPAN, days_ahead, other_days, set_day, set_days
from cloud.schools.errors import SchoolRefused
from cloud.schools.many import Plans
from cloud.schools.models import DayKind, Weekday
from cloud.schools.queries import day_plans
from cloud.schools.rules import EVERYBODY, Day, DayPlan, Ring, Whom
from tests.cloud.schools.factory import SYSTEM, a_school

TUESDAY, FRIDAY, SATURDAY = date(2026, 9, 1), date(2026, 9, 4), date(2026, 9, 5)
OFF, LATER = Day(DayKind.HOLIDAY), Day(DayKind.WORKDAY, from_min=600, note="Линейка")


async def test_a_grade_and_a_class_have_a_day_of_their_own_once_each(services: Services) -> None:
    school_id = await a_school(services)
    first, second, other = [
        await add_class(services, SYSTEM, school_id, grade, letter) for grade, letter in ((5, "А"), (5, "Б"), (6, "А"))
    ]
    await set_day(services, SYSTEM, school_id, FRIDAY, OFF, Whom(5))
    await set_day(services, SYSTEM, school_id, FRIDAY, OFF, Whom(class_id=first))
    await set_day(services, SYSTEM, school_id, FRIDAY, LATER, Whom(class_id=first))

    plans = await day_plans(services, school_id, FRIDAY)

    assert plans[first].starts_at == datetime(2026, 9, 4, 5, 0, tzinfo=UTC)
    assert (plans[second].is_school_day, plans[other].is_school_day) == (False, True)
    assert plans[None].is_school_day
    shown = await days_ahead(services, SYSTEM, school_id, TUESDAY)
    assert [(each.class_name, each.whom, each.day) for each in shown] == [
        ("5А", Whom(class_id=first), LATER), ("", Whom(5), OFF),
    ]  # fmt: skip


async def test_of_several_days_those_with_lessons_are_set_and_one_alone_may_be_a_saturday(services: Services) -> None:
    school_id = await a_school(services)
    week = FRIDAY, FRIDAY + timedelta(days=3)

    several = await set_days(services, SYSTEM, school_id, week, LATER, EVERYBODY, TUESDAY)
    alone = await set_days(services, SYSTEM, school_id, (SATURDAY, SATURDAY), LATER, EVERYBODY, TUESDAY)

    assert several == [FRIDAY, FRIDAY + timedelta(days=3)]
    assert alone == [SATURDAY]
    assert (await day_plans(services, school_id, SATURDAY))[None].is_school_day


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (TUESDAY - timedelta(days=1), TUESDAY),
        (FRIDAY, TUESDAY),
        (TUESDAY, TUESDAY + SPAN),
        (TUESDAY + timedelta(days=400), TUESDAY + timedelta(days=400)),
        (SATURDAY, SATURDAY + timedelta(days=1)),  # no lessons on either
    ],
)
async def test_days_that_cannot_be_set_are_refused(services: Services, first: date, last: date) -> None:
    school_id = await a_school(services)

    with pytest.raises(SchoolRefused):
        await set_days(services, SYSTEM, school_id, (first, last), OFF, EVERYBODY, TUESDAY)

    assert await days_ahead(services, SYSTEM, school_id, date(2020, 1, 1)) == []


async def test_who_keeps_another_school_sets_nothing_here_and_a_class_is_of_the_school(services: Services) -> None:
    here, there = await a_school(services), await a_school(services, "almaty6")
    office = Actor("Office", None, frozenset({Reach(Role.OFFICE, here)}))
    teacher = Actor("Teacher", None, frozenset({Reach(Role.TEACHER, here)}))
    class_id = await add_class(services, SYSTEM, there, 5, "А")

    for actor, school_id in ((office, there), (teacher, here)):
        with pytest.raises(NotAllowed):
            await set_day(services, actor, school_id, FRIDAY, OFF)
        with pytest.raises(NotAllowed):
            await days_ahead(services, actor, school_id, TUESDAY)
    with pytest.raises(NotFound):
        await set_day(services, office, here, FRIDAY, OFF, Whom(class_id=class_id))
    with pytest.raises(SchoolRefused):
        await set_day(services, office, here, FRIDAY, OFF, Whom(grade=14))
    with pytest.raises(SchoolRefused):
        await set_day(services, office, here, FRIDAY, Day(DayKind.HOLIDAY, note="а" * 121))


async def test_the_journal_says_what_was_set_for_whom(services: Services) -> None:
    school_id = await a_school(services)
    await set_day(services, SYSTEM, school_id, FRIDAY, Day(DayKind.WORKDAY, lessons=4, until_min=720), Whom(5))
    await set_day(services, SYSTEM, school_id, FRIDAY, None, Whom(5))

    asked = "SELECT detail FROM audit_entry WHERE verb = 'school.day_set' ORDER BY id"
    put, taken = (json.loads(row["detail"]) for row in await services.database.pool.fetch(asked))

    assert (put["on"], put["grade"], put["lessons"], put["until_min"]) == ("2026-09-04", "5", "4", "720")
    assert (taken["kind"], taken["grade"]) == ("", "5")


async def test_plans_that_are_remembered_know_at_once_what_was_set(services: Services) -> None:
    school_id = await a_school(services)
    class_id = await add_class(services, SYSTEM, school_id, 5, "А")
    plans = Plans(services.clock)

    async def known() -> DayPlan:
        async with services.database.pool.acquire() as connection:
            return (await plans.of(connection, [(school_id, FRIDAY)]))[school_id, FRIDAY].plan_of(class_id)

    before = await known()

    changes: list[Callable[[], Awaitable[object]]] = [
        lambda: set_day(services, SYSTEM, school_id, FRIDAY, LATER),
        lambda: set_day(services, SYSTEM, school_id, FRIDAY, None),
        lambda: set_class_days(services, SYSTEM, class_id, {Weekday.FRIDAY: (2, 3)}),
        lambda: set_bells(services, SYSTEM, school_id, [Ring(1, n, 500 + 50 * n, 540 + 50 * n) for n in (1, 2, 3)]),
        lambda: set_terms(services, SYSTEM, school_id, [(date(2026, 10, 1), date(2026, 10, 25))]),
    ]
    seen = [before]
    for change in changes:
        await change()
        seen.append(await known())

    assert seen[2] == before
    assert len({seen[0], seen[1], *seen[3:]}) == 5
    assert not seen[-1].is_school_day


async def test_a_class_sees_the_days_that_are_others_for_it(services: Services) -> None:
    school_id = await a_school(services)
    class_id, other = [await add_class(services, SYSTEM, school_id, 5, letter) for letter in ("А", "Б")]
    await set_day(services, SYSTEM, school_id, TUESDAY, Day(DayKind.WORKDAY))  # as on any Tuesday
    await set_day(services, SYSTEM, school_id, FRIDAY, LATER, Whom(class_id=class_id))
    await set_day(services, SYSTEM, school_id, FRIDAY + timedelta(days=3), OFF)

    own = await other_days(services, school_id, class_id, TUESDAY, date(2026, 9, 30))
    others = await other_days(services, school_id, other, TUESDAY, date(2026, 9, 30))

    assert list(own) == [FRIDAY, FRIDAY + timedelta(days=3)]
    assert (own[FRIDAY].note, own[FRIDAY].plan.starts_at) == ("Линейка", datetime(2026, 9, 4, 5, 0, tzinfo=UTC))
    assert list(others) == [FRIDAY + timedelta(days=3)]
    assert not others[FRIDAY + timedelta(days=3)].plan.is_school_day
