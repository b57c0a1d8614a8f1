"""Schools through their public functions."""

from datetime import UTC, date, datetime

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.schools.actions import Days, NewSchool, add_class, add_school, set_class_days, set_terms
from cloud.schools.calendar import set_day
from cloud.schools.errors import CodeTaken, SchoolRefused, SchoolUnknown
from cloud.schools.models import DayKind, Weekday
from cloud.schools.queries import classes_of, day_plan, day_plans, school_of_code, schools_of, terms_of
from cloud.schools.rules import Day
from tests.cloud.journal.factory import journal
from tests.cloud.schools.factory import SYSTEM, a_school

FRIDAY = date(2026, 9, 4)
AUTUMN, WINTER = (date(2026, 9, 1), date(2026, 10, 25)), (date(2026, 11, 4), date(2026, 12, 29))
SPRING = date(2027, 1, 11), date(2027, 3, 20)


async def test_a_school_is_found_by_its_code_with_a_shard_that_was_drawn(services: Services) -> None:
    school_id = await a_school(services)

    found = await school_of_code(services, "almaty5")

    assert (found.id, found.name("ru"), found.name("kk")) == (school_id, "Школа № 5", "№5 мектеп")
    assert 0 <= found.shard < 64
    with pytest.raises(SchoolUnknown, match="almaty6"):
        await school_of_code(services, "almaty6")


async def test_a_code_is_given_once(services: Services) -> None:
    await a_school(services)

    with pytest.raises(CodeTaken):
        await a_school(services)


@pytest.mark.parametrize(
    "new",
    [
        NewSchool("Almaty5", "a", "b", "c"),
        NewSchool("a5", "a", "b", "c"),
        NewSchool("almaty5", "a", " ", "c"),
        NewSchool("almaty5", "a", "b\nBcc: c", "c"),
        NewSchool("almaty5", "a", "b", "c\x00"),
        NewSchool("almaty5", "a", "b", "c", zone="Asia/Nowhere"),
        NewSchool("almaty5", "a", "b", "c", school_days=7),
    ],
)
async def test_a_school_that_cannot_be_is_refused(services: Services, new: NewSchool) -> None:
    with pytest.raises(SchoolRefused):
        await add_school(services, SYSTEM, new)


async def test_the_plans_of_all_classes_are_those_asked_for_one_by_one(services: Services) -> None:
    school_id = await a_school(services)
    first = await add_class(services, SYSTEM, school_id, 5, "а", shift=1)
    second = await add_class(services, SYSTEM, school_id, 7, "ә", shift=2)
    await set_class_days(services, SYSTEM, second, {Weekday.FRIDAY: (2, 4)})

    plans = await day_plans(services, school_id, FRIDAY)

    assert plans == {each: await day_plan(services, school_id, each, FRIDAY) for each in (None, first, second)}
    assert plans[first].starts_at == datetime(2026, 9, 4, 3, 0, tzinfo=UTC)
    assert plans[second].starts_at == datetime(2026, 9, 4, 9, 45, tzinfo=UTC)


async def test_terms_and_holidays_stand_in_the_plan(services: Services) -> None:
    school_id = await a_school(services)
    await set_terms(services, SYSTEM, school_id, [(date(2026, 9, 1), date(2026, 10, 25))])
    await set_day(services, SYSTEM, school_id, FRIDAY, Day(DayKind.HOLIDAY, note="Мереке"))

    assert not (await day_plan(services, school_id, None, FRIDAY)).is_school_day
    assert (await day_plan(services, school_id, None, date(2026, 9, 7))).is_school_day
    assert not (await day_plan(services, school_id, None, date(2026, 10, 26))).is_school_day

    await set_day(services, SYSTEM, school_id, FRIDAY, None)
    assert (await day_plan(services, school_id, None, FRIDAY)).is_school_day
    with pytest.raises(SchoolRefused):
        await set_terms(services, SYSTEM, school_id, [(FRIDAY, FRIDAY), (FRIDAY, FRIDAY)])


async def test_the_journal_tells_of_terms_what_was_and_what_is(services: Services) -> None:
    school_id = await a_school(services)

    await set_terms(services, SYSTEM, school_id, [(date(2026, 11, 4), date(2026, 12, 29))])
    await set_terms(services, SYSTEM, school_id, [AUTUMN, (date(2026, 11, 5), date(2026, 12, 29))])

    rows = await services.database.pool.fetch(
        "SELECT detail->>'was' AS was, detail->>'now' AS now FROM audit_entry WHERE verb = 'school.terms_set'"
        " ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [
        ("", "2026-11-04/2026-12-29"),
        ("2026-11-04/2026-12-29", "2026-09-01/2026-10-25 2026-11-05/2026-12-29"),
    ]


@pytest.mark.parametrize(
    ("terms", "is_closed"),
    [
        ([], True),
        ([WINTER], True),
        ([(date(2026, 9, 2), date(2026, 10, 25)), WINTER], True),
        ([(date(2026, 9, 1), date(2026, 10, 26)), WINTER], True),
        ([AUTUMN], True),  # it would be open again: none begins after it
        ([AUTUMN, (date(2026, 12, 1), date(2026, 12, 29))], True),
        ([AUTUMN, (date(2026, 11, 4), date(2026, 12, 28)), SPRING], False),
        ([AUTUMN, WINTER], False),
    ],
)
async def test_a_term_that_ended_with_marks_stays_closed(
    services: Services, terms: list[Days], is_closed: bool
) -> None:
    school = await journal(services, [AUTUMN, WINTER, SPRING])
    await school.type(await school.lesson(), 0, "9")
    await school.at(date(2026, 11, 20))

    if is_closed:
        with pytest.raises(SchoolRefused, match="2026-09-01 has ended"):
            await set_terms(services, SYSTEM, school.school.id, terms)
    else:
        await set_terms(services, SYSTEM, school.school.id, terms)

    assert await terms_of(services, school.school.id) == ([AUTUMN, WINTER, SPRING] if is_closed else sorted(terms))


@pytest.mark.parametrize("has_marks", [True, False])
async def test_terms_that_have_not_ended_or_have_no_marks_can_be_others(services: Services, has_marks: bool) -> None:
    school = await journal(services, [AUTUMN, WINTER])
    if has_marks:
        await school.type(await school.lesson(), 0, "9")
    else:
        await school.at(date(2026, 11, 20))

    await set_terms(services, SYSTEM, school.school.id, [(date(2026, 9, 2), date(2026, 10, 20))])

    assert await terms_of(services, school.school.id) == [(date(2026, 9, 2), date(2026, 10, 20))]


async def test_marks_of_the_last_school_year_hold_no_day_of_this_one(services: Services) -> None:
    school = await journal(services, [AUTUMN, (date(2027, 9, 1), date(2027, 10, 25))])
    await school.type(await school.lesson(), 0, "9")
    await school.at(date(2027, 9, 3))

    await set_terms(services, SYSTEM, school.school.id, [AUTUMN, (date(2027, 9, 2), date(2027, 10, 25))])

    assert (await terms_of(services, school.school.id))[1][0] == date(2027, 9, 2)


async def test_a_class_is_added_once_and_its_shift_changed_by_adding_it_again(services: Services) -> None:
    school_id = await a_school(services)
    made = await add_class(services, SYSTEM, school_id, 5, "а")

    assert await add_class(services, SYSTEM, school_id, 5, "А", shift=2) == made
    assert [(row.name, row.shift) for row in await classes_of(services, SYSTEM, school_id)] == [("5А", 2)]


async def test_schools_are_seen_by_those_who_work_there(services: Services) -> None:
    here, there = await a_school(services), await a_school(services, "almaty6")
    office = Actor("Office", None, frozenset({Reach(Role.OFFICE, here)}))

    assert [row.code for row in await schools_of(services, office)] == ["almaty5"]
    assert [row.code for row in await schools_of(services, SYSTEM)] == ["almaty5", "almaty6"]
    assert await schools_of(services, Actor("nobody")) == []
    with pytest.raises(NotAllowed):
        await classes_of(services, office, there)
    with pytest.raises(NotAllowed):
        await set_terms(services, office, there, [])
    told = await noted_of(services, SYSTEM, there, Wanted())
    assert {row.verb for row in told} == {"school.added", "school.bells_set"}
