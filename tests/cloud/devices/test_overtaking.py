"""Overtaken commands: which get a new number, which are closed, and that no order is turned round."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Literal

import pytest

from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate, register
from cloud.devices.commands import Action, Answered, Stage, command, commands_of, note_answers
from cloud.devices.overtaking import LASTING, REPEATABLE, renumber
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM, a_school

NAME, WHY = "almaty5-gate-1", "a drill"
GATES = ("main", "yard")
AGAIN = timedelta(seconds=4)


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    action: Action
    gate: str
    counter: int


@dataclass
class Bench:
    services: Services
    clock: SimulatedClock
    school_id: int
    shard: int
    device_id: int

    async def ask(self, action: Action, gate: str = "") -> str:
        return await command(self.services, SYSTEM, NAME, action, gate, WHY)

    async def send(self) -> list[Row]:
        """Mend the order, and send all that waits, lowest number first."""
        pool, now = self.services.database.pool, self.services.clock.now()
        await renumber(pool, [self.shard], now, AGAIN)
        rows = await pool.fetch(
            "UPDATE device_command SET sent_at = $1 WHERE outcome = '' AND expires_at > $1"
            " RETURNING id, action, gate, counter",
            now,
        )
        sent = [Row(row["id"], Action(row["action"]), row["gate"] or "", row["counter"]) for row in rows]
        return sorted(sent, key=lambda row: row.counter)

    async def answer(self, *ids: str, outcome: Literal["done", "failed"] = "done") -> None:
        now = self.services.clock.now()
        async with self.services.database.pool.acquire() as connection:
            await note_answers(connection, [Answered(id_, self.device_id, outcome, now, now) for id_ in ids])

    async def stages(self) -> list[Stage]:
        """Return the stages, in the order of the numbers."""
        return [each.stage for each in await commands_of(self.services, SYSTEM, self.school_id, NAME)][::-1]


@pytest.fixture(name="bench")
async def _bench(services: Services, clock: SimulatedClock) -> Bench:
    school_id = await a_school(services)
    gates = tuple(NewGate(gate, "Есік", "Вход", "Door") for gate in GATES)
    await register(services, SYSTEM, school_id, NewDevice(NAME, gates))
    pool = services.database.pool
    shard = await pool.fetchval("SELECT shard FROM school WHERE id = $1", school_id)
    return Bench(services, clock, school_id, shard, await pool.fetchval("SELECT id FROM device WHERE name = $1", NAME))


def names(rows: Sequence[Row]) -> list[str]:
    return [row.action.value for row in rows]


async def test_an_older_command_goes_above_what_was_answered_and_below_what_still_waits(bench: Bench) -> None:
    for action in (Action.LOCK_DOWN, Action.REPORT, Action.LOCATE, Action.RESTART):
        await bench.ask(action)
    before = await bench.send()
    await bench.answer(before[2].id)

    after = await bench.send()

    assert names(after) == ["lock_down", "report", "restart"]
    assert [row.counter > before[2].counter for row in after] == [True] * 3
    assert after[2].counter == before[3].counter
    assert await bench.send() == after


async def test_a_new_command_stands_above_the_new_numbers(bench: Bench) -> None:
    for action in (Action.LOCK_DOWN, Action.LOCATE):
        await bench.ask(action)
    await bench.answer((await bench.send())[1].id)
    await bench.send()

    await bench.ask(Action.NORMAL)

    assert names(await bench.send()) == ["lock_down", "normal"]


@pytest.mark.parametrize(
    ("older", "younger"),
    [
        ((Action.LOCK_DOWN, ""), (Action.NORMAL, "")),
        ((Action.FREE_PASS, "main"), (Action.LOCK_DOWN, "")),
        ((Action.NORMAL, ""), (Action.LOCK_DOWN, "yard")),
        ((Action.OPEN_ONCE, "main"), (Action.LOCATE, "")),
        ((Action.RESTART, ""), (Action.LOCATE, "")),
    ],
)
async def test_what_was_replaced_or_must_not_happen_twice_goes_no_more_and_is_shown_as_unanswered_at_once(
    bench: Bench, older: tuple[Action, str], younger: tuple[Action, str]
) -> None:
    await bench.ask(*older)
    id_ = await bench.ask(*younger)
    await bench.send()
    await bench.answer(id_)

    assert await bench.send() == []
    bench.clock.advance(0.001)
    assert await bench.stages() == [Stage.UNANSWERED, Stage.DONE]


@pytest.mark.parametrize(
    ("older", "younger"),
    [
        ((Action.LOCK_DOWN, ""), (Action.LOCK_DOWN, "yard")),
        ((Action.LOCK_DOWN, "main"), (Action.NORMAL, "yard")),
        ((Action.NORMAL, ""), (Action.OPEN_ONCE, "")),
    ],
)
async def test_what_a_younger_one_does_not_replace_goes_again(
    bench: Bench, older: tuple[Action, str], younger: tuple[Action, str]
) -> None:
    id_ = await bench.ask(*older)
    settled = await bench.ask(*younger)
    await bench.send()
    await bench.answer(settled, outcome="failed")

    assert [row.id for row in await bench.send()] == [id_]
    assert await bench.stages() == [Stage.FAILED, Stage.WAITING]


async def test_a_younger_command_that_a_device_never_answers_holds_the_older_one_until_it_expires(bench: Bench) -> None:
    id_ = await bench.ask(Action.LOCK_DOWN)
    await bench.ask(Action.LOCATE)
    swallowed = (await bench.send())[1].counter
    bench.clock.advance(61)

    [row] = await bench.send()

    assert (row.id, row.counter > swallowed) == (id_, True)


async def test_where_there_is_no_room_below_a_younger_command_it_is_waited_for(bench: Bench) -> None:
    ids = [await bench.ask(action) for action in (Action.LOCK_DOWN, Action.LOCATE, Action.REPORT)]
    pool = bench.services.database.pool
    await pool.execute("UPDATE device_command SET counter = counter - 99 WHERE id = $1", ids[2])
    await bench.send()
    await bench.answer(ids[1])
    assert names(await bench.send()) == ["lock_down", "report"]
    assert (await bench.stages())[0] is Stage.WAITING
    await bench.answer(ids[2])

    assert names(await bench.send()) == ["lock_down"]

    highest = await pool.fetchval("SELECT max(counter) FROM device_command WHERE outcome <> ''")
    assert await pool.fetchval("SELECT counter FROM device_command WHERE id = $1", ids[0]) > highest


class Obedient:
    """A device as the contract has it: it obeys numbers above its last, and answers in the order of its journal."""

    def __init__(self) -> None:
        self.last = 0
        self.obeyed: list[Row] = []
        self.unsent: list[str] = []

    def hear(self, row: Row) -> None:
        if row.counter > self.last:
            self.last = row.counter
            self.obeyed.append(row)
            self.unsent.append(row.id)

    def modes(self) -> dict[str, Action]:
        return modes([(row.action, row.gate) for row in self.obeyed])


def modes(words: Sequence[tuple[Action, str]]) -> dict[str, Action]:
    """Return how gates stand after words that came in this order."""
    stand = dict.fromkeys(GATES, Action.NORMAL)
    for action, gate in words:
        if action in LASTING:
            stand.update(dict.fromkeys([gate] if gate else GATES, action))
    return stand


async def live(bench: Bench, rng: Random, gates: Sequence[str]) -> tuple[Obedient, list[tuple[Action, str]]]:
    """Let commands be asked for where messages are lost and answers come late, then let all be well."""
    device = Obedient()
    asked: list[tuple[Action, str]] = []
    for second in range(45):
        is_well = second >= 25
        if not is_well and rng.random() < 0.7 and len(asked) < 20:
            action = rng.choice(list(Action))
            asked.append((action, rng.choice(gates) if action in LASTING else ""))
            await bench.ask(*asked[-1])
        for row in await bench.send():
            if is_well or rng.random() < 0.5:
                device.hear(row)
        told = len(device.unsent) if is_well else rng.randint(0, len(device.unsent))
        await bench.answer(*device.unsent[:told])
        del device.unsent[:told]
        bench.clock.advance(1)
    return device, asked


@pytest.mark.parametrize(("seed", "gates"), [(0, GATES), (1, GATES), (2, ("", *GATES)), (3, ("", *GATES))])
async def test_whatever_messages_are_lost_gates_end_as_they_were_last_told_and_nothing_opens_twice(
    bench: Bench, seed: int, gates: Sequence[str]
) -> None:
    device, asked = await live(bench, Random(seed), gates)

    stages = await bench.stages()
    assert Stage.WAITING not in stages
    is_told = "" in gates and Stage.UNANSWERED in stages  # a word for all gates, overtaken by one for a single gate
    assert is_told or device.modes() == modes(asked)
    once = [row.id for row in device.obeyed if row.action not in REPEATABLE]
    assert len(once) == len(set(once))
