"""What a gate decides, by tables of cases; and that a doubt never locks anybody out or in, by hypothesis."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.actuators.actuator import Direction
from edge_agent.decision import Question, Reason, decide
from edge_agent.roster import Roster
from edge_agent.timekeeper import Quality
from edge_agent.view import View
from tests.edge_agent.school import (
    ALIYA,
    BORIS,
    DAY_MS,
    GONE,
    GUARD,
    HOUR_MS,
    MONDAY_8_MS,
    NIGHT,
    SILENT,
    at,
    card,
    person,
    roster,
    rows_with,
    token_of,
)

SCHOOL_ROSTER = roster()
ENTRY = Question(token=token_of(ALIYA), gate="main", direction="in", stamp=at())
EXIT = replace(ENTRY, direction="out")
STRANGER = "0" * 24


def inside(ref: str = ALIYA, *, since_ms: int = -HOUR_MS, quality: Quality = "ntp") -> View:
    """Return a view in which somebody came in through the yard's gate."""
    view = View("gate-1")
    view.presume("yard", "in", ref, at(since_ms, quality))
    return view


def asked(question: Question, found: Roster | None = SCHOOL_ROSTER, view: View | None = None) -> tuple[bool, Reason]:
    decision = decide(question, found, view or View("gate-1"))
    return decision.is_allowed, decision.reason


@pytest.mark.parametrize(
    ("ref", "reason"),
    [(ALIYA, "ok"), (GUARD, "ok"), (GONE, "person_inactive"), (SILENT, "no_consent"), (NIGHT, "wrong_place")],
)
def test_who_may_enter_by_the_main_gate(ref: str, reason: Reason) -> None:
    assert asked(replace(ENTRY, token=token_of(ref))) == (reason == "ok", reason)


def test_a_card_that_nobody_knows_is_named_by_its_token() -> None:
    decision = decide(replace(ENTRY, token=STRANGER), SCHOOL_ROSTER, View("gate-1"))

    assert (decision.is_allowed, decision.reason) == (False, "card_unknown")
    assert (decision.person, decision.token, decision.roster) == (None, STRANGER, 7)


def test_a_known_card_is_named_by_its_owner() -> None:
    decision = decide(ENTRY, SCHOOL_ROSTER, View("gate-1"))

    assert (decision.person, decision.token) == (ALIYA, None)


@pytest.mark.parametrize(
    ("changed", "direction", "reason"),
    [
        (card(ALIYA, state="blocked"), "in", "card_blocked"),
        (card(ALIYA, state="blocked"), "out", "card_blocked"),
        (card(ALIYA, not_after_ms=MONDAY_8_MS - 1), "in", "card_expired"),
        (card(ALIYA, not_after_ms=MONDAY_8_MS + 1), "in", "ok"),
        (person(ALIYA, profile="nowhere"), "in", "wrong_place"),
        (person(ALIYA, active=0), "out", "person_inactive"),
        (person(ALIYA, consent=0), "out", "no_consent"),
        (person(ALIYA, profile="night"), "out", "wrong_place"),
    ],
)
def test_what_the_roster_says_of_card_and_owner(changed: bytes, direction: Direction, reason: Reason) -> None:
    assert asked(replace(ENTRY, direction=direction), roster(changed)) == (reason == "ok", reason)


def test_a_card_whose_owner_is_not_listed_does_not_open() -> None:
    rows = [line for line in rows_with() if not line.startswith(b'["person","' + ALIYA.encode())]

    assert asked(ENTRY, Roster.parse(_header(), rows)) == (False, "person_inactive")


def _header() -> dict[str, object]:
    return {"school": "alm005", "version": 7, "issued_ms": 0, "not_after_ms": MONDAY_8_MS + DAY_MS}


@pytest.mark.parametrize(
    ("after_ms", "reason"),
    [
        (-HOUR_MS, "ok"),  # 7:00
        (-HOUR_MS - 1, "wrong_time"),
        (11 * HOUR_MS - 1, "ok"),  # 19:00
        (11 * HOUR_MS, "wrong_time"),
        (4 * DAY_MS, "ok"),  # Friday
        (5 * DAY_MS, "wrong_time"),  # Saturday
        (-DAY_MS, "wrong_time"),  # Sunday
    ],
)
def test_hours_are_the_schools_own(after_ms: int, reason: Reason) -> None:
    assert asked(replace(ENTRY, stamp=at(after_ms, booted_ms=30 * DAY_MS))) == (reason == "ok", reason)


def test_hours_follow_the_offset_in_the_policy() -> None:
    assert asked(ENTRY, roster(utc_offset_min=0)) == (False, "wrong_time")  # 3:00 in Greenwich


@pytest.mark.parametrize("quality", ["floor", "none"])
def test_a_clock_that_is_not_good_judges_no_hours_and_no_age(quality: Quality) -> None:
    at_night = replace(ENTRY, stamp=at(15 * HOUR_MS, quality))

    assert asked(at_night) == (True, "ok")
    assert asked(at_night, roster(not_after_ms=MONDAY_8_MS, expired="deny")) == (True, "ok")


def test_a_card_that_has_ended_by_the_floor_has_ended() -> None:
    ended = roster(card(ALIYA, not_after_ms=MONDAY_8_MS - 1))

    assert asked(replace(ENTRY, stamp=at(0, "floor")), ended) == (False, "card_expired")
    assert asked(replace(ENTRY, stamp=at(0, "none")), ended) == (True, "ok")


# Anti-passback


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("off", (True, "ok")), ("soft", (True, "passback_soft")), ("hard", (False, "passback_hard"))],
)
def test_a_second_entry_without_an_exit(policy: str, expected: tuple[bool, Reason]) -> None:
    assert asked(ENTRY, roster(passback=policy), inside()) == expected


@pytest.mark.parametrize(
    "doubt",
    [
        {"is_view_whole": False},
        {"stamp": at(0, "floor")},
        {"stamp": at(0, "none")},
        {"stamp": at(-2 * HOUR_MS)},  # the entry lies in the future
    ],
)
def test_hard_becomes_soft_in_doubt(doubt: dict[str, Any]) -> None:
    found = roster(person(ALIYA, profile="always"), b'["profile","always",[[127,0,1440]],["*"]]')

    assert asked(replace(ENTRY, **doubt), found, inside()) == (True, "passback_soft")


def test_hard_becomes_soft_when_the_entry_was_seen_by_a_clock_that_was_not_good() -> None:
    assert asked(ENTRY, view=inside(quality="floor")) == (True, "passback_soft")


def test_somebody_the_view_knows_nothing_of_enters() -> None:
    assert asked(ENTRY, view=inside(BORIS)) == (True, "ok")


def test_an_entry_is_forgotten_after_the_policys_time() -> None:
    found = roster(passback_reset_ms=HOUR_MS)

    assert asked(ENTRY, found, inside(since_ms=-HOUR_MS)) == (False, "passback_hard")
    assert asked(ENTRY, found, inside(since_ms=-HOUR_MS - 1)) == (True, "ok")


def test_the_way_out_is_open_to_those_inside_those_outside_and_those_unknown() -> None:
    outside = View("gate-1")
    outside.presume("yard", "out", ALIYA, at(-HOUR_MS))

    assert [asked(EXIT, view=view) for view in (inside(), outside, View("gate-1"))] == [(True, "ok")] * 3


# Repeats


def test_the_same_card_at_the_same_gate_is_a_repeat_within_the_policys_time() -> None:
    view = View("gate-1")
    view.presume("main", "in", ALIYA, at(-4_999))

    assert asked(ENTRY, view=view) == (False, "repeat")
    assert asked(replace(ENTRY, token=token_of(BORIS)), view=view) == (True, "ok")
    assert asked(replace(ENTRY, gate="yard"), view=view) == (False, "passback_hard")
    assert asked(EXIT, view=view) == (True, "ok")


def test_after_the_policys_time_it_is_a_second_entry() -> None:
    view = View("gate-1")
    view.presume("main", "in", ALIYA, at(-5_000))

    assert asked(ENTRY, view=view) == (False, "passback_hard")


def test_one_who_turned_round_may_try_again_at_once() -> None:
    view = View("gate-1")
    view.presume("main", "in", ALIYA, at(-3_000))
    view.retract("main", "in", ALIYA, at(-3_000).monotonic_ms)

    assert asked(ENTRY, view=view) == (True, "ok")


# Fire, an old roster, no roster


@pytest.mark.parametrize("ref", [ALIYA, GONE, SILENT, NIGHT, "stranger0000"])
@pytest.mark.parametrize("found", [SCHOOL_ROSTER, None])
def test_in_a_fire_everybody_passes(ref: str, found: Roster | None) -> None:
    assert asked(replace(ENTRY, token=token_of(ref), is_burning=True), found) == (True, "fire")


@pytest.mark.parametrize(
    ("policy", "direction", "expected"),
    [
        ("allow", "in", (True, "roster_expired")),
        ("allow", "out", (True, "roster_expired")),
        ("deny", "in", (False, "roster_expired")),
        ("deny", "out", (True, "roster_expired")),
    ],
)
def test_an_expired_roster_is_the_policys_affair(
    policy: str, direction: Direction, expected: tuple[bool, Reason]
) -> None:
    old = roster(not_after_ms=MONDAY_8_MS - 1, expired=policy)

    assert asked(replace(ENTRY, direction=direction), old) == expected
    assert asked(replace(ENTRY, direction=direction, token=STRANGER), old) == (False, "card_unknown")


def test_an_expired_roster_does_not_hide_a_second_entry() -> None:
    old = roster(not_after_ms=MONDAY_8_MS - 1)

    assert asked(ENTRY, old, inside()) == (False, "passback_hard")


@pytest.mark.parametrize(
    ("missing", "direction", "is_allowed"),
    [("deny", "in", False), ("deny", "out", True), ("allow", "in", True), ("allow", "out", True)],
)
def test_without_a_roster_the_door_decides_and_the_way_out_is_open(
    missing: Any, direction: Direction, is_allowed: bool
) -> None:
    question = replace(ENTRY, direction=direction, roster_missing=missing)

    assert asked(question, None) == (is_allowed, "roster_missing")


# Whatever is asked

REASONS_OF_CARD_OR_PLACE = {"card_blocked", "card_expired", "card_unknown", "person_inactive", "no_consent"}
questions = st.builds(
    Question,
    token=st.sampled_from([token_of(ref) for ref in (ALIYA, BORIS, GONE, SILENT, NIGHT)] + [STRANGER]),
    gate=st.sampled_from(["main", "yard"]),
    direction=st.sampled_from(["in", "out"]),
    stamp=st.builds(
        at, st.integers(-300 * DAY_MS, 300 * DAY_MS), st.sampled_from(["rtc", "ntp", "hub", "floor", "none"])
    ),
    is_view_whole=st.booleans(),
    is_burning=st.booleans(),
    roster_missing=st.sampled_from(["deny", "allow"]),
)
rosters = st.sampled_from(
    [None]
    + [
        roster(passback=passback, expired=expired, not_after_ms=ends)
        for passback in ("off", "soft", "hard")
        for expired in ("allow", "deny")
        for ends in (MONDAY_8_MS, MONDAY_8_MS + 30 * DAY_MS)
    ]
)
views = st.builds(
    inside,
    st.sampled_from([ALIYA, BORIS]),
    since_ms=st.integers(-2 * DAY_MS, 2 * DAY_MS),
    quality=st.sampled_from(["ntp", "floor"]),
)


@given(questions, rosters, views)
def test_the_way_out_is_refused_for_the_card_or_the_place_only(
    question: Question, found: Roster | None, view: View
) -> None:
    decision = decide(replace(question, direction="out"), found, view)

    assert decision.is_allowed or decision.reason in REASONS_OF_CARD_OR_PLACE | {"wrong_place", "repeat"}


@given(questions, rosters, views)
def test_a_doubtful_clock_or_view_never_denies_by_hours_or_passback(
    question: Question, found: Roster | None, view: View
) -> None:
    decision = decide(question, found, view)

    if decision.reason == "passback_hard":
        assert question.is_view_whole
        assert question.is_clock_good
    if decision.reason in ("wrong_time", "roster_expired"):
        assert question.is_clock_good
    assert decision.is_allowed or not question.is_burning


@given(questions, rosters, views)
def test_the_same_question_has_the_same_answer_and_says_whom_it_is_about(
    question: Question, found: Roster | None, view: View
) -> None:
    decision = decide(question, found, view)

    assert decide(question, found, view) == decision
    assert (decision.person is None) != (decision.token is None)
    assert decision.roster == (found.version if found else 0)


@pytest.mark.parametrize("found", [SCHOOL_ROSTER, None])
def test_a_lock_down_keeps_everybody_out_and_nobody_in(found: Roster | None) -> None:
    locked = replace(ENTRY, mode="lock_down")

    assert asked(locked, found) == (False, "lock_down")
    assert asked(replace(locked, direction="out"), found)[0]
    assert asked(replace(locked, is_burning=True), found) == (True, "fire")


@pytest.mark.parametrize("found", [SCHOOL_ROSTER, None])
def test_in_free_pass_everybody_passes_who_shows_a_card(found: Roster | None) -> None:
    free = replace(ENTRY, mode="free_pass")

    assert asked(replace(free, token=STRANGER), found) == (True, "free_pass")
    assert asked(free, found) == (True, "free_pass")
