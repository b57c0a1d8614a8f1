"""A card that claims to be the school's and could not prove it: what the gate does, writes and tells."""

import asyncio
from dataclasses import replace

import pytest

from edge_agent.actuators.actuator import Direction
from edge_agent.decision import Mode, Question, decide
from edge_agent.readers.tap import Medium, Tap
from edge_agent.view import View
from schemas import structs, tokens
from tests.edge_agent.gate import GateBench
from tests.edge_agent.school import ALIYA, at, roster, token_of

FORGED = Question(token=token_of(ALIYA), gate="main", direction="in", stamp=at(), is_genuine=False)
FLAW = "the card does not hold the key"


async def show(gate: GateBench, credential: bytes, flaw: str = FLAW, medium: Medium = Medium.DESFIRE) -> None:
    tap = Tap("reader-in", credential, medium, gate.clock.monotonic_ms(), flaw)
    await gate.finish(asyncio.ensure_future(gate.pipeline.handle(tap)))


@pytest.mark.parametrize("token", [token_of(ALIYA), "0" * 24])
@pytest.mark.parametrize("direction", ["in", "out"])
def test_it_opens_nothing_whomever_it_claims_to_be(token: str, direction: Direction) -> None:
    decision = decide(replace(FORGED, token=token, direction=direction), roster(), View("gate-1"))

    assert (decision.is_allowed, decision.reason) == (False, "card_not_genuine")
    assert decision.person == (ALIYA if token == token_of(ALIYA) else None), "who is impersonated stands in the record"


@pytest.mark.parametrize(
    ("mode", "is_burning", "reason"), [("free_pass", False, "free_pass"), ("normal", True, "fire")]
)
def test_a_fire_and_a_command_stand_above_it(mode: Mode, is_burning: bool, reason: str) -> None:
    decision = decide(replace(FORGED, mode=mode, is_burning=is_burning), roster(), View("gate-1"))

    assert (decision.is_allowed, decision.reason) == (True, reason)


def test_without_a_roster_it_does_not_come_in_and_nobody_is_locked_in() -> None:
    entry = decide(replace(FORGED, roster_missing="allow"), None, View("gate-1"))
    way_out = decide(replace(FORGED, direction="out"), None, View("gate-1"))

    assert (entry.is_allowed, entry.reason) == (False, "card_not_genuine")
    assert way_out.is_allowed


async def test_it_is_a_denial_and_an_alarm_that_names_no_card() -> None:
    gate = GateBench()
    await show(gate, ALIYA.encode())

    denial, alarm = gate.log.records
    assert isinstance(denial, structs.Decision)
    assert isinstance(alarm, structs.Alarm)
    assert (denial.outcome, denial.reason, denial.person, denial.medium) == (
        "denied", "card_not_genuine", ALIYA, "desfire",
    )  # fmt: skip
    assert (alarm.reason, alarm.detail, alarm.gate) == ("card_not_genuine", FLAW, "main")
    assert gate.told == ["deny"]
    assert [shown.decision.reason for shown in gate.shown] == ["card_not_genuine"]


async def test_who_tries_again_and_again_raises_one_alarm_in_ten_seconds() -> None:
    gate = GateBench()
    for _ in range(5):
        await show(gate, ALIYA.encode())
        await gate.wait(1)

    assert [type(record) for record in gate.log.records] == [structs.Decision, structs.Alarm]


async def test_random_uids_that_claim_to_be_ours_count_as_one() -> None:
    gate = GateBench()
    gate.pipeline._token = lambda tap: tokens.token(bytes(32), tokens.DESFIRE, tap.identity)
    for number in range(5):
        await show(gate, bytes([8, 1, 2, number]))

    assert [type(record) for record in gate.log.records] == [structs.Decision, structs.Alarm]


async def test_a_long_flaw_still_fits_a_record() -> None:
    gate = GateBench()
    await show(gate, ALIYA.encode(), "x" * 500)

    assert all(len(entry.record or b"") <= 200 for entry in gate.log.kept)


async def test_a_genuine_card_is_written_with_how_it_was_read() -> None:
    gate = GateBench()
    await show(gate, ALIYA.encode(), flaw="", medium=Medium.SUN)

    (record,) = gate.log.records
    assert isinstance(record, structs.Decision)
    assert (record.outcome, record.reason, record.medium) == ("allowed", "ok", "sun")
