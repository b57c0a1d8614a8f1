"""Five hundred worlds: whatever befalls agents, disks, wires and workers, nothing is lost and nothing is doubled."""

import pytest

from simulators.world import Outcome, command, main, run_world

CHUNKS, SEEDS = 25, 20


def told(outcome: Outcome) -> str:
    """Return what is wrong with a world, and the one command that repeats it."""
    return "\n".join([f"{command(outcome.seed)}  # {', '.join(outcome.faults)}", *outcome.violations[:5]])


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_nothing_is_lost_and_nothing_is_doubled_in_any_world(chunk: int) -> None:
    outcomes = [run_world(seed) for seed in range(chunk * SEEDS, (chunk + 1) * SEEDS)]

    broken = [told(outcome) for outcome in outcomes if outcome.violations]
    if broken:
        pytest.fail("\n".join(broken), pytrace=False)


def test_one_seed_is_one_world_step_by_step() -> None:
    first, second = (run_world(1657, tracing=True) for _ in range(2))

    assert first == second
    assert len(first.trace) > 10


def test_a_world_is_not_at_rest_while_records_wait_for_a_slow_disk() -> None:
    outcome = run_world(7812)  # its disk was slow until shortly before the end

    assert "slow disk" in " ".join(outcome.faults)
    assert not outcome.violations


def test_a_disk_that_lied_leaves_no_row_in_the_way_of_new_ones() -> None:
    outcome = run_world(24836)  # it kept an epoch's rows and lost that there had been one

    assert "lying disk" in " ".join(outcome.faults)
    assert not outcome.violations


def test_worlds_are_full_of_faults_and_people() -> None:
    outcomes = [run_world(seed) for seed in range(1_000, 1_020)]

    assert sum(outcome.accepted for outcome in outcomes) > 250
    assert sum(len(outcome.faults) for outcome in outcomes) > 30
    assert sum(outcome.excused for outcome in outcomes) > 0


def test_the_command_tells_what_happened(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "7", "--count", "2", "--trace"]) == 0

    said = capsys.readouterr().out
    assert "boot 1, epoch" in said
    assert "2 worlds" in said
    assert "0 worlds broken" in said
