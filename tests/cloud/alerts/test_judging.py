"""Who was not seen by the deadline: told, unless it is known why, too many are missing, or a gate has more to tell."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from cloud.absences.kinds import Absence
from cloud.absences.telling import tell_absence
from cloud.absences.trips import TripGiven, make_trip
from cloud.alerts import rounds
from cloud.alerts.judging import judge_due
from cloud.alerts.kinds import State, Why
from cloud.alerts.rules import AlertRules
from cloud.alerts.settings import set_rules
from cloud.attendance.queries import school_today
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.notifications.kinds import Kind
from cloud.people.actions import withdraw_consent
from cloud.people.kinds import Purpose
from cloud.register.actions import mark
from cloud.register.kinds import BY_CODE, Reason
from cloud.schools.calendar import set_day
from cloud.schools.models import DayKind
from cloud.schools.rules import Day, Whom
from simulators.clock import SimulatedClock
from tests.cloud.alerts.factory import ON, Morning, a_morning
from tests.cloud.attendance.factory import EIGHT, tap
from tests.cloud.notifications.factory import told_to
from tests.cloud.schools.factory import SYSTEM

ABSENT, EVERYBODY_ELSE = (0, 10), (*range(1, 10), *range(11, 30))


@pytest.fixture(name="morning")
async def _morning(services: Services, clock: SimulatedClock) -> AsyncIterator[Morning]:
    morning = await a_morning(services, clock)
    yield morning
    await morning.gates.close()


async def alarms(morning: Morning) -> list[tuple[object, ...]]:
    rows = await morning.gates.pool.fetch("SELECT kind, detail FROM alarm ORDER BY id")
    return [tuple(row) for row in rows]


async def test_who_was_not_seen_by_the_first_lesson_and_the_schools_minutes_is_told_once(morning: Morning) -> None:
    await morning.came(EVERYBODY_ELSE)

    before = await morning.at(20)
    judged = await morning.at(22)
    await morning.at(25)
    await morning.at(90)

    assert before == []
    assert [(each.state, each.absent, each.expected) for each in judged] == [(State.TOLD, 1, 8), (State.TOLD, 1, 22)]
    assert await morning.absent() == list(ABSENT)
    (notice, _) = [each for each in await told_to(morning.services, morning.parent) if each.kind is Kind.ABSENT]
    assert (notice.at, notice.is_delayed) == (EIGHT + timedelta(minutes=20), False)
    assert notice.detail.lessons_at == EIGHT


async def test_a_school_sets_the_minutes(morning: Morning) -> None:
    await set_rules(morning.services, morning.office, morning.gates.school_id, AlertRules(absent_after_min=45))
    await morning.came(EVERYBODY_ELSE)

    assert await morning.at(40) == []
    assert await morning.at(47)
    assert await morning.absent() == list(ABSENT)


@pytest.mark.parametrize(
    "why",
    [
        "ill", "family", "away", "in_class", "left_school", "no_card_consent", "never_at_gates", "gone_before",
        "told_by_family", "on_a_trip",
    ],
)  # fmt: skip
async def test_of_whom_it_is_known_why_nobody_is_told(morning: Morning, why: str) -> None:
    pool, person_id = morning.gates.pool, await morning.child_id(0)
    await morning.came(EVERYBODY_ELSE)
    words = {"ill": "absent_ill", "family": "absent_family", "away": "away", "in_class": "present"}
    if why in words:
        school = await school_today(morning.services, SYSTEM, "almaty5", Right.PRESENCE_READ)
        ref = morning.gates.refs[0]
        await mark(morning.services, SYSTEM, school, morning.classes[0], ON, ref, BY_CODE[words[why]], 0)
    if why == "told_by_family":
        absence = Absence(ON, ON, Reason.ILL, "қызуы бар")
        await tell_absence(morning.services, morning.parent.actor, morning.gates.refs[0], absence)
    if why == "on_a_trip":
        school = await school_today(morning.services, SYSTEM, "almaty5", Right.PRESENCE_READ)
        trip = TripGiven(morning.classes[0], "Музей", "Алматы", ON, ON, frozenset({morning.gates.refs[0]}))
        await make_trip(morning.services, morning.office, school, trip)
    if why == "left_school":
        await pool.execute("UPDATE person SET is_active = false WHERE id = $1", person_id)
    if why == "no_card_consent":
        await withdraw_consent(morning.services, SYSTEM, person_id, Purpose.CARD, ON)
    if why == "never_at_gates":
        await pool.execute("DELETE FROM presence WHERE person_id = $1", person_id)
    if why == "gone_before":
        await morning.gates.send(tap(morning.gates.refs[0], -30, direction="out"))
        await morning.gates.project()

    await morning.at(22)

    assert await morning.absent() == [10]


async def test_who_is_marked_absent_without_a_reason_is_told_of(morning: Morning) -> None:
    await morning.came(EVERYBODY_ELSE)
    school = await school_today(morning.services, SYSTEM, "almaty5", Right.PRESENCE_READ)
    said = BY_CODE["absent_other"]
    await mark(morning.services, SYSTEM, school, morning.classes[0], ON, morning.gates.refs[0], said, 0)

    await morning.at(22)

    assert await morning.absent() == list(ABSENT)


async def test_on_a_holiday_nobody_is_waited_for(morning: Morning) -> None:
    await set_day(morning.services, SYSTEM, morning.gates.school_id, ON, Day(DayKind.HOLIDAY))

    assert await morning.at(22) == []
    assert await morning.absent() == []


async def test_a_day_shortened_to_lessons_of_half_an_hour_brings_a_later_first_lesson_forward(morning: Morning) -> None:
    await morning.gates.pool.execute(
        "INSERT INTO first_lesson (school_class_id, weekday, lesson, last_lesson) VALUES ($1, 2, 3, 6)",
        morning.classes[1],
    )
    shortened = Day(DayKind.WORKDAY, lesson_min=30)
    await set_day(morning.services, SYSTEM, morning.gates.school_id, ON, shortened)

    await morning.came(range(1, 8))

    assert [each.due_at for each in await morning.at(92)] == [
        EIGHT + timedelta(minutes=20), EIGHT + timedelta(minutes=90),
    ]  # fmt: skip


async def test_a_class_of_the_second_shift_falls_due_in_the_afternoon(morning: Morning) -> None:
    await morning.gates.pool.execute("UPDATE school_class SET shift = 2 WHERE id = $1", morning.classes[1])
    await morning.came(range(1, 8))

    morning_rounds = await morning.at(22)
    await morning.came(range(8, 30), minute=340)
    afternoon = await morning.at(6 * 60 + 22)

    assert [each.class_id for each in morning_rounds] == [morning.classes[0]]
    assert [each.class_id for each in afternoon] == morning.classes
    assert await morning.absent() == [0]


async def test_a_class_that_begins_with_its_third_lesson_falls_due_then(morning: Morning) -> None:
    await morning.gates.pool.execute(
        "INSERT INTO first_lesson (school_class_id, weekday, lesson, last_lesson) VALUES ($1, 2, 3, 6)",
        morning.classes[1],
    )
    await morning.came(range(1, 8))

    assert [each.class_id for each in await morning.at(22)] == [morning.classes[0]]
    assert [each.due_at for each in await morning.at(112)][1] == EIGHT + timedelta(minutes=110)


async def test_when_the_lessons_are_over_nobody_is_told_any_more(morning: Morning) -> None:
    await morning.came(EVERYBODY_ELSE)

    assert await morning.at(5 * 60) == []
    assert await morning.absent() == []


async def test_a_class_of_whom_too_many_are_missing_is_held_and_the_others_are_told(morning: Morning) -> None:
    await morning.came([*range(3, 8), *range(9, 30)])  # 3 of 8, 1 of 22

    judged = await morning.at(22)

    assert [(each.state, each.why, each.absent) for each in judged] == [
        (State.HELD, Why.CLASS, 3), (State.TOLD, Why.NONE, 1),
    ]  # fmt: skip
    assert await morning.absent() == [8]
    assert await alarms(morning) == [("absences_held", "3 of 8, classes: 1")]


async def test_a_school_of_which_too_many_are_missing_tells_nobody_and_raises_one_alarm(morning: Morning) -> None:
    await morning.came(range(1, 25))  # 1 of 8, 5 of 22: a fifth of the school

    judged = await morning.at(22)
    await morning.at(60)

    assert [(each.state, each.why) for each in judged] == [(State.HELD, Why.SCHOOL)] * 2
    assert await morning.absent() == []
    assert await alarms(morning) == [("absences_held", "6 of 30, classes: 2")]


async def test_what_is_held_until_the_lessons_are_over_is_told_to_nobody(morning: Morning) -> None:
    await morning.at(22)

    lapsed = await morning.at(6 * 60)

    assert [each.state for each in lapsed] == [State.LAPSED] * 2
    assert await morning.absent() == []


@pytest.mark.parametrize("trouble", ["offline", "quiet", "unsent"])
async def test_while_a_gate_has_more_to_tell_all_alerts_wait_and_go_on_when_it_has(
    morning: Morning, trouble: str
) -> None:
    pool = morning.gates.pool
    await morning.came(range(5, 30))
    states = {"offline": "is_online = false", "quiet": "seen_at = seen_at - interval '1 hour'", "unsent": "unsent = 99"}
    morning.clock.advance((EIGHT - morning.clock.now()).total_seconds())
    await morning.hear()
    await pool.execute(f"UPDATE device SET {states[trouble]}")  # noqa: S608 (text of ours)

    waiting = await morning.at(22, is_heard=False)
    later = await morning.at(40, is_heard=False)
    await morning.came(range(1, 5), minute=-5)  # the backlog
    judged = await morning.at(50)

    assert [(each.state, each.why) for each in waiting] == [(State.WAITING, Why.GATE)] * 2
    assert [each.state for each in later] == [State.WAITING] * 2
    assert [each.state for each in judged] == [State.TOLD] * 2
    assert await morning.absent() == [0]
    assert await alarms(morning) == [("absences_wait", "5 of 8, classes: 1")]
    told = [each for each in await told_to(morning.services, morning.parent) if each.kind is Kind.ABSENT]
    assert told[0].is_delayed


async def test_a_gate_that_nobody_has_heard_for_weeks_is_waited_for_by_nobody(morning: Morning) -> None:
    await morning.came(EVERYBODY_ELSE)
    old = EIGHT - timedelta(days=11)
    await morning.gates.pool.execute("UPDATE device SET is_online = false, seen_at = $1", old)

    await morning.at(22, is_heard=False)

    assert await morning.absent() == list(ABSENT)


async def test_while_records_that_came_are_not_read_alerts_wait(morning: Morning) -> None:
    await morning.came(EVERYBODY_ELSE)
    await morning.gates.send(tap(morning.gates.refs[0], -7))
    await morning.gates.pool.execute("UPDATE record SET received_at = $1", EIGHT - timedelta(minutes=5))

    waiting = await morning.at(22)
    await morning.gates.project()
    judged = await morning.at(23)

    assert [each.why for each in waiting] == [Why.BEHIND] * 2
    assert [each.state for each in judged] == [State.TOLD] * 2
    assert await morning.absent() == [10]


async def test_a_record_that_comes_after_the_alert_puts_it_right(morning: Morning) -> None:
    await morning.came(EVERYBODY_ELSE)
    await morning.at(22)

    await morning.came([0], minute=-8)
    await morning.at(60)

    of_child = [kind for ref, kind in await morning.told() if ref == morning.gates.refs[0]]
    assert of_child == [Kind.ABSENT, Kind.DAY_CORRECTED, Kind.ARRIVED]


async def test_a_teacher_who_sees_the_child_in_class_puts_the_alert_right(morning: Morning) -> None:
    await morning.came(EVERYBODY_ELSE)
    await morning.at(22)
    school = await school_today(morning.services, SYSTEM, "almaty5", Right.PRESENCE_READ)
    ref = morning.gates.refs[0]

    await mark(morning.services, SYSTEM, school, morning.classes[0], ON, ref, BY_CODE["present"], 0)
    await morning.at(30)

    right = next(each for each in await told_to(morning.services, morning.parent) if each.kind is Kind.DAY_CORRECTED)
    assert (right.person, right.detail.was, right.detail.now) == (ref, "absent", "present")


async def test_who_comes_late_is_told_as_late_and_nothing_is_put_right(morning: Morning) -> None:
    await morning.came(EVERYBODY_ELSE)
    await morning.at(22)

    await morning.came([0], minute=30)
    await morning.at(31)

    of_child = [kind for ref, kind in await morning.told() if ref == morning.gates.refs[0]]
    assert of_child == [Kind.ABSENT, Kind.LATE]


async def test_a_school_that_fails_is_told_of_in_the_log_and_holds_up_no_other(morning: Morning) -> None:
    await morning.came(EVERYBODY_ELSE)
    await morning.gates.pool.execute(
        "INSERT INTO school (code, shard, name_kk, name_ru, name_en, zone, school_days, passback, created_at) "
        "SELECT 'almaty4', shard, 'М', 'Ш', 'S', 'Nowhere/Else', 5, 'soft', created_at FROM school"
    )

    with capture_logs() as logs:
        await morning.at(22)

    assert await morning.absent() == list(ABSENT)
    assert [each["event"] for each in logs].count("alerts.failed") == 1


async def test_two_workers_that_look_at_once_judge_once(morning: Morning) -> None:
    await morning.came(EVERYBODY_ELSE)
    morning.clock.advance((EIGHT + timedelta(minutes=22) - morning.clock.now()).total_seconds())
    await morning.hear()

    await asyncio.gather(*(judge_due(morning.services, range(64)) for _ in range(3)))

    assert await morning.absent() == list(ABSENT)
    assert len(await morning.rounds()) == 2


async def test_rounds_of_weeks_ago_are_forgotten(morning: Morning) -> None:
    await morning.at(22)

    await rounds.forget(morning.gates.pool, morning.clock.now() + timedelta(days=34))
    assert len(await morning.rounds()) == 2
    await rounds.forget(morning.gates.pool, morning.clock.now() + timedelta(days=36))
    assert await morning.rounds() == []


async def test_a_class_whose_lessons_begin_later_today_is_waited_for_until_then(morning: Morning) -> None:
    own = Whom(class_id=morning.classes[0])
    later = Day(DayKind.WORKDAY, from_min=10 * 60)
    await set_day(morning.services, SYSTEM, morning.gates.school_id, ON, later, own)
    await morning.came(range(9, 30))

    first = await morning.at(22)
    told_first = await morning.absent()
    await morning.came(range(1, 8), minute=110)
    second = await morning.at(142)

    assert [each.class_id for each in first] == [morning.classes[1]]
    assert told_first == [8]
    assert [each.due_at for each in second if each.class_id == morning.classes[0]] == [EIGHT + timedelta(minutes=140)]
    assert await morning.absent() == [0, 8]


@pytest.mark.parametrize("moved", [True, False])
async def test_a_day_that_is_moved_after_a_class_was_held_lets_it_be_judged_in_its_time(
    morning: Morning, *, moved: bool
) -> None:
    await morning.came(range(8, 30))
    await morning.at(22)
    later = Day(DayKind.WORKDAY, from_min=10 * 60)
    if moved:
        await set_day(morning.services, SYSTEM, morning.gates.school_id, ON, later, Whom(5))

    await morning.came(range(8), minute=115)
    await morning.at(142)

    states = [each.state for each in await morning.rounds() if each.class_id == morning.classes[0]]
    assert states == [State.TOLD if moved else State.HELD]
    assert await morning.absent() == []
