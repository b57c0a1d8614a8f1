"""What a gate shows at a reader that has a light."""

from collections.abc import AsyncGenerator

import pytest

from edge_agent.decision import Decision, Reason
from edge_agent.gate import Gate
from edge_agent.pipeline import Pipeline, Shown
from edge_agent.readers.tap import Health, Medium, Tap, Verdict
from edge_agent.settings import GateReader, GateSettings, NoGate
from simulators.clock import SimulatedClock
from tests.edge_agent.school import at

TAP = Tap("in", bytes(4), Medium.UID, 0)


class Lit:
    """A reader with a light."""

    name = "in"
    health = Health.READY

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []

    async def taps(self) -> AsyncGenerator[Tap, None]:
        yield TAP

    def answer(self, tap: Tap, verdict: Verdict) -> None:
        assert tap is TAP
        self.verdicts.append(verdict)


class Fixed:
    """A pipeline that decides as it is told."""

    def __init__(self, gate: Gate, decision: Decision, *, is_opened: bool) -> None:
        self._gate = gate
        self._shown = Shown("main", "in", decision, is_opened, at(0))

    async def handle(self, _tap: Tap) -> Decision:
        self._gate._count(self._shown)
        return self._shown.decision


def nobody(*_: object) -> Pipeline:
    raise AssertionError("this gate is given its pipeline")


@pytest.mark.parametrize(
    ("is_allowed", "reason", "is_opened", "verdict"),
    [
        (True, "ok", True, Verdict.GRANTED),
        (True, "fire", True, Verdict.GRANTED),
        (True, "ok", False, Verdict.REFUSED),  # the door wants a record, and the disk takes none
        (False, "card_unknown", False, Verdict.UNKNOWN),
        (False, "repeat", False, Verdict.REPEAT),
        (False, "passback_hard", False, Verdict.REFUSED),
        (False, "card_blocked", False, Verdict.REFUSED),
    ],
)
async def test_a_person_is_shown_what_the_gate_does(
    is_allowed: bool, reason: Reason, is_opened: bool, verdict: Verdict
) -> None:
    reader = Lit()
    settings = GateSettings("main", (GateReader("in", "in"),), NoGate("none"))
    gate = Gate(settings, [reader], SimulatedClock(), nobody)
    decision = Decision(is_allowed=is_allowed, reason=reason)
    gate._pipeline = Fixed(gate, decision, is_opened=is_opened)  # type: ignore[assignment]

    await gate.serve(reader)

    assert reader.verdicts == [verdict]
