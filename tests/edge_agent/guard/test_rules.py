"""What a fire and a lockdown do at a gate is what the school has set; a fire shuts none."""

from pathlib import Path

import pytest

from edge_agent.actuators.actuator import FireChanged
from edge_agent.decision import Mode
from edge_agent.gate import HELD_OPEN
from edge_agent.guard.leaving import orders_at_gates
from edge_agent.regime import GateRule, rule_of
from schemas.roster import row
from schemas.structs import GateNames, GateRow
from tests.edge_agent.gate import settle
from tests.edge_agent.guard.bench import GuardBench
from tests.edge_agent.school import ALIYA, GUARD

NAMES = {"kk": "Есік", "ru": "Вход", "en": "Door"}


def gate_row(*rule: str, gate: str = "main", device: str = "gate-1") -> bytes:
    return row("gate", gate, NAMES, device, *rule)


@pytest.mark.parametrize(
    ("rule", "mode", "entry", "leave"),
    [
        ((), "lock_down", "denied", "allowed"),
        (("open", "shut"), "lock_down", "denied", "allowed"),
        (("open", "shut_both"), "lock_both", "denied", "denied"),
        (("open", "open"), "free_pass", "allowed", "allowed"),
        (("open", "usual"), "normal", "allowed", "allowed"),
        (("open", "a later word"), "lock_down", "denied", "allowed"),
    ],
)
async def test_a_lockdown_does_what_the_school_has_set(
    tmp_path: Path, rule: tuple[str, ...], mode: Mode, entry: str, leave: str
) -> None:
    async with GuardBench(tmp_path, gate_row(*rule)).working() as bench:
        await bench.desk.order(GUARD, "lock_down")
        await settle()
        await bench.tap(ALIYA)
        await bench.tap(ALIYA, "reader-out")

        assert bench.gate.status({}).mode == mode
        assert [each["o"] for each in bench.written("decision")] == [entry, leave]
        assert bench.notes.kept["mode:main"] == mode
        await bench.desk.order(GUARD, "normal")
        await settle()
        assert bench.gate.status({}).mode == "normal"


async def test_a_fire_ends_a_lockdown_of_both_ways(tmp_path: Path) -> None:
    async with GuardBench(tmp_path, gate_row("open", "shut_both")).working() as bench:
        await bench.desk.order(GUARD, "lock_down")
        await settle()
        await bench.desk.order("", "fire")
        await settle()
        await bench.tap("stranger0000", "reader-out")

        assert bench.written("decision")[-1]["w"] == "fire"
        assert f"open out {HELD_OPEN}" in bench.actuator.told


async def test_a_gate_that_stays_as_usual_in_a_fire_opens_by_its_own_panel(tmp_path: Path) -> None:
    async with GuardBench(tmp_path, gate_row("usual", "shut")).working() as bench:
        await bench.desk.order("", "fire")
        await settle()
        await bench.tap("stranger0000")
        await bench.tap(ALIYA, "reader-out")
        assert f"open out {HELD_OPEN}" not in bench.actuator.told
        assert [each["w"] for each in bench.written("decision")] == ["card_unknown", "ok"]

        await bench.actuator.inputs.put(FireChanged(burning=True, at_ms=0))
        await settle()
        await bench.tap("stranger0001")

        assert bench.written("decision")[-1]["w"] == "fire"


def test_a_gate_that_nobody_has_set_or_that_is_not_known_has_the_default() -> None:
    names = GateNames("Есік", "Вход", "Door")

    assert rule_of(None) == rule_of(GateRow("main", names, "gate-1")) == GateRule("open", "shut")


async def test_the_desk_tells_before_the_touch_what_each_gate_of_the_school_will_do(tmp_path: Path) -> None:
    south = gate_row("usual", "shut_both", gate="south", device="gate-2")
    bench = GuardBench(tmp_path, gate_row(), south)

    assert orders_at_gates(bench.desk) == {
        "fire": {"open": ["main", "yard"], "usual": ["south"]},
        "lock_down": {"shut": ["main", "yard"], "shut_both": ["south"]},
    }
    alarm = bench.guard._screen.panel("alarm", "en", GUARD, counts=None)
    assert "Nobody comes in or out by card" in alarm
    assert "As usual" in alarm

    bench.roster = None
    assert orders_at_gates(bench.desk)["fire"] == {"open": ["main"]}
