"""The simulated turnstile's mechanics, on a clock of their own."""

from random import Random

import pytest

from simulators.turnstile import Habits, Mechanics, TurnstileServer
from simulators.turnstile_command import main


def closings(lines: list[str], direction: str) -> int:
    return lines.count(f"contact {direction} closed")


def test_whoever_it_unlocks_for_goes_through_in_their_time_and_the_contact_chatters() -> None:
    mechanics = Mechanics(Random(3), Habits(walk_ms_min=600, walk_ms_max=1_800))

    mechanics.relay("in", 0, is_on=True)
    assert mechanics.due(599) == []
    lines = mechanics.due(3_000)

    assert closings(lines, "in") >= 1
    assert lines[-1] == "contact in open"
    assert mechanics.passed == {"in": 1, "out": 0}


def test_a_relay_going_off_unlocks_nothing_and_red_is_counted() -> None:
    mechanics = Mechanics(Random(3))

    mechanics.relay("in", 0, is_on=False)
    mechanics.relay("red", 0, is_on=True)

    assert (mechanics.due(10_000), mechanics.opened, mechanics.reds) == ([], 0, 1)


def test_one_who_turns_round_leaves_the_contacts_alone() -> None:
    mechanics = Mechanics(Random(3))

    mechanics.turn()
    mechanics.relay("in", 0, is_on=True)

    assert mechanics.due(10_000) == []


def test_nobody_goes_through_a_locked_gate_but_by_force() -> None:
    mechanics = Mechanics(Random(3), is_auto=False)

    assert not mechanics.go("in", 0)
    mechanics.force("in", 0)

    assert closings(mechanics.due(1_000), "in") >= 1


def test_in_a_fire_it_stands_open() -> None:
    mechanics = Mechanics(Random(3), is_auto=False)

    mechanics.burn(0, is_burning=True)

    assert mechanics.go("out", 1)
    assert mechanics.due(1_000)[0] == "fire on"
    assert mechanics.standing()[-1] == "fire on"


def test_one_seed_repeats_every_bounce() -> None:
    first, second = Mechanics(Random(5)), Mechanics(Random(5))
    for mechanics in (first, second):
        mechanics.relay("in", 0, is_on=True)

    assert first.due(5_000) == second.due(5_000)


async def test_a_command_that_is_not_understood_is_answered_with_those_there_are() -> None:
    assert "commands: pass in|out" in TurnstileServer(Mechanics(Random(1))).obey("jump")


def test_a_wrong_span_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--walk-ms", "9-3"])

    assert "is not LOW-HIGH in milliseconds" in capsys.readouterr().err
