"""Faults of the whole line, each in simulated worlds of its own: the product's agents, its ingest, and all between."""

from collections.abc import Sequence
from random import Random

import pytest

from simulators.loop import running
from simulators.network import FAIR, Weather
from simulators.world import Outcome, World, command, run_world
from simulators.world_cloud import Blow
from simulators.world_device import WorldDevice
from simulators.world_story import Fault, Happening, Story

SEEDS = range(4)
STORM = Weather(loss=0.3, duplicate=0.3, reorder=0.5, delay_ms_max=2_000)


def live(
    seed: int,
    *faults: tuple[str | Happening, float, float],
    devices: int = 1,
    workers: int = 1,
    weather: Weather = FAIR,
    lasts_s: float = 40,
    crowd_s: float = 1,
) -> Outcome:
    """Run the world in which these faults happen, each named or done by hand, at an instant, for so many seconds."""
    told: Sequence[Fault] = [
        Fault(*(what, at_s, number, for_s, Random(seed)))
        if isinstance(what, str)
        else Fault(what.__name__.strip("_"), at_s, number, for_s, Random(seed), what)
        for number, (what, at_s, for_s) in enumerate(faults)
    ]
    story = Story(devices, workers, weather, crowd_s * devices, lasts_s, down_s_max=5.0, faults=list(told))
    outcome = run_world(seed, story=story, tracing=True)
    assert not outcome.violations, command(seed)
    assert outcome.accepted
    return outcome


def trace_of(outcome: Outcome) -> str:
    return "\n".join(outcome.trace)


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_6_a_disk_that_lied_about_fsync_costs_no_other_record_and_no_number_is_used_twice(seed: int) -> None:
    outcome = live(seed, ("lying disk", 5, 10), ("lying disk", 20, 10))

    assert "killed" in trace_of(outcome)


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_12_a_program_that_starts_on_a_read_only_disk_works_without_a_journal_until_it_can_have_one(
    seed: int,
) -> None:
    def kill(_world: World, device: WorldDevice, _fault: Fault) -> None:
        device.kill()

    outcome = live(seed, ("read-only disk", 5, 30), (kill, 10, 1), crowd_s=0.5)

    assert "starts without a journal" in trace_of(outcome)


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_15_a_broker_that_comes_back_empty_gets_everything_again(seed: int) -> None:
    outcome = live(seed, *(("broker restart", at_s, 3) for at_s in (5, 12, 30)), devices=2)

    assert outcome.records > 40


def test_fault_16_a_broker_restarted_every_30_s_for_10_minutes_keeps_nothing_back() -> None:
    faults = [("broker restart", at_s, 1) for at_s in range(15, 600, 30)]

    outcome = live(1, *faults, devices=2, lasts_s=600, crowd_s=6)

    assert outcome.simulated_s < 700  # drained at once when it was over


def _wants(*blows: Blow) -> Happening:
    def blow(world: World, _device: WorldDevice, _fault: Fault) -> None:
        world.workers[0].blows += blows

    return blow


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_18_a_worker_that_dies_before_its_commits_loses_nothing(seed: int) -> None:
    outcome = live(seed, (_wants(*[Blow.KILLED_BEFORE_COMMIT] * 3), 5, 1))

    assert trace_of(outcome).count("cloud-1: killed") == 3


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_19_commits_whose_acks_were_lost_are_recognised(seed: int) -> None:
    outcome = live(seed, (_wants(*[Blow.KILLED_AFTER_COMMIT] * 3), 5, 1))

    assert trace_of(outcome).count("cloud-1: killed") == 3


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("blow", [Blow.COMMIT_FAILED, Blow.COMMIT_UNKNOWN])
def test_fault_20_a_commit_that_fails_or_whose_end_is_unknown_is_done_once(seed: int, blow: Blow) -> None:
    outcome = live(seed, (_wants(*[blow] * 4), 5, 1))

    signs = ("the database said no", "the connection broke")
    assert sum(trace_of(outcome).count(sign) for sign in signs) == 4


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_21_a_database_set_back_gets_again_what_devices_still_hold(seed: int) -> None:
    outcome = live(seed, ("restored database", 10, 10), devices=2)

    assert "the database is restored" in trace_of(outcome)


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_22_a_wire_that_loses_doubles_and_shuffles_everything_changes_nothing(seed: int) -> None:
    outcome = live(seed, weather=STORM, devices=2, lasts_s=60)

    assert outcome.records > 100


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_24_a_half_open_connection_holds_nothing_back_for_long(seed: int) -> None:
    def half_open(world: World, device: WorldDevice, fault: Fault) -> None:
        world.wire.part(device.place, silently=True)
        running().call_later(fault.lasts_s, world.wire.join, device.place)

    outcome = live(seed, (half_open, 5, 60), lasts_s=70)

    assert outcome.simulated_s < 120


def test_fault_26_a_wire_that_is_up_one_second_in_six_for_an_hour_stops_no_gate() -> None:
    outcome = live(1, ("flapping", 1, 3_590), lasts_s=3_600, crowd_s=30)

    assert outcome.accepted > 70
    assert outcome.simulated_s < 3_700


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("jump_ms", [-100 * 366 * 86_400_000, 366 * 86_400_000, -14 * 86_400_000, 3_600_000, 1_000])
def test_fault_27_and_28_a_clock_in_1970_or_one_that_jumps_changes_no_order(seed: int, jump_ms: int) -> None:
    def jump(_world: World, device: WorldDevice, _fault: Fault) -> None:
        device.set_clock(jump_ms)

    outcome = live(seed, (jump, 10, 1), ("kill", 15, 1))

    assert outcome.records > 40


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_30_two_machines_with_one_card_are_told_and_both_keep_everything(seed: int) -> None:
    outcome = live(seed, ("clone", 10, 1), lasts_s=90, crowd_s=2)

    assert "alarm clone of gate-1" in trace_of(outcome)


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_31_an_old_image_drains_what_it_has_and_says_so(seed: int) -> None:
    outcome = live(seed, ("old image", 10, 15))

    assert "alarm rollback" in trace_of(outcome)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("record", [b'{"k":"comet","m":1}', b'{"k":"decision","v":2,"m":1}', b"not even JSON"])
def test_fault_36_a_record_nobody_knows_is_kept_and_stops_nothing(seed: int, record: bytes) -> None:
    def poison(_world: World, device: WorldDevice, _fault: Fault) -> None:
        device.write(record)

    outcome = live(seed, (poison, 10, 1), (poison, 20, 1))

    assert "alarm record_" in trace_of(outcome)


def test_fault_38_hundreds_of_devices_that_reconnect_at_once_drain_within_minutes() -> None:
    outcome = live(1, ("broker restart", 20, 5), devices=200, lasts_s=30, crowd_s=30)

    assert outcome.records > 500
    assert outcome.simulated_s < 180


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_44_two_workers_over_the_same_messages_keep_one_watermark(seed: int) -> None:
    outcome = live(seed, ("blow to the cloud", 10, 1), ("killed worker", 20, 1), devices=3, workers=2)

    assert outcome.records > 100
