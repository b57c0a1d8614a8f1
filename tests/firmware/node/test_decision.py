"""A node decides as an agent does: one table of cases asked of both, and hypothesis for what no table thought of."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent import decision as agent
from edge_agent.roster import Roster
from edge_agent.timekeeper import Quality, Stamp
from edge_agent.view import View
from firmware.node import decision as node
from firmware.node.clock import Stamp as NodeStamp
from firmware.node.rules import Rules
from schemas.roster import row
from simulators.flash import Flash
from tests.edge_agent.school import (
    ALIYA,
    DAY_MS,
    GONE,
    GUARD,
    HOUR_MS,
    MONDAY_8_MS,
    NIGHT,
    SILENT,
    at,
    card,
    header,
    person,
    rows_with,
    token_of,
)
from tests.firmware.node.node_school import node_file, node_roster, slots_on, take

STRANGER = "0" * 24


@dataclass(frozen=True)
class Case:
    """A question, the roster it is asked of, and the answer of both."""

    reason: str
    is_allowed: bool
    token: str = token_of(ALIYA)
    direction: str = "in"
    stamp: Stamp = field(default_factory=at)
    changed: tuple[bytes, ...] = ()
    rules: dict[str, Any] = field(default_factory=dict)
    not_after_ms: int = MONDAY_8_MS + 30 * DAY_MS
    mode: str = "normal"
    is_burning: bool = False
    gate: str = "main"


CARD_OF_NOBODY = row("card", token_of(ALIYA), "nobody000000", "active", 0)
BLOCKED = card(ALIYA, state="blocked")
NIGHT_ONLY = person(ALIYA, profile="night")
EVENING, SUNDAY = at(13 * HOUR_MS), at(6 * DAY_MS)
CASES = {
    "a known card": Case("ok", True),
    "a member of staff": Case("ok", True, token_of(GUARD)),
    "an unknown card": Case("card_unknown", False, STRANGER),
    "an unknown card going out": Case("card_unknown", False, STRANGER, "out"),
    "a blocked card": Case("card_blocked", False, changed=(card(ALIYA, state="blocked"),)),
    "a blocked card going out": Case("card_blocked", False, direction="out", changed=(card(ALIYA, state="blocked"),)),
    "a card that has ended": Case("card_expired", False, changed=(card(ALIYA, not_after_ms=MONDAY_8_MS - 2_000),)),
    "a card that will end": Case("ok", True, changed=(card(ALIYA, not_after_ms=MONDAY_8_MS + 2_000),)),
    "a card that has ended by the floor": Case(
        "card_expired", False, stamp=at(quality="floor"), changed=(card(ALIYA, not_after_ms=1_000),)
    ),
    "a card that has ended, and no clock": Case(
        "ok", True, stamp=at(quality="none"), changed=(card(ALIYA, not_after_ms=1_000),)
    ),
    "a person who left": Case("person_inactive", False, token_of(GONE)),
    "a person who did not consent": Case("no_consent", False, token_of(SILENT)),
    "a card of nobody": Case("person_inactive", False, changed=(CARD_OF_NOBODY,)),
    "somebody of another gate": Case("wrong_place", False, token_of(NIGHT)),
    "somebody of another gate going out": Case("wrong_place", False, token_of(NIGHT), "out"),
    "somebody at the right gate": Case("ok", True, token_of(NIGHT), gate="yard"),
    "a profile that is not there": Case("wrong_place", False, changed=(person(ALIYA, profile="none"),)),
    "before school": Case("wrong_time", False, stamp=at(-HOUR_MS - 1)),
    "as school begins": Case("ok", True, stamp=at(-HOUR_MS)),
    "in the evening": Case("wrong_time", False, stamp=EVENING),
    "out in the evening": Case("ok", True, direction="out", stamp=EVENING),
    "on Sunday": Case("wrong_time", False, stamp=SUNDAY),
    "on Sunday by a clock at its floor": Case("ok", True, stamp=at(6 * DAY_MS, "floor")),
    "in another time zone": Case("wrong_time", False, rules={"utc_offset_min": 0}),
    "an old roster": Case("roster_expired", True, not_after_ms=MONDAY_8_MS - 1),
    "an old roster that denies": Case("roster_expired", False, not_after_ms=MONDAY_8_MS - 1, rules={"expired": "deny"}),
    "an old roster that denies, going out": Case(
        "roster_expired", True, direction="out", not_after_ms=MONDAY_8_MS - 1, rules={"expired": "deny"}
    ),
    "an old roster by a clock at its floor": Case("ok", True, stamp=at(quality="floor"), not_after_ms=1),
    "an old roster in the evening": Case("wrong_time", False, stamp=EVENING, not_after_ms=MONDAY_8_MS),
    "locked down": Case("lock_down", False, mode="lock_down"),
    "locked down, going out": Case("ok", True, direction="out", mode="lock_down"),
    "free pass for a stranger": Case("free_pass", True, STRANGER, mode="free_pass"),
    "free pass for a blocked card": Case("free_pass", True, mode="free_pass", changed=(card(ALIYA, state="blocked"),)),
    "a fire": Case("fire", True, STRANGER, mode="lock_down", is_burning=True),
}


@pytest.mark.parametrize("name", CASES)
def test_node_and_agent_decide_by_one_table(name: str) -> None:
    case = CASES[name]

    assert asked_of_agent(case)[:2] == (case.reason, case.is_allowed)
    assert asked_of_node(case) == asked_of_agent(case)


@settings(max_examples=60)
@given(
    token=st.sampled_from([STRANGER, *map(token_of, (ALIYA, GUARD, GONE, SILENT, NIGHT))]),
    direction=st.sampled_from(["in", "out"]),
    after_ms=st.integers(-40 * DAY_MS, 60 * DAY_MS),
    quality=st.sampled_from(["rtc", "ntp", "hub", "floor", "none"]),
    mode=st.sampled_from(["normal", "lock_down", "free_pass"]),
    is_burning=st.booleans(),
    expired=st.sampled_from(["allow", "deny"]),
    changed=st.sampled_from([(), (BLOCKED,), (NIGHT_ONLY,), (card(ALIYA, not_after_ms=MONDAY_8_MS),)]),
    gate=st.sampled_from(["main", "yard"]),
)  # fmt: skip
def test_node_and_agent_agree_whatever_is_asked(
    token: str, direction: str, after_ms: int, quality: Quality, mode: str, *, is_burning: bool, expired: str,
    changed: tuple[bytes, ...], gate: str,
) -> None:  # fmt: skip
    after_ms -= after_ms % 1_000  # a node knows the end of a card to the second
    case = Case("", True, token, direction, at(after_ms, quality), changed, {"expired": expired}, mode=mode,
                is_burning=is_burning, gate=gate)  # fmt: skip

    assert asked_of_node(case) == asked_of_agent(case)


@pytest.mark.parametrize("missing", ["deny", "allow"])
@pytest.mark.parametrize("direction", ["in", "out"])
@pytest.mark.parametrize("mode", ["normal", "lock_down", "free_pass"])
def test_node_and_agent_agree_without_a_roster(missing: Any, direction: Any, mode: Any) -> None:
    asked = agent.decide(
        agent.Question(token=STRANGER, gate="main", direction=direction, stamp=at(), mode=mode, roster_missing=missing),
        None, View("gate-1"),
    )  # fmt: skip
    rules = Rules(slots_on(Flash(4)), "main", missing)
    found = rules.decide(STRANGER, direction, node_stamp(at()), is_burning=False, mode=mode)

    assert (found.reason, found.is_allowed) == (asked.reason, asked.is_allowed)
    assert rules.version == 0


def test_rules_go_by_the_newest_roster() -> None:
    slots = slots_on(Flash(16))
    rules = Rules(slots, "main", "deny")
    take(slots, node_file())
    assert _asked(rules).reason == "ok"

    take(slots, node_file(rows_with(card(ALIYA, state="blocked")), version=8))

    assert _asked(rules).reason == "card_blocked"
    assert (rules.version, rules.repeat_ms) == (8, 5_000)


def _asked(rules: Rules) -> node.Decision:
    return rules.decide(token_of(ALIYA), "in", node_stamp(at()), is_burning=False, mode="normal")


def asked_of_agent(case: Case) -> tuple[str, bool, str | None, str | None]:
    rows = rows_with(*case.changed, passback="off", **case.rules)
    roster = Roster.parse(header(not_after_ms=case.not_after_ms), rows)
    question = agent.Question(
        token=case.token, gate=case.gate, direction=case.direction, stamp=case.stamp,  # type: ignore[arg-type]
        is_burning=case.is_burning, mode=case.mode,  # type: ignore[arg-type]
    )  # fmt: skip
    found = agent.decide(question, roster, View("gate-1"))
    return found.reason, found.is_allowed, found.person, found.token


def asked_of_node(case: Case) -> tuple[str, bool, str | None, str | None]:
    rows = rows_with(*case.changed, passback="off", **case.rules)
    roster = node_roster(rows, not_after_ms=case.not_after_ms)
    question = node.Question(
        case.token, case.gate, case.direction, node_stamp(case.stamp), is_burning=case.is_burning, mode=case.mode
    )
    found = node.decide(question, roster)
    return found.reason, found.is_allowed, found.person, found.token


def node_stamp(stamp: Stamp) -> NodeStamp:
    return NodeStamp(stamp.monotonic_ms, stamp.wall_ms, stamp.quality)
