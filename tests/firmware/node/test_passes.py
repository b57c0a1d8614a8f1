"""A pass at a gate that stands alone: the records that an agent would write, and a gate that goes on meanwhile."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.door import Door
from edge_agent.passes import Passes as AgentPasses
from edge_agent.readers.tap import Medium, Tap
from edge_agent.timekeeper import Timekeeper as AgentTimekeeper
from firmware.node.clock import Clock, Timekeeper
from firmware.node.contacts import Contacts
from firmware.node.flash import Region
from firmware.node.gate import Gate
from firmware.node.journal import Journal
from firmware.node.lamp import Lamp
from firmware.node.passes import USED_MAX, Passes
from firmware.node.rules import Rules
from firmware.node.settings import GateSettings
from schemas.pass_text import SIGNED
from schemas.passes import Pass, write
from schemas.tokens import QR, token
from simulators.clock import SimulatedClock
from simulators.flash import Flash
from tests.edge_agent.gate import GateBench
from tests.edge_agent.school import (
    ALIYA,
    BORIS,
    DAY_MS,
    GONE,
    KEY,
    NIGHT,
    PUBLIC_KEY,
    SCHOOL,
    SILENT,
    card,
    person,
    rows_with,
)
from tests.edge_agent.school import roster as agent_roster
from tests.firmware.node.gate_bench import CARD_KEY, MovedTicks, Pin
from tests.firmware.node.node_school import node_file, slots_on, take
from tests.firmware.vm import ROOT

NOW_MS = SimulatedClock().wall_ms()
LAST_S = NOW_MS // 1_000 + 60
ALIYAS = Pass(SCHOOL, ALIYA, "5e" * 8, LAST_S, is_single=False)
ONCE = replace(ALIYAS, is_single=True)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
NEWCOMER = f"{'dana':0<12}"  # on the roster, without a card
Text = Callable[[Pass], str]


def text_of(shown: Pass, key: Ed25519PrivateKey = KEY, words: bytes = SIGNED) -> str:
    body = shown.body()
    return write(body, key.sign(words + body))


@dataclass(frozen=True)
class Case:
    """Passes shown one after the other, so many seconds apart, and what both gates write; of repeats only a count."""

    reasons: Sequence[str]
    shown: Sequence[Pass] = (ALIYAS,)
    text: Text = text_of
    apart_s: float = 0
    direction: Literal["in", "out"] = "in"
    quality: Literal["ntp", "floor"] = "ntp"
    modes: Sequence[str] = ("normal",)
    is_burning: bool = False
    has_roster: bool = True
    changed: Sequence[bytes] = ()
    rules: dict[str, Any] = field(default_factory=dict)
    not_after_ms: int = NOW_MS + 30 * DAY_MS


def of(ref: str) -> Sequence[Pass]:
    return (replace(ALIYAS, ref=ref),)


LATE = replace(ALIYAS, last_s=LAST_S - 61)
CASES = {
    "a pass": Case(["ok"]),
    "a pass on the way out": Case(["ok"], direction="out"),
    "a pass that has ended": Case(["card_expired"], (LATE,)),
    "a pass that has ended, on the way out": Case(["card_expired"], (LATE,), direction="out"),
    "a pass that is about to end": Case(["ok"], (replace(ALIYAS, last_s=LAST_S - 59),)),
    "a pass that ends between two looks": Case(["ok", "card_expired"], (ALIYAS, ALIYAS), apart_s=61),
    "a pass by a clock at its floor": Case(["card_expired"], quality="floor"),
    "a pass by a clock at its floor, going out": Case(["ok"], quality="floor", direction="out"),
    "an ended pass by a clock at its floor, going out": Case(
        ["card_expired"], (LATE,), quality="floor", direction="out"
    ),
    "a pass for a day, again and again": Case(["ok", "ok", "repeat"], (ALIYAS,) * 3, apart_s=4),
    "a pass for one use, at once again": Case(["ok", "repeat"], (ONCE, ONCE), apart_s=1),
    "a pass for one use, later again": Case(["ok", "card_expired", "card_expired"], (ONCE,) * 3, apart_s=3),
    "a pass for one use, refused before": Case(["lock_down", "ok"], (ONCE, ONCE), apart_s=3,
                                               modes=("lock_down", "normal")),
    "a pass for one use in a fire, then": Case(["fire", "fire"], (ONCE, ONCE), apart_s=3, is_burning=True),
    "two passes for one use": Case(["ok", "ok"], (ONCE, replace(ONCE, serial="77" * 8, ref=BORIS)), apart_s=1),
    "a pass of who left": Case(["person_inactive"], of(GONE)),
    "a pass of nobody": Case(["person_inactive"], of("0" * 12)),
    "an ended pass of nobody": Case(["card_expired"], (replace(LATE, ref="0" * 12),)),
    "a pass without consent": Case(["no_consent"], of(SILENT)),
    "a pass of somebody of another gate": Case(["wrong_place"], of(NIGHT)),
    "a pass of who has no card": Case(["ok"], of(NEWCOMER), changed=(person(NEWCOMER),)),
    "a pass of who has no card and no consent": Case(["no_consent"], of(NEWCOMER),
                                                     changed=(person(NEWCOMER, consent=0),)),
    "a pass whose card is blocked": Case(["ok"], changed=(card(ALIYA, state="blocked"),)),
    "a pass whose card has ended": Case(["ok"], changed=(card(ALIYA, not_after_ms=NOW_MS - 1),)),
    "a pass at night": Case(["wrong_time"], changed=(b'["profile","day",[[127,0,60]],["*"]]',)),
    "a pass at night, going out": Case(["ok"], changed=(b'["profile","day",[[127,0,60]],["*"]]',), direction="out"),
    "a pass, and an old roster": Case(["roster_expired"], not_after_ms=NOW_MS - 1),
    "a pass, and an old roster that denies": Case(["roster_expired"], not_after_ms=NOW_MS - 1,
                                                  rules={"expired": "deny"}),
    "a pass while locked down": Case(["lock_down"], modes=("lock_down",)),
    "a pass while locked down, going out": Case(["ok"], modes=("lock_down",), direction="out"),
    "a pass in free pass": Case(["free_pass"], of("0" * 12), modes=("free_pass",)),
    "a pass in a fire": Case(["fire"], of(GONE), is_burning=True),
    "a pass without a roster": Case(["roster_missing"], has_roster=False),
    "a pass without a roster, going out": Case(["roster_missing"], has_roster=False, direction="out"),
    "a pass of another school": Case(["card_unknown"], (replace(ALIYAS, school="alm006"),)),
    "a pass of another key": Case(["card_unknown"], text=lambda shown: text_of(shown, OTHER_KEY)),
    "a pass signed as something else": Case(["card_unknown"], text=lambda shown: text_of(shown, words=b"")),
    "a pass in small letters": Case(["card_unknown"], text=lambda shown: "ESIK:" + text_of(shown)[5:].lower()),
    "a pass cut short": Case(["card_unknown"], text=lambda shown: text_of(shown)[:-4]),
    "a pass of another body": Case(["card_unknown"], text=lambda shown: write(
        shown.body(), KEY.sign(SIGNED + replace(shown, ref=BORIS).body())
    )),
    "no pass": Case(["card_unknown"], text=lambda _shown: "ESIK:1"),
}  # fmt: skip
ALWAYS = b'["profile","day",[[127,0,1440]],["*"]]'


class NodeGate:
    """A stand-alone gate with its roster in flash; its clock is moved."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.ticks = MovedTicks()
        clock = Clock(self.ticks)
        self.keeper = Timekeeper(clock, NOW_MS)
        if case.quality == "ntp":
            self.keeper.learn(NOW_MS, 0)
        self.slots = slots_on(Flash(16))
        if case.has_roster:
            take(self.slots, node_file(_rows(case), not_after_ms=case.not_after_ms))
        self.journal = Journal(Region(Flash(16)), "gate-1", Random(1).randbytes)
        self.inputs = {"passed_in": Pin(), "passed_out": Pin(), "fire": Pin(int(case.is_burning))}
        settings = {"board": "gate_esp32s3", "gate": "main", "direction": case.direction, "has_sensor": True}
        self.gate = Gate(
            GateSettings(settings), CARD_KEY, self.journal, Rules(self.slots, "main", "deny"), self.keeper, Lamp({}),
            Contacts(dict(self.inputs)), lambda: None,
        )  # fmt: skip
        self.passes = Passes(SCHOOL, PUBLIC_KEY, lambda: self.slots.roster)

    async def records(self) -> list[dict[str, Any]]:
        """Show the case's passes; return the decisions that were written."""
        for number, shown in enumerate(self.case.shown):
            self.wait(self.case.apart_s if number else 0.5)
            self.gate.mode = self.case.modes[min(number, len(self.case.modes) - 1)]
            await self.show(self.case.text(shown))
        self.wait(11)  # counts of denials are written
        self.gate.keep_house()
        return self.decisions()

    async def show(self, text: str) -> str:
        code = text.encode()
        return self.gate.show("qr", code, await self.passes.believed(code)).reason

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 100)):
            self.ticks.ms += 10
            self.gate.turn()

    def decisions(self) -> list[dict[str, Any]]:
        found = [json.loads(entry.record or b"{}") for entry in self.journal.read(self.journal.epoch, 0, 1_000)]
        return [_plain(record) for record in found if record.get("k") == "decision"]


async def agents_records(case: Case) -> list[dict[str, Any]]:
    """Show the case's passes to an agent's gate; return the decisions that were written."""
    rules = {"passback": "off"} | case.rules
    known = agent_roster(ALWAYS, *case.changed, not_after_ms=case.not_after_ms, **rules) if case.has_roster else None
    bench = GateBench(door=Door("main", {"reader": case.direction}), found=known)
    bench.timekeeper = bench.pipeline._timekeeper = AgentTimekeeper(bench.clock, machine=case.quality)
    bench.pipeline._passes = AgentPasses(SCHOOL, PUBLIC_KEY)
    bench.pipeline._token = lambda tap: token(CARD_KEY, QR, tap.credential)
    await bench.wait(0.5)
    if case.is_burning:
        await bench.burn(burning=True)
    for number, shown in enumerate(case.shown):
        await bench.wait(case.apart_s if number else 0)
        bench.pipeline.mode = case.modes[min(number, len(case.modes) - 1)]  # type: ignore[assignment] # a mode
        await bench.tap(case.text(shown), "reader", Medium.QR)
    await bench.wait(11)
    found = [json.loads(entry.record or b"{}") for entry in bench.log.kept]
    return [_plain(record) for record in found if record["k"] == "decision"]


def _rows(case: Case) -> list[bytes]:
    return rows_with(ALWAYS, *case.changed, passback="off", **case.rules)


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in {"m", "t"}}


@pytest.mark.parametrize("name", CASES)
async def test_node_and_agent_write_the_same_of_a_pass(name: str) -> None:
    case = CASES[name]

    written = await NodeGate(case).records()

    assert [record["w"] for record in written] == list(case.reasons)
    assert written == await agents_records(case)


VECTORS = json.loads((ROOT / "schemas/vectors/passes.json").read_text())


def _believed_by_agent(text: str) -> bool:
    passes = AgentPasses(VECTORS["school"], bytes.fromhex(VECTORS["public_key"]))
    return passes.believed(Tap("reader", text.encode(), Medium.QR, 0)) is not None


async def _believed_by_node(text: str) -> bool:
    passes = Passes(VECTORS["school"], bytes.fromhex(VECTORS["public_key"]), lambda: None)
    return await passes.believed(text.encode()) is not None


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda it: it["body"])
async def test_node_and_agent_believe_the_passes_of_the_contract(vector: dict[str, str]) -> None:
    assert _believed_by_agent(vector["text"])
    assert await _believed_by_node(vector["text"])


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda it: it["what"])
async def test_node_and_agent_refuse_what_the_contract_refuses(vector: dict[str, str]) -> None:
    assert not _believed_by_agent(vector["text"])
    assert not await _believed_by_node(vector["text"])


# What is a node's own


async def test_a_pass_is_used_until_the_gate_has_let_many_others_through() -> None:
    node = NodeGate(CASES["a pass"])
    first = await node.show(text_of(ONCE))
    node.wait(3)

    for number in range(USED_MAX - 1):
        node.passes.note_used(f"{number:016x}", node.ticks.ms)

    assert (first, await node.show(text_of(ONCE))) == ("ok", "card_expired")
    assert len(node.passes._used) == USED_MAX


async def test_a_roster_that_comes_while_a_person_is_looked_for_is_the_one_gone_by() -> None:
    node = NodeGate(CASES["a pass"])
    code = text_of(ALIYAS).encode()
    await node.passes.believed(code)
    roster = node.slots.roster
    assert roster is not None
    search = roster.searching
    roster.searching = lambda ref: _flipped(node, search(ref))  # type: ignore[method-assign]

    shown = node.gate.show("qr", code, await node.passes.believed(code))

    assert (shown.reason, node.slots.version) == ("no_consent", 8)


def _flipped(node: NodeGate, steps: Any) -> Any:
    """Let a roster come in which the child's consent is gone, in the midst of a search."""
    take(node.slots, node_file(rows_with(ALWAYS, person(ALIYA, consent=0)), version=8))
    return (yield from steps)


async def test_a_person_among_many_is_found_and_one_whose_digits_stand_elsewhere_is_not() -> None:
    many = [row for number in range(400) for row in (person(f"k{number:011}"), card(f"k{number:011}"))]
    node = NodeGate(replace(CASES["a pass"], changed=many[:600]))
    roster = node.slots.roster
    assert roster is not None

    for number in (0, 63, 64, 150, 299):
        assert _whole(roster.searching(f"k{number:011}")).ref == f"k{number:011}"
    assert _whole(roster.searching("k00000000300")) is None
    assert _whole(roster.searching("K00000000001")) is None
    assert _whole(roster.searching("short")) is None


def _whole(steps: Any) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
