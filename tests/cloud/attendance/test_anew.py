"""A day whose hours are changed after children came: nobody stays late by the old ones, and parents learn it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from cloud.attendance.anew import reckon_day
from cloud.core.services import Services
from cloud.notifications.kinds import Kind
from cloud.schools.calendar import set_day
from cloud.schools.models import DayKind
from cloud.schools.rules import Day, Whom
from simulators.clock import SimulatedClock
from tests.cloud.attendance.factory import EIGHT, School, tap
from tests.cloud.notifications.factory import Parent, a_parent, tell_all, told_to
from tests.cloud.schools.factory import SYSTEM

NINE = Day(DayKind.WORKDAY, from_min=9 * 60)


@pytest.fixture(name="school")
async def _school(services: Services, clock: SimulatedClock) -> AsyncIterator[School]:
    school = await School(services).open()
    clock.advance((EIGHT + timedelta(minutes=40) - clock.now()).total_seconds())
    yield school
    await school.close()


async def late(school: School) -> Parent:
    """Let the first child come half an hour late, and its parent be told."""
    parent = await a_parent(school, 0)
    await school.send(tap(school.refs[0], 30), tap(school.refs[1], -5))
    await school.project()
    await tell_all(school.services)
    return parent


async def kinds(school: School, parent: Parent) -> list[tuple[str, str, str]]:
    told = await told_to(school.services, parent)
    return [(each.kind.value, each.detail.was, each.detail.now) for each in told]


async def test_who_was_told_late_is_told_that_the_child_was_not(school: School) -> None:
    parent = await late(school)
    assert school.day is not None
    assert (await school.day(0))[3] == 30

    await set_day(school.services, SYSTEM, school.school_id, EIGHT.date(), NINE)
    people = await reckon_day(school.services, school.school_id, EIGHT.date())
    await tell_all(school.services)

    assert people == 2
    assert (await school.day(0))[3] == 0
    assert await kinds(school, parent) == [
        (Kind.LATE, "", ""), (Kind.DAY_CORRECTED, Kind.LATE, Kind.ARRIVED),
    ]  # fmt: skip


async def test_a_day_set_for_another_class_changes_nothing_and_tells_nobody(school: School) -> None:
    parent = await late(school)

    await set_day(school.services, SYSTEM, school.school_id, EIGHT.date(), NINE, Whom(grade=9))
    await reckon_day(school.services, school.school_id, EIGHT.date())
    await tell_all(school.services)

    assert (await school.day(0))[3] == 30
    assert await kinds(school, parent) == [(Kind.LATE, "", "")]


async def test_who_comes_after_the_day_was_set_is_judged_by_its_hours(school: School) -> None:
    await late(school)
    await set_day(school.services, SYSTEM, school.school_id, EIGHT.date(), NINE)

    await school.send(tap(school.refs[2], 35))
    await school.project()

    assert (await school.day(2))[3] == 0
