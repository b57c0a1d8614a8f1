"""A person releases or drops what is held: once, in the journal, and never after the lessons."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from cloud.alerts.deciding import Decision, decide
from cloud.alerts.errors import AlertsDecided
from cloud.alerts.kinds import State
from cloud.alerts.queries import alerts_today, open_alerts
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from simulators.clock import SimulatedClock
from tests.cloud.alerts.factory import ON, Morning, a_morning


@pytest.fixture(name="held")
async def _held(services: Services, clock: SimulatedClock) -> AsyncIterator[Morning]:
    """Open a school a fifth of which was not seen by twenty past eight."""
    morning = await a_morning(services, clock)
    await morning.came([*range(2, 8), *range(12, 30)])  # 2 of 8, 4 of 22
    await morning.at(22)
    yield morning
    await morning.gates.close()


async def journal(held: Morning) -> list[tuple[str, str]]:
    rows = await held.gates.pool.fetch("SELECT verb, actor FROM audit_entry WHERE verb LIKE 'alerts.%' ORDER BY id")
    return [tuple(row) for row in rows]


async def test_the_page_shows_why_and_who_class_by_class(held: Morning) -> None:
    today = await alerts_today(held.services, held.director, held.gates.school_id, ON)

    assert [(each.name, each.round.why, len(each.children), each.share) for each in today.open] == [
        ("5А", "school", 2, 25), ("6Б", "school", 4, 18),
    ]  # fmt: skip
    assert (today.absent, today.closed, today.out) == (6, [], [])
    assert await open_alerts(held.services, held.office, held.gates.school_id, ON) == 2


async def test_who_releases_tells_of_those_who_are_missing_still(held: Morning) -> None:
    await held.came([0], minute=24)

    told = await decide(held.services, held.director, held.gates.school_id, held.classes, Decision.RELEASE)

    assert told == 5
    assert await held.absent() == [1, 8, 9, 10, 11]
    assert [(each.state, each.decided_by) for each in await held.rounds()] == [(State.RELEASED, "Бақыт Оразов")] * 2
    assert await journal(held) == [("alerts.released", "Бақыт Оразов")] * 2


async def test_one_class_may_be_released_and_another_dropped(held: Morning) -> None:
    one, other = held.classes

    await decide(held.services, held.office, held.gates.school_id, [one], Decision.RELEASE)
    told = await decide(held.services, held.director, held.gates.school_id, [other], Decision.DROP)

    assert told == 0
    assert await held.absent() == [0, 1]
    assert [each.state for each in await held.rounds()] == [State.RELEASED, State.DROPPED]
    assert await open_alerts(held.services, held.office, held.gates.school_id, ON) == 0


async def test_of_two_people_at_once_one_decides_and_the_other_is_told_who(held: Morning) -> None:
    school_id = held.gates.school_id
    outcomes = await asyncio.gather(
        decide(held.services, held.director, school_id, held.classes, Decision.RELEASE),
        decide(held.services, held.office, school_id, held.classes, Decision.DROP),
        return_exceptions=True,
    )

    refused = [each for each in outcomes if isinstance(each, AlertsDecided)]
    (state,) = {each.state for each in await held.rounds()}
    winner = "Бақыт Оразов" if state is State.RELEASED else "Гүлнар Ахметова"
    assert [str(each) for each in refused] == [f"{winner} has decided about this already."]
    assert {name for _, name in await journal(held)} == {winner}


async def test_after_the_lessons_nothing_is_told_whatever_is_decided(held: Morning) -> None:
    held.clock.advance(6 * 3600)

    with pytest.raises(AlertsDecided, match="The lessons are over"):
        await decide(held.services, held.director, held.gates.school_id, held.classes, Decision.RELEASE)

    assert await held.absent() == []
    assert [each.state for each in await held.at(6 * 60 + 30)] == [State.LAPSED] * 2


async def test_what_is_released_more_than_two_hours_later_is_shown_and_disturbs_nobody(held: Morning) -> None:
    held.clock.advance(2 * 3600 + 60)

    await decide(held.services, held.director, held.gates.school_id, held.classes, Decision.RELEASE)

    pushed = await held.gates.pool.fetch(
        "SELECT DISTINCT may_push, is_late FROM outbox JOIN notice ON notice.id = notice_id WHERE kind = 'absent'"
    )
    assert [tuple(row) for row in pushed] == [(False, True)]


async def test_who_may_not_or_names_another_class_is_refused(held: Morning) -> None:
    school_id = held.gates.school_id
    for role in (Role.GUARD, Role.IT, Role.TEACHER):
        with pytest.raises(NotAllowed):
            await decide(
                held.services, Actor("X", None, frozenset({Reach(role, school_id)})), school_id, held.classes,
                Decision.RELEASE,
            )  # fmt: skip
    with pytest.raises(NotFound):
        await decide(held.services, held.director, school_id, [*held.classes, 999], Decision.RELEASE)

    assert await held.absent() == []


async def test_what_was_told_already_is_decided_by_nobody(services: Services, clock: SimulatedClock) -> None:
    morning = await a_morning(services, clock)
    await morning.came(range(1, 30))
    await morning.at(22)

    with pytest.raises(AlertsDecided, match="not held any more"):
        await decide(services, morning.director, morning.gates.school_id, morning.classes, Decision.RELEASE)
    await morning.gates.close()
