"""Trips of classes through their seam: who goes along is excused, who stays is not, and whose class it is writes."""

from datetime import timedelta

import pytest

from cloud.absences.errors import TripRefused
from cloud.absences.kinds import Excuse, Why
from cloud.absences.trips import TripGiven, call_off, children_of_class, make_trip, trips_of, trips_on
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.retention.actions import Begin, delete_due
from tests.cloud.absences.factory import Home, a_home
from tests.cloud.register.factory import TODAY


@pytest.fixture(name="home")
async def _home(services: Services) -> Home:
    return await a_home(services)


def a_trip(home: Home, first: int = 0, last: int = 1, refs: int = 1) -> TripGiven:
    """Return a trip of 5А to a museum, with its first children."""
    days = TODAY + timedelta(days=first), TODAY + timedelta(days=last)
    return TripGiven(home.taught.class_id, "Мұражай", "Алматы, Қастеев", *days, frozenset(home.taught.refs[:refs]))


async def test_who_goes_along_is_excused_for_its_days_and_who_stays_is_not(home: Home) -> None:
    trip_id = await make_trip(home.services, home.taught.teacher, home.taught.school, a_trip(home))

    excuse = Excuse(Why.TRIP, is_accepted=True, trip_id=trip_id)
    assert [await home.excuse(TODAY + timedelta(days=day)) for day in (0, 1, 2)] == [excuse, excuse, None]
    (shown,) = await trips_of(home.services, home.taught.teacher, home.taught.school)
    assert (shown.class_name, shown.title, len(shown.going), shown.made_by) == ("5А", "Мұражай", 1, "Айгүл Сейіт")
    assert await trips_on(home.services.database.pool, [trip_id]) == {trip_id: ("Мұражай", "Алматы, Қастеев")}
    assert len(await children_of_class(home.services, home.taught.teacher, home.taught.school.id,
                                       home.taught.class_id)) == 3  # fmt: skip


async def test_a_trip_counts_before_a_familys_word(home: Home) -> None:
    await home.tell()
    trip_id = await make_trip(home.services, home.taught.teacher, home.taught.school, a_trip(home))

    assert await home.excuse() == Excuse(Why.TRIP, is_accepted=True, trip_id=trip_id)


async def test_a_trip_that_is_called_off_excuses_nobody(home: Home) -> None:
    trip_id = await make_trip(home.services, home.taught.teacher, home.taught.school, a_trip(home))

    for _ in range(2):  # twice is once
        await call_off(home.services, home.taught.colleague, home.taught.school, trip_id)

    assert await home.excuse() is None
    (shown,) = await trips_of(home.services, home.taught.office, home.taught.school)
    assert shown.ended_by == "Ольга Ким"


async def test_only_who_marks_a_class_writes_its_trips(home: Home) -> None:
    school, asked = home.taught.school, a_trip(home)
    other = Actor("x", 1, frozenset({Reach(Role.CLASS_TEACHER, school.id, home.taught.other_class_id)}))
    tutor = Actor("y", 2, frozenset({Reach(Role.TUTOR, school.id, home.taught.class_id)}))

    for who in (other, tutor):
        with pytest.raises(NotAllowed):
            await make_trip(home.services, who, school, asked)
    with pytest.raises(NotFound):
        await children_of_class(home.services, other, school.id, home.taught.class_id)
    with pytest.raises(NotFound):
        await call_off(home.services, home.taught.office, school, 1)
    assert await trips_of(home.services, other, school) == []


@pytest.mark.parametrize(
    ("first", "last", "refs"), [(-1, 0, 1), (1, 0, 1), (0, 60, 1), (0, 0, 0), (0, 0, 4)],
    ids=["yesterday", "turned", "too long", "nobody", "another class's child"],
)  # fmt: skip
async def test_what_is_no_trip_is_refused(home: Home, first: int, last: int, refs: int) -> None:
    with pytest.raises(TripRefused):
        await make_trip(home.services, home.taught.office, home.taught.school, a_trip(home, first, last, refs))


async def test_a_trip_that_is_over_stays_and_goes_after_two_years(home: Home) -> None:
    trip_id = await make_trip(home.services, home.taught.teacher, home.taught.school, a_trip(home))
    await home.taught.later(3)
    with pytest.raises(TripRefused, match="over"):
        await call_off(home.services, home.taught.office, home.taught.school, trip_id)

    await home.taught.later(731)
    await delete_due(home.services, Begin.AT_ONCE)

    assert await home.services.database.pool.fetchval("SELECT count(*) FROM trip") == 0
