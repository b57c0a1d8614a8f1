"""Commands: who may give which, what they need, and how far each came."""

from datetime import timedelta

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate, register, revoke
from cloud.devices.command_errors import CommandsTooMany, GateElsewhere, ReasonMissing
from cloud.devices.commands import (
    AT_ONCE_MAX,
    DANGEROUS,
    LASTS,
    Action,
    Answered,
    CommandSeen,
    Stage,
    command,
    commands_of,
    note_answers,
)
from cloud.devices.errors import DeviceRevoked, DeviceUnknown
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM, a_school

NAME = "almaty5-gate-1"
WHY = "  a class came\n late "


@pytest.fixture(name="school_id")
async def _school_id(services: Services) -> int:
    school_id = await a_school(services)
    await register(services, SYSTEM, school_id, NewDevice(NAME, (NewGate("main", "Есік", "Вход", "Door"),)))
    return school_id


async def seen(services: Services, school_id: int) -> list[CommandSeen]:
    return list(await commands_of(services, SYSTEM, school_id, NAME))


async def answer(services: Services, id_: str, outcome: str, device: str = NAME) -> None:
    """Let a device answer two seconds later."""
    now = services.clock.now() + timedelta(seconds=2)
    device_id = await services.database.pool.fetchval("SELECT id FROM device WHERE name = $1", device)
    async with services.database.pool.acquire() as connection:
        await note_answers(connection, [Answered(id_, device_id, outcome, now, now)])


async def test_a_command_stands_in_the_audit_journal_with_who_and_why(services: Services, school_id: int) -> None:
    it = Actor("Данияр Ким", reaches=frozenset({Reach(Role.IT, school_id)}))

    id_ = await command(services, it, NAME, Action.OPEN_ONCE, "main", WHY)

    row = await services.database.pool.fetchrow("SELECT verb, subject, detail, actor FROM audit_entry ORDER BY id DESC")
    assert tuple(row)[:2] == ("device.commanded", f"device:{NAME}")
    assert f'"reason": "a class came late", "command": "{id_}"' in row["detail"]
    assert row["actor"] == "Данияр Ким"


async def test_counters_rise_even_when_the_clock_or_the_database_was_set_back(
    services: Services, school_id: int, clock: SimulatedClock
) -> None:
    for _ in range(2):
        await command(services, SYSTEM, NAME, Action.REPORT)
    before = await services.database.pool.fetchval("SELECT max(counter) FROM device_command")
    await services.database.pool.execute("UPDATE device SET command_counter = 3")
    await services.database.pool.execute("DELETE FROM device_command")
    clock.advance(60)

    await command(services, SYSTEM, NAME, Action.REPORT)

    assert await services.database.pool.fetchval("SELECT max(counter) FROM device_command") > before


@pytest.mark.parametrize("role", [Role.GUARDIAN, Role.OFFICE])
async def test_who_is_not_it_commands_nothing(services: Services, school_id: int, role: Role) -> None:
    for actor in (
        Actor("x", reaches=frozenset({Reach(role, school_id)})),
        Actor("x", reaches=frozenset({Reach(Role.IT, school_id + 1)})),
    ):
        for action in Action:
            with pytest.raises(NotAllowed):
                await command(services, actor, NAME, action, "", WHY)
        with pytest.raises(NotAllowed):
            await commands_of(services, actor, school_id, NAME)
    assert await seen(services, school_id) == []


async def test_what_opens_or_shuts_a_school_needs_a_reason(services: Services, school_id: int) -> None:
    for action in Action:
        if action in DANGEROUS:
            with pytest.raises(ReasonMissing):
                await command(services, SYSTEM, NAME, action, "", " x ")
        else:
            await command(services, SYSTEM, NAME, action)

    assert {each.action for each in await seen(services, school_id)} == set(Action) - DANGEROUS


async def test_a_gate_that_it_does_not_serve_and_a_device_that_is_not_there_are_refused(
    services: Services, school_id: int
) -> None:
    for action, gate in ((Action.NORMAL, "yard"), (Action.RESTART, "main")):
        with pytest.raises(GateElsewhere):
            await command(services, SYSTEM, NAME, action, gate)
    with pytest.raises(DeviceUnknown):
        await command(services, SYSTEM, "nobody", Action.REPORT)
    await revoke(services, SYSTEM, NAME)
    with pytest.raises(DeviceRevoked):
        await command(services, SYSTEM, NAME, Action.REPORT)


async def test_a_device_is_given_only_so_many_at_once(
    services: Services, school_id: int, clock: SimulatedClock
) -> None:
    for _ in range(AT_ONCE_MAX):
        await command(services, SYSTEM, NAME, Action.LOCATE)
    with pytest.raises(CommandsTooMany):
        await command(services, SYSTEM, NAME, Action.LOCATE)
    clock.advance(601)

    await command(services, SYSTEM, NAME, Action.LOCATE)


@pytest.mark.parametrize(
    ("was_sent", "after_s", "outcome", "stage"),
    [
        (False, 1, "", Stage.WAITING),
        (True, 1, "", Stage.WAITING),
        (False, 21, "", Stage.LAPSED),
        (True, 21, "", Stage.UNANSWERED),
        (True, 1, "done", Stage.DONE),
        (True, 900, "failed", Stage.FAILED),
    ],
)
async def test_a_command_is_shown_as_far_as_it_came(
    services: Services, school_id: int, clock: SimulatedClock, was_sent: bool, after_s: int, outcome: str, stage: Stage
) -> None:
    id_ = await command(services, SYSTEM, NAME, Action.OPEN_ONCE, "main", WHY)
    if was_sent:
        await services.database.pool.execute("UPDATE device_command SET sent_at = asked_at")
    if outcome:
        await answer(services, id_, outcome)
    clock.advance(after_s)

    [shown] = await seen(services, school_id)

    assert (shown.stage, shown.gate, shown.took_s) == (stage, "main", 2.0 if outcome else None)


async def test_the_first_answer_of_the_device_itself_counts(services: Services, school_id: int) -> None:
    other = "almaty5-gate-2"
    await register(services, SYSTEM, school_id, NewDevice(other))
    id_ = await command(services, SYSTEM, NAME, Action.REPORT)

    await answer(services, id_, "failed", other)
    await answer(services, id_, "done")
    await answer(services, id_, "failed")

    assert [each.stage for each in await seen(services, school_id)] == [Stage.DONE]


def test_each_action_has_its_time() -> None:
    assert set(LASTS) == set(Action)
