"""One gate loses its records: who usually comes through it is not told of, and everybody else is."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from cloud.alerts.deciding import Decision, decide
from cloud.alerts.kinds import State, Why
from cloud.alerts.queries import alerts_today, open_alerts
from cloud.alerts.rules import AlertRules
from cloud.alerts.settings import rules_of, set_rules
from cloud.core.services import Services
from cloud.notifications.kinds import Kind
from simulators.clock import SimulatedClock
from tests.cloud.alerts.factory import ON, Morning, a_morning

BY_B = (*range(4), *range(8, 14))  # 4 of the first class, 6 of the second one
BY_MAIN = (*range(4, 8), *range(14, 30))


@pytest.fixture(name="morning")
async def _morning(services: Services, clock: SimulatedClock) -> AsyncIterator[Morning]:
    """Open a school to which ten children usually come through Gate B, and twenty through the main one."""
    morning = await a_morning(services, clock)
    await morning.second_gate()
    await morning.came_by("main", BY_MAIN)
    await morning.came_by("b", BY_B)
    shares = AlertRules(class_share=100, school_share=100)
    await set_rules(services, morning.office, morning.gates.school_id, shares)
    yield morning
    await morning.gates.close()


async def test_a_reader_that_fails_in_silence_holds_its_usual_children_and_the_others_are_told_of(
    morning: Morning,
) -> None:
    await morning.came(BY_MAIN[1:])  # of main's children one is missing; Gate B told of nobody

    judged = await morning.at(22)
    today = await alerts_today(morning.services, morning.director, morning.gates.school_id, ON)

    assert [(each.state, each.why) for each in judged] == [(State.HELD, Why.GATE_SHARE)] * 2
    assert await morning.absent() == [BY_MAIN[0]]
    ((names, absent, expected),) = [(each.names, each.absent, each.expected) for each in today.gates]
    assert (names["en"], absent, expected) == ("Gate B", 10, 10)
    assert [len(each.children) for each in today.open] == [4, 6], "who was told of already is decided about by nobody"
    assert await open_alerts(morning.services, morning.office, morning.gates.school_id, ON) == 2
    alarms = await morning.gates.pool.fetch("SELECT kind, detail FROM alarm")
    assert [tuple(row) for row in alarms] == [("absences_held", "10 of 10, classes: 2")]


async def test_who_releases_tells_of_the_gates_children_and_of_nobody_twice(morning: Morning) -> None:
    await morning.came(BY_MAIN[1:])
    await morning.at(22)

    told = await decide(
        morning.services, morning.director, morning.gates.school_id, morning.classes, Decision.RELEASE
    )  # fmt: skip

    assert told == len(BY_B)
    assert await morning.absent() == sorted((*BY_B, BY_MAIN[0]))
    assert len(await morning.told(Kind.ABSENT)) == len(BY_B) + 1


async def test_a_school_sets_the_share_of_a_gate(morning: Morning) -> None:
    school_id = morning.gates.school_id
    rules = AlertRules(class_share=100, school_share=100, gate_share=100)
    await set_rules(morning.services, morning.office, school_id, rules)
    await morning.came(BY_MAIN)

    judged = await morning.at(22)

    assert await rules_of(morning.gates.pool, school_id) == rules
    assert [each.state for each in judged] == [State.TOLD] * 2
    assert await morning.absent() == list(BY_B)


async def test_of_a_class_that_falls_due_later_the_gates_children_of_the_morning_count_too(morning: Morning) -> None:
    await morning.gates.pool.execute("UPDATE school_class SET shift = 2 WHERE id = $1", morning.classes[1])
    await morning.came([*BY_B[:4], *BY_MAIN[:4]])
    await morning.at(22)
    await morning.came(
        [*BY_B[7:], *BY_MAIN[4:]], minute=350
    )  # 3 of 6 who come through Gate B are missing, of 10 in all

    judged = await morning.at(6 * 60 + 22)

    assert [each.state for each in judged] == [State.TOLD] * 2
    assert await morning.absent() == list(BY_B[4:7])


async def test_a_gate_that_is_out_holds_those_who_usually_come_through_it_and_nobody_else(morning: Morning) -> None:
    await morning.came(BY_MAIN[1:])

    waiting = await morning.at(22, lost="gate-2")
    before = await morning.absent()
    await morning.came(BY_B[1:])  # the backlog
    judged = await morning.at(50)

    assert [(each.state, each.why) for each in waiting] == [(State.WAITING, Why.GATE)] * 2
    assert before == [BY_MAIN[0]]
    assert [each.state for each in judged] == [State.TOLD] * 2
    assert await morning.absent() == sorted((BY_B[0], BY_MAIN[0]))


async def test_of_whom_no_gate_is_known_or_who_comes_through_several_waits_for_any_gate_that_is_out(
    morning: Morning,
) -> None:
    unknown, mixed = BY_MAIN[0], BY_MAIN[1]
    ids = [await morning.child_id(child) for child in (unknown, mixed)]
    await morning.gates.pool.execute("DELETE FROM movement WHERE person_id = ANY($1)", ids)
    await morning.came_by("main", [mixed])
    await morning.came_by("b", [mixed], days=(11,))  # five of six through the main one
    await morning.came(BY_MAIN[3:])

    await morning.at(22, lost="gate-2")

    assert await morning.absent() == [BY_MAIN[2]]


async def test_a_gate_that_nobody_uses_and_that_is_out_lets_nobody_be_told_falsely_nor_wait_for_ever(
    morning: Morning,
) -> None:
    await morning.gates.pool.execute("UPDATE movement SET gate = 'main'")
    await morning.came([*BY_B, *BY_MAIN[1:]])

    judged = await morning.at(22, lost="gate-2")

    assert [each.state for each in judged] == [State.TOLD] * 2
    assert await morning.absent() == [BY_MAIN[0]]


async def test_usual_gates_are_reckoned_once_a_day_of_the_first_arrivals_of_school_days(morning: Morning) -> None:
    pool = morning.gates.pool
    few, evening, moved = BY_B[0], BY_B[1], BY_B[2]
    ids = [await morning.child_id(child) for child in (few, evening, moved)]
    await pool.execute("DELETE FROM movement WHERE person_id = $1 AND seq = $1 AND epoch <> 'b4'", ids[0])
    await pool.execute(  # who comes again in the afternoon through another gate came through the first one
        "INSERT INTO movement SELECT (jsonb_populate_record(m, jsonb_build_object('id', id + 100000, 'gate', 'main',"
        " 'seq', seq + 100000, 'at', at + interval '5 hours'))).* FROM movement AS m WHERE person_id = $1", ids[1],
    )  # fmt: skip
    await morning.came_by("main", [moved], days=(2, 3, 9, 10, 16, 17, 23, 24))  # weekends
    await morning.at(22)
    first = dict(await pool.fetch("SELECT person_id, key FROM usual_gate JOIN gate ON gate.id = gate_id"))
    await pool.execute("DELETE FROM usual_gate WHERE person_id = $1", ids[1])

    await morning.at(60)

    assert (first.get(ids[0]), first[ids[1]], first[ids[2]]) == (None, "b", "b")
    assert await pool.fetchval("SELECT count(*) FROM usual_gate") == len(first) - 1, "it was reckoned twice"
    assert await pool.fetchval("SELECT gates_on FROM alert_watch") == ON


async def test_who_leaves_the_school_has_no_usual_gate_the_next_day(morning: Morning) -> None:
    await morning.at(22)
    pool, person_id = morning.gates.pool, await morning.child_id(BY_B[0])
    await pool.execute("UPDATE person SET is_active = false WHERE id = $1", person_id)

    await morning.at(24 * 60 + 22)

    assert await pool.fetchval("SELECT count(*) FROM usual_gate WHERE person_id = $1", person_id) == 0
    assert await pool.fetchval("SELECT gates_on FROM alert_watch") == ON + timedelta(days=1)
