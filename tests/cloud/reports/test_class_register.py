"""Meals by right of children who were not in class: told to the canteen and in the report, whenever that was said."""

from datetime import timedelta

import pytest

from cloud.attendance.queries import school_or_classes_today
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.meals.odd import Kind, odd_counts, odd_of
from cloud.register.actions import mark, mark_rest
from cloud.register.kinds import BY_CODE
from cloud.register.queries import class_on
from cloud.reports.actions import renew, supplement
from cloud.reports.checking import check
from cloud.reports.content import AsOf, canonical
from cloud.reports.making import make_due
from cloud.reports.meals import MEALS
from cloud.reports.months import Month
from cloud.reports.queries import changed_since, report_of, reports_of
from cloud.schools.actions import add_class
from simulators.clock import SimulatedClock
from tests.cloud.reports.factory import FIRST, MONTH, School, noon
from tests.cloud.reports.test_actions import signed_by_director
from tests.cloud.schools.factory import SYSTEM

SECOND = FIRST + timedelta(days=1)


class Class:
    """The three children of a school of reports, in a class, with who says that they are not there."""

    def __init__(self, services: Services, school: School, class_id: int) -> None:
        self.services, self.school, self.class_id = services, school, class_id
        self.teacher = Actor(
            "Айгүл Сейіт", None, frozenset({Reach(Role.CLASS_TEACHER, school.school_id, class_id)})
        )  # fmt: skip

    async def say(self, code: str, child: int, actor: Actor | None = None) -> None:
        today = await school_or_classes_today(self.services, SYSTEM, "almaty5", Right.REGISTER_READ)
        day = await class_on(self.services, SYSTEM, today, self.class_id, FIRST)
        ref = self.school.refs[child]
        seen = next(each.number for each in day.children if each.ref == ref)
        await mark(self.services, actor or self.school.office, today, self.class_id, FIRST, ref, BY_CODE[code], seen)

    async def rest(self) -> None:
        today = await school_or_classes_today(self.services, SYSTEM, "almaty5", Right.REGISTER_READ)
        await mark_rest(self.services, self.teacher, today, self.class_id, FIRST, 1)


@pytest.fixture(name="taught")
async def _taught(services: Services, school: School) -> Class:
    class_id = await add_class(services, SYSTEM, school.school_id, 5, "А")
    await services.database.pool.execute("UPDATE person SET school_class_id = $1 WHERE role = 'student'", class_id)
    return Class(services, school, class_id)


async def made(services: Services, school: School) -> int:
    await make_due(services, MEALS)
    row, *_ = await reports_of(services, school.office, school.school_id, MEALS)
    return row.id


async def counts(services: Services, school: School, report_id: int) -> dict[str, int]:
    report = await report_of(services, school.office, school.school_id, report_id)
    return dict(report.content.remarks.counts)


async def is_same(services: Services) -> list[bool]:
    return [each.is_same for each in await check(services, SYSTEM, "almaty5", Month.parse(MONTH), MEALS)]


async def test_a_mark_that_is_made_after_the_meal_and_the_report_is_told_by_the_next_one(
    services: Services, school: School, taught: Class
) -> None:
    for child in range(3):
        await school.ate(child, FIRST)
    await school.projected()
    report_id = await made(services, school)
    assert "absent_in_class" not in await counts(services, school, report_id)
    report = await report_of(services, school.office, school.school_id, report_id)
    assert await changed_since(services, report) is None

    await taught.say("absent_ill", 0)
    await taught.say("away", 1)

    assert await changed_since(services, report) is not None
    await renew(services, school.office, school.school_id, report_id)
    renewed = await report_of(services, school.office, school.school_id, report_id)
    lines = [each for each in renewed.content.remarks.lines if each.what == "absent_in_class"]
    assert [(each.student, each.on, each.meal) for each in lines] == [(school.refs[0], FIRST, "lunch")]
    assert renewed.content.totals.free.meals == 3  # it is told, and counts
    assert b'"ill"' not in canonical(renewed.content)
    assert await is_same(services) == [True]


async def test_a_signed_report_is_made_anew_as_it_was_whatever_is_said_afterwards(
    services: Services, school: School, taught: Class
) -> None:
    for child in range(3):
        await school.ate(child, FIRST)
    await school.projected()
    await taught.say("absent_family", 0)
    report_id = await made(services, school)
    await signed_by_director(services, school, report_id)

    await taught.say("present", 0)
    await taught.say("absent_ill", 2)

    assert await is_same(services) == [True]
    assert (await counts(services, school, report_id))["absent_in_class"] == 1
    second = await supplement(services, school.office, school.school_id, report_id)
    report = await report_of(services, school.office, school.school_id, second)
    assert [each.student for each in report.content.remarks.lines] == [school.refs[2]]
    assert await is_same(services) == [True, True]


async def test_the_canteen_is_told_by_whom_the_child_was_marked_and_not_why(
    services: Services, school: School, taught: Class, clock: SimulatedClock
) -> None:
    clock.jump((noon(FIRST) - clock.now()).total_seconds())  # while the day goes on, before anybody ate
    await taught.say("absent_ill", 0, taught.teacher)
    await taught.say("away", 1, taught.teacher)
    sold = [await school.ate(child, FIRST, came=child == 0) for child in range(3)]
    await school.told(noon(FIRST), *school.sold(0, 577_00))  # paid for by the parents
    await school.ate(0, SECOND)
    await school.projected()

    found = dict(await odd_counts(services, SYSTEM, school.school_id, FIRST))
    (told,) = await odd_of(services, SYSTEM, school.school_id, FIRST, Kind.ABSENT_IN_CLASS)

    assert (found[Kind.ABSENT_IN_CLASS], found[Kind.NOT_SEEN]) == (1, 2)
    assert (told.ref, told.detail, told.id) == (school.refs[0], "Айгүл Сейіт", getattr(sold[0], "id", ""))
    assert "'ill'" not in repr(told)
    assert Kind.ABSENT_IN_CLASS not in dict(await odd_counts(services, SYSTEM, school.school_id, SECOND))


async def test_a_child_that_is_marked_absent_eats_all_the_same(
    services: Services, school: School, taught: Class, clock: SimulatedClock
) -> None:
    rights = await services.database.pool.fetchval("SELECT count(*) FROM entitled WHERE ended_at IS NULL")
    clock.jump((noon(FIRST) - clock.now()).total_seconds())
    await taught.say("absent_ill", 0, taught.teacher)
    await taught.rest()

    await school.ate(0, FIRST)
    await school.projected()

    assert await services.database.pool.fetchval("SELECT count(*) FROM entitled WHERE ended_at IS NULL") == rights
    sale = await services.database.pool.fetchrow("SELECT payment, is_void, amount_tiyn FROM meal_sale")
    assert tuple(sale) == ("free", False, 0)
    assert await services.database.pool.fetchval("SELECT count(*) FROM meal_odd") == 0


def test_a_report_of_before_the_register_keeps_its_bytes() -> None:
    before = AsOf("2026-09-01T21:00:00Z", 7, 3, 2)

    assert canonical(before) == b'{"at":"2026-09-01T21:00:00Z","attendance":2,"meals":3,"shard":7}'
    assert canonical(AsOf("2026-09-01T21:00:00Z", 7, 3, 2, 9)).endswith(b'"register":9,"shard":7}')
