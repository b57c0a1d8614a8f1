"""Moving, leaving and coming back by the office: as of a day, by a paper, told in the book and in the audit journal."""

from datetime import date, timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.people.errors import PersonRefused
from cloud.people.kinds import CHANGED
from cloud.people.moving import bring_back, history_of, leave, move, transfers_of
from cloud.people.stays import Kind, Said
from cloud.schools.actions import add_class
from simulators.clock import SimulatedClock
from tests.cloud.core.test_wakeups import heard
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

DAY = timedelta(days=1)


async def two_classes(services: Services) -> tuple[int, int, int]:
    """Return a school with 5А and 5Ә."""
    school_id = await a_school(services)
    return (
        school_id,
        await add_class(services, SYSTEM, school_id, 5, "А"),
        await add_class(services, SYSTEM, school_id, 5, "Ә"),
    )


def office(school_id: int) -> Actor:
    return Actor("Гүлнар Ахметова", reaches=frozenset({Reach(Role.OFFICE, school_id)}))


def local(services: Services) -> date:
    """Return the school's own day; schools of these tests are five hours ahead."""
    return (services.clock.now() + timedelta(hours=5)).date()


@pytest.mark.requirement("KZ456-27.4")
async def test_a_move_is_told_in_the_history_of_study_with_its_order(services: Services, clock: SimulatedClock) -> None:
    school_id, first, second = await two_classes(services)
    student_id = await a_student(services, school_id, "1", first)
    came_on = local(services)
    clock.advance(20 * 86_400)
    moved_on = local(services) - 2 * DAY

    moved = await move(
        services, office(school_id), school_id, [student_id], second, Said(moved_on, paper=" order  45 ")
    )

    stays, lines = await history_of(services, SYSTEM, school_id, student_id)
    assert moved == 1
    assert [(each.class_name, each.first_on, each.last_on) for each in stays] == [
        ("5А", came_on, moved_on - DAY), ("5Ә", moved_on, None),
    ]  # fmt: skip
    assert [(each.kind, each.from_class, each.to_class, each.paper, each.by_name) for each in lines] == [
        (Kind.MOVED, "5А", "5Ә", "order 45", "Гүлнар Ахметова"), (Kind.ARRIVED, "", "5А", "", ""),
    ]  # fmt: skip
    (entry, *_) = await noted_of(services, SYSTEM, school_id, Wanted(verb="person.moved"))
    assert entry.subject == f"person:{student_id}"


async def test_a_move_of_many_moves_those_who_were_elsewhere_and_wakes_the_rosters(services: Services) -> None:
    school_id, first, second = await two_classes(services)
    people = [await a_student(services, school_id, str(number), first) for number in range(3)]
    people.append(await a_student(services, school_id, "9", second))

    subscription = await services.wakeups.subscribe(CHANGED)

    assert await move(services, SYSTEM, school_id, people, second, Said()) == 3

    assert await heard(subscription) == str(school_id)


async def test_what_cannot_be_moves_nobody(services: Services, clock: SimulatedClock) -> None:
    school_id, first, second = await two_classes(services)
    other_id = await a_school(services, "almaty6")
    stranger = await a_student(services, other_id)
    student_id = await a_student(services, school_id, "1", first)
    clock.advance(5 * 86_400)
    today = local(services)
    for said, why in (
        (Said(today + DAY), "still to come"), (Said(today - 9 * DAY), "came into the class"),
        (Said(paper="x" * 121), "letters at most"), (Said(place="\x07"), "letters at most"),
    ):  # fmt: skip
        with pytest.raises(PersonRefused, match=why):
            await move(services, SYSTEM, school_id, [student_id], second, said)
    with pytest.raises(NotFound):
        await move(services, SYSTEM, school_id, [student_id, stranger], second, Said())
    with pytest.raises(NotFound):
        await move(services, SYSTEM, other_id, [stranger], second, Said())
    with pytest.raises(NotAllowed):
        await move(services, office(other_id), school_id, [student_id], second, Said())
    with pytest.raises(PersonRefused):
        await move(services, SYSTEM, school_id, [], second, Said())

    stays, _ = await history_of(services, SYSTEM, school_id, student_id)
    assert [each.class_name for each in stays] == ["5А"]


async def test_who_left_by_mistake_and_comes_back_never_left(services: Services, clock: SimulatedClock) -> None:
    school_id, first, _ = await two_classes(services)
    student_id = await a_student(services, school_id, "1", first)
    clock.advance(86_400)
    await leave(services, SYSTEM, student_id, Said(place="Шымкент, № 7", paper="order 50"))

    await bring_back(services, SYSTEM, school_id, student_id, None, Said())

    stays, lines = await history_of(services, SYSTEM, school_id, student_id)
    assert [(each.class_name, each.last_on) for each in stays] == [("5А", None)]
    assert [(each.kind, each.place) for each in lines] == [
        (Kind.ARRIVED, ""), (Kind.LEFT, "Шымкент, № 7"), (Kind.ARRIVED, ""),
    ]  # fmt: skip
    with pytest.raises(PersonRefused, match="already"):
        await bring_back(services, SYSTEM, school_id, student_id, None, Said())


async def test_who_comes_back_a_month_later_has_a_new_stay(services: Services, clock: SimulatedClock) -> None:
    school_id, first, second = await two_classes(services)
    student_id = await a_student(services, school_id, "1", first)
    await leave(services, SYSTEM, student_id)
    left_on = local(services)
    clock.advance(30 * 86_400)
    with pytest.raises(PersonRefused, match="at the school"):
        await move(services, SYSTEM, school_id, [student_id], second, Said())

    await bring_back(services, SYSTEM, school_id, student_id, second, Said())

    stays, _ = await history_of(services, SYSTEM, school_id, student_id)
    assert [(each.class_name, each.last_on) for each in stays] == [("5А", left_on), ("5Ә", None)]


async def test_the_book_is_read_by_days_and_kind_and_by_nobody_else(services: Services, clock: SimulatedClock) -> None:
    school_id, first, second = await two_classes(services)
    student_id = await a_student(services, school_id, "1", first)
    clock.advance(10 * 86_400)
    await move(services, SYSTEM, school_id, [student_id], second, Said())
    today = local(services)

    lines = await transfers_of(services, SYSTEM, school_id, today, today)
    arrived = await transfers_of(services, SYSTEM, school_id, today - 30 * DAY, today, Kind.ARRIVED)

    assert [(each.number, each.kind) for each in lines] == [(2, Kind.MOVED)]
    assert [each.number for each in arrived] == [1]
    with pytest.raises(NotAllowed):
        await transfers_of(services, office(school_id + 1), school_id, today, today)
