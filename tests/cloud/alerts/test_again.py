"""Who was excused and is expected after all: looked for as anybody else, told of once, and held by the same brake."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from cloud.absences.answering import ask_back
from cloud.absences.kinds import Absence
from cloud.absences.telling import take_back, tell_absence
from cloud.absences.trips import TripGiven, call_off, make_trip
from cloud.alerts.deciding import Decision, decide
from cloud.alerts.kinds import State, Why
from cloud.attendance.queries import SchoolToday, school_today
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.notifications.kinds import Kind
from cloud.register.actions import mark
from cloud.register.kinds import BY_CODE, Reason
from simulators.clock import SimulatedClock
from tests.cloud.alerts.factory import ON, Morning, a_morning
from tests.cloud.attendance.factory import EIGHT
from tests.cloud.notifications.factory import told_to
from tests.cloud.schools.factory import SYSTEM

NOT_ILL = range(1, 30)


@pytest.fixture(name="morning")
async def _morning(services: Services, clock: SimulatedClock) -> AsyncIterator[Morning]:
    morning = await a_morning(services, clock)
    yield morning
    await morning.gates.close()


async def school_of(morning: Morning) -> SchoolToday:
    return await school_today(morning.services, SYSTEM, "almaty5", Right.PRESENCE_READ)


async def told_ill(morning: Morning, last: int = 0) -> int:
    """Let the family tell that the first child is ill, from a week ago to so many days from now."""
    absence = Absence(ON - timedelta(days=7), ON + timedelta(days=last), Reason.ILL, "қызуы бар")
    return await tell_absence(morning.services, morning.parent.actor, morning.gates.refs[0], absence)


async def test_a_family_that_takes_its_word_back_is_told_once_that_the_child_did_not_come(morning: Morning) -> None:
    absence_id = await told_ill(morning, last=3)
    await morning.came(NOT_ILL)
    await morning.at(22)
    before = await morning.absent()

    await take_back(morning.services, morning.parent.actor, morning.gates.refs[0], absence_id)
    await morning.at(22.1)
    await morning.at(45)
    await morning.at(90)

    (notice,) = [each for each in await told_to(morning.services, morning.parent) if each.kind is Kind.ABSENT]
    assert before == []
    assert (notice.person, notice.at) == (morning.gates.refs[0], EIGHT + timedelta(minutes=22.1))
    assert await morning.gates.pool.fetchval("SELECT count(*) FROM expected_again") == 0


async def test_every_day_of_the_word_up_to_today_is_judged_anew(morning: Morning) -> None:
    absence_id = await told_ill(morning, last=3)
    await morning.gates.pool.execute("TRUNCATE day_change")

    await take_back(morning.services, morning.parent.actor, morning.gates.refs[0], absence_id)

    rows = await morning.gates.pool.fetch('SELECT "on" FROM day_change ORDER BY "on"')
    today = morning.clock.now().astimezone((await school_of(morning)).zone).date()
    assert [row["on"] for row in rows] == [ON - timedelta(days=7 - n) for n in range((today - ON).days + 8)]


async def test_who_takes_it_back_before_the_deadline_and_comes_hears_of_no_absence(morning: Morning) -> None:
    absence_id = await told_ill(morning)
    await take_back(morning.services, morning.parent.actor, morning.gates.refs[0], absence_id)
    await morning.came(range(30))

    await morning.at(22)
    await morning.at(60)

    assert await morning.absent() == []


async def test_who_takes_it_back_when_the_lessons_are_over_is_told_nothing(morning: Morning) -> None:
    absence_id = await told_ill(morning)
    await morning.came(NOT_ILL)
    await morning.at(22)
    await morning.at(6 * 60)

    await take_back(morning.services, morning.parent.actor, morning.gates.refs[0], absence_id)
    await morning.at(6 * 60 + 1)

    assert await morning.absent() == []


async def test_a_word_that_the_school_asks_back_excuses_no_more(morning: Morning) -> None:
    absence_id = await told_ill(morning)
    await morning.came(NOT_ILL)
    await morning.at(22)

    await ask_back(morning.services, morning.office, morning.gates.school_id, absence_id, "Анықтама бар ма?")
    await morning.at(23)

    assert await morning.absent() == [0]


async def test_a_mark_that_is_changed_to_absent_without_a_reason_lets_the_family_know(morning: Morning) -> None:
    school, ref, own = await school_of(morning), morning.gates.refs[0], morning.classes[0]
    await morning.came(NOT_ILL)
    await mark(morning.services, SYSTEM, school, own, ON, ref, BY_CODE["present"], 0)
    await morning.at(22)
    before = await morning.absent()

    await mark(morning.services, SYSTEM, school, own, ON, ref, BY_CODE["absent_other"], 1)
    await morning.at(23)

    assert (before, await morning.absent()) == ([], [0])


async def test_a_trip_that_is_called_off_is_held_as_any_class_that_is_missing(morning: Morning) -> None:
    school, going = await school_of(morning), frozenset(morning.gates.refs[:8])
    trip = TripGiven(morning.classes[0], "Музей", "Алматы", ON, ON, going)
    trip_id = await make_trip(morning.services, morning.office, school, trip)
    await morning.came(range(8, 30))
    await morning.at(22)

    await call_off(morning.services, morning.office, school, trip_id)
    judged = await morning.at(23)

    assert [(each.state, each.why, each.absent) for each in judged] == [
        (State.HELD, Why.SCHOOL, 8), (State.TOLD, Why.NONE, 0),
    ]  # fmt: skip
    assert await morning.absent() == []


@pytest.mark.parametrize(("decision", "told"), [(Decision.RELEASE, [0, 1, 2, 3]), (Decision.DROP, [])])
async def test_what_a_person_has_decided_about_a_class_holds_for_who_is_expected_again(
    morning: Morning, decision: Decision, told: list[int]
) -> None:
    absence_id = await told_ill(morning)
    await morning.came(range(4, 30))
    await morning.at(22)
    await decide(morning.services, morning.director, morning.gates.school_id, morning.classes[:1], decision)

    await take_back(morning.services, morning.parent.actor, morning.gates.refs[0], absence_id)
    await morning.at(24)

    assert await morning.absent() == told
