"""One gate's pipeline: decide, append, wait at most 100 ms, act; and what the sensor, the panel and the guard say."""

import asyncio

import msgspec
import pytest

from edge_agent.actuators.actuator import FireChanged, PassageOutcome, Passed
from edge_agent.door import Door
from edge_agent.journal.entry import Fill
from edge_agent.pipeline import PassRefused
from edge_agent.readers.tap import Medium
from schemas import structs
from schemas.codec import RECORD_BYTES_MAX
from simulators.clock import SimulatedClock
from tests.edge_agent.gate import MAIN, GateBench, settle
from tests.edge_agent.school import ALIYA, BORIS, GONE, GUARD, token_of
from tests.waiting import until_async

STRANGER = "stranger0000"


async def test_a_known_card_opens_after_it_is_written() -> None:
    gate = GateBench()

    decision = await gate.tap(ALIYA)

    assert decision.is_allowed
    assert gate.told == ["open in 1"]
    assert gate.written == [("decision", "allowed", "ok", ALIYA)]
    assert [(shown.is_opened, shown.decision) for shown in gate.shown] == [(True, decision)]


async def test_the_gate_does_not_open_before_the_record_is_durable() -> None:
    gate = GateBench()
    gate.log.mode = "slow"

    handling = asyncio.ensure_future(gate.tap(ALIYA))
    await settle()
    assert gate.told == []
    gate.log.land()
    await handling

    assert gate.told == ["open in 1"]


async def test_a_record_says_where_when_which_way_and_by_which_roster() -> None:
    gate = GateBench()

    await gate.tap(ALIYA, "reader-out", Medium.QR)

    (record,) = gate.log.records
    assert isinstance(record, structs.Decision)
    assert (record.gate, record.direction, record.roster, record.medium) == ("main", "out", 7, "qr")
    assert (record.monotonic_ms, record.wall_ms, record.clock) == (0, gate.clock.wall_ms(), "ntp")
    assert all(len(entry.record or b"") <= RECORD_BYTES_MAX for entry in gate.log.kept)


async def test_a_stranger_sees_red_and_is_written_by_token() -> None:
    gate = GateBench()

    await gate.tap(STRANGER)

    (record,) = gate.log.records
    assert isinstance(record, structs.Decision)
    assert gate.told == ["deny"]
    assert (record.outcome, record.reason, record.token, record.person) == (
        "denied",
        "card_unknown",
        token_of(STRANGER),
        None,
    )


async def test_like_denials_collapse_before_they_are_numbered() -> None:
    gate = GateBench()

    for _ in range(4):
        await gate.tap(STRANGER)
        await gate.wait(1)
    await gate.wait(10)

    assert gate.told == ["deny"] * 4
    assert [words[-1] for words in gate.written] == ["card_unknown", "3"]
    assert len(gate.log.kept) == 2


async def test_two_people_in_one_instant_both_go_through() -> None:
    gate = GateBench()

    await asyncio.gather(gate.tap(ALIYA), gate.tap(BORIS))

    assert gate.told == ["open in 1", "open in 2"]


# Passages


async def test_a_passage_follows_its_decision() -> None:
    gate = GateBench()
    await gate.tap(STRANGER)
    await gate.tap(ALIYA)

    await gate.sense(PassageOutcome.PASSED)

    assert gate.written[-1] == ("passage", "passed", ALIYA, "2")
    record = gate.log.records[-1]
    assert isinstance(record, structs.Passage)
    assert record.epoch is None
    assert gate.view.is_inside(ALIYA)


@pytest.mark.parametrize("outcome", [PassageOutcome.NO_PASSAGE, PassageOutcome.WRONG_DIRECTION])
async def test_who_did_not_go_may_try_again_at_once(outcome: PassageOutcome) -> None:
    gate = GateBench()
    await gate.tap(ALIYA)

    await gate.sense(outcome)
    assert gate.written[-1] == ("passage", outcome.value, ALIYA, "1")
    assert not gate.view.is_inside(ALIYA)

    assert (await gate.tap(ALIYA)).reason == "ok"
    assert gate.told == ["open in 1", "open in 2"]


async def test_a_forced_gate_is_a_passage_of_nobody_and_an_alarm() -> None:
    gate = GateBench()

    await gate.sense(PassageOutcome.FORCED, "out", None)

    assert gate.written == [("passage", "forced"), ("alarm", "forced_open")]


async def test_a_passage_waits_for_the_number_of_its_decision() -> None:
    gate = GateBench()
    gate.log.mode = "slow"
    await gate.tap(ALIYA)

    await gate.sense(PassageOutcome.PASSED)
    assert len(gate.log.held_back) == 1
    gate.log.mode = "good"
    gate.log.land()
    await settle()

    assert gate.written == [("decision", "allowed", "ok", ALIYA), ("passage", "passed", ALIYA, "1")]


async def test_a_passage_whose_decision_was_lost_still_names_the_person() -> None:
    gate = GateBench()
    gate.log.mode = "slow"
    await gate.tap(ALIYA)
    await gate.sense(PassageOutcome.PASSED)

    gate.log.mode = "good"
    gate.log.fail()
    await settle()

    assert gate.written == [("passage", "passed", ALIYA)]
    assert gate.log.lost == 1
    assert gate.view.is_inside(ALIYA)


async def test_without_a_sensor_a_decision_is_all_there_is() -> None:
    gate = GateBench(has_sensor=False)

    await gate.tap(ALIYA)

    assert gate.told == ["open in 1"]
    assert gate.view.is_inside(ALIYA)


# Fire


async def test_fire_frees_the_gate_and_is_written_at_both_ends() -> None:
    gate = GateBench()

    await gate.burn(burning=True)
    decision = await gate.tap(STRANGER)
    await gate.sense(PassageOutcome.FORCED, "out", None)
    await gate.burn(burning=False)
    afterwards = await gate.tap(STRANGER)

    assert (decision.is_allowed, decision.reason) == (True, "fire")
    assert afterwards.reason == "card_unknown"
    assert gate.written == [
        ("alarm", "fire_on"),
        ("decision", "allowed", "fire"),
        ("passage", "passed"),
        ("alarm", "fire_off"),
        ("decision", "denied", "card_unknown"),
    ]


async def test_a_fire_that_is_told_again_is_no_new_one() -> None:
    gate = GateBench()

    for burning in (False, True, True, False, False):
        await gate.burn(burning=burning)

    assert gate.written == [("alarm", "fire_on"), ("alarm", "fire_off")]


async def test_those_who_were_inside_before_a_fire_come_back_in() -> None:
    gate = GateBench()
    await gate.tap(ALIYA)
    await gate.wait(60)
    await gate.burn(burning=True)
    await gate.burn(burning=False)
    await gate.wait(60)

    assert (await gate.tap(ALIYA)).reason == "passback_soft"


# By hand


async def test_a_guard_lets_a_child_through_by_hand() -> None:
    gate = GateBench()

    await gate.pipeline.hand_pass(ALIYA, GUARD, "in", "forgotten")
    await gate.sense(PassageOutcome.PASSED)

    assert gate.written == [("hand_pass", "forgotten", ALIYA), ("passage", "passed", ALIYA, "1")]
    assert gate.told == ["open in 1"]
    assert gate.shown[0].staff == GUARD
    assert gate.view.is_inside(ALIYA)


@pytest.mark.parametrize(
    ("ref", "staff", "text"), [(STRANGER, GUARD, "nobody has the reference"), (ALIYA, BORIS, "is not of the staff")]
)
async def test_a_hand_pass_of_or_by_nobody_we_know_is_refused(ref: str, staff: str, text: str) -> None:
    gate = GateBench()

    with pytest.raises(PassRefused, match=text):
        await gate.pipeline.hand_pass(ref, staff, "in", "lost")

    assert (gate.told, gate.written) == ([], [])


async def test_without_a_roster_the_guard_is_believed() -> None:
    gate = GateBench(found=None)

    await gate.pipeline.hand_pass(ALIYA, GUARD, "in", "other")

    assert gate.told == ["open in 1"]


# A journal that fills


async def test_nearly_full_denials_are_counted_for_ten_minutes_and_entries_are_kept() -> None:
    gate = GateBench()
    gate.log.fill = Fill.COLLAPSE

    for ref in (STRANGER, "stranger1111", GONE):
        await gate.tap(ref)
    await gate.tap(ALIYA)
    assert gate.written == [("decision", "allowed", "ok", ALIYA)]

    await gate.wait(601)
    assert gate.written[1:] == [("decision", "denied", "card_unknown", "2"), ("decision", "denied", "person_inactive")]


async def test_the_last_room_is_left_to_others_and_what_is_not_kept_is_counted() -> None:
    gate = GateBench()
    gate.log.fill = Fill.RESERVE

    await gate.tap(ALIYA)
    await gate.sense(PassageOutcome.PASSED)
    await gate.burn(burning=True)

    assert gate.told == ["open in 1"]
    assert gate.written == [("alarm", "fire_on")]
    assert gate.log.lost == 2


async def test_closing_writes_every_count() -> None:
    gate = GateBench()
    await gate.tap(STRANGER)
    await gate.tap(STRANGER)

    gate.pipeline.close()

    assert len(gate.log.kept) == 2


# Running


async def test_a_running_pipeline_hears_its_gate_and_keeps_house() -> None:
    gate = GateBench()
    running = asyncio.create_task(gate.pipeline.run())
    await gate.tap(STRANGER)
    await gate.tap(STRANGER)

    gate.actuator.inputs.put_nowait(FireChanged(burning=True, at_ms=0))
    gate.actuator.inputs.put_nowait(Passed(PassageOutcome.PASSED, "in", None, 0))
    await until_async(lambda: len(gate.log.kept) == 3)
    gate.clock.advance(11)
    await until_async(lambda: len(gate.log.kept) == 4)

    assert gate.written[-1] == ("decision", "denied", "card_unknown")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_door_without_a_roster_follows_its_setting() -> None:
    closed, open_ = (
        GateBench(found=None),
        GateBench(door=Door("main", MAIN.readers, roster_missing="allow"), found=None),
    )

    assert not (await closed.tap(ALIYA)).is_allowed
    assert (await closed.tap(ALIYA, "reader-out")).is_allowed
    assert (await open_.tap(ALIYA)).is_allowed
    records = [*closed.log.records, *open_.log.records]
    assert {msgspec.to_builtins(record)["w"] for record in records} == {"roster_missing"}
    assert {msgspec.to_builtins(record)["r"] for record in records} == {0}


async def test_a_simulated_clock_is_all_it_waits_for() -> None:
    """The simulated world runs the same class: nothing in it may look at the machine's time."""
    gate = GateBench()
    gate.log.mode = "slow"

    await gate.tap(ALIYA)

    assert isinstance(gate.clock, SimulatedClock)
    assert gate.clock.monotonic_ms() == 100
