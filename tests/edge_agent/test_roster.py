"""The roster is found in its bytes; what does not fit is refused as a whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.roster import Roster, header_of
from schemas.roster import RosterRefused, body_of, difference, row
from tests.edge_agent.school import ALIYA, BORIS, GONE, GUARD, card, header, person, roster, rows_with, token_of


def test_every_row_is_found_by_its_key() -> None:
    found = roster()

    assert found.version == 7
    assert [p.ref for p in found.persons()] == sorted(p.ref for p in found.persons())
    assert all(found.person(p.ref) == p for p in found.persons())
    aliya = found.card(token_of(ALIYA))
    assert aliya is not None
    assert aliya.ref == ALIYA
    guard = found.person(GUARD)
    assert guard is not None
    assert guard.role == "staff"
    profile, gate = found.profile("night"), found.gate("main")
    assert profile is not None
    assert profile.gates == ["yard"]
    assert gate is not None
    assert gate.device == "gate-1"
    assert found.devices() == {"gate-1", "gate-2"}
    assert found.policy.passback == "hard"


@pytest.mark.parametrize("token", ["", "0" * 24, "f" * 24, token_of(ALIYA)[:-1], token_of(ALIYA) + "0", '"', "ә"])
def test_a_card_that_is_not_there_is_not_found(token: str) -> None:
    assert roster().card(token) is None


def test_the_schools_offset_is_five_hours_unless_the_policy_says_otherwise() -> None:
    assert roster().utc_offset_min == 300
    assert roster(utc_offset_min=0).utc_offset_min == 0


def test_rows_of_later_programs_are_kept_and_ignored() -> None:
    found = roster(row("photo", "x", 1), row("aaa", "x"), row("zzz", "x"))

    assert found.person(ALIYA) is not None
    assert len(found) == len(rows_with()) + 3


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row("policy", "", {"passback": "off"})], "malformed"),
        ([line for line in rows_with() if not line.startswith(b'["policy"')], "malformed"),
        ([line for line in rows_with() if not line.startswith(b'["card"')], "empty"),
        ([*rows_with(), card(ALIYA, state="blocked")], "malformed"),
        ([*rows_with(), person(BORIS, active=0)], "malformed"),
        ([*rows_with(), b'["card", "' + b"0" * 24 + b'","' + ALIYA.encode() + b'","active",0]'], "malformed"),
        ([*rows_with(), b"[]"], None),
        ([*rows_with(), row("card", "AB" * 12, ALIYA, "active", 0)], "malformed"),
    ],
)
def test_rows_that_do_not_fit_are_refused(rows: list[bytes], reason: str | None) -> None:
    if reason is None:  # a line of a kind that nobody knows
        assert Roster.parse(header(), rows).person(ALIYA) is not None
        return
    with pytest.raises(RosterRefused) as refused:
        Roster.parse(header(), rows)

    assert refused.value.reason == reason


def test_rows_out_of_order_are_refused() -> None:
    lines = sorted(rows_with(), reverse=True)

    with pytest.raises(RosterRefused, match="out of order"):
        Roster(header_of(header() | {"length": 0}), b"".join(line + b"\n" for line in lines))


def test_a_body_that_ends_in_mid_line_is_refused() -> None:
    with pytest.raises(RosterRefused, match="truncated"):
        Roster(header_of(header()), body_of(rows_with())[:-1])


refs = st.text("0123456789abcdefghijklmnopqrstuvwxyz", min_size=12, max_size=12)
people = st.dictionaries(refs, st.tuples(st.booleans(), st.sampled_from(["active", "blocked"])), min_size=1)


def rows_of(drawn: dict[str, tuple[bool, str]]) -> list[bytes]:
    rows = [line for line in rows_with() if line.startswith((b'["policy"', b'["gate"', b'["profile"'))]
    for ref, (is_active, state) in drawn.items():
        rows += [person(ref, active=int(is_active)), card(ref, state=state)]
    return rows


@given(people, people)
def test_a_delta_makes_the_newer_of_the_older_whatever_changed(
    before: dict[str, tuple[bool, str]], after: dict[str, tuple[bool, str]]
) -> None:
    old = Roster.parse(header(), rows_of(before))
    changes = b"".join(line + b"\n" for line in difference(rows_of(before), rows_of(after)))

    new = Roster(header_of(header(8)), old.with_changes(changes))

    assert new.body == body_of(rows_of(after))
    for ref, (_, state) in after.items():
        found = new.card(token_of(ref))
        assert found is not None
        assert found.state == state
    assert all(new.card(token_of(ref)) is None for ref in before.keys() - after.keys())


@pytest.mark.parametrize("line", [b"[]", b"5", b'["+"]', b'["-","card"]', b'["*","card","ab"]', b"[", b'["+",[]]'])
def test_a_delta_of_something_else_is_refused(line: bytes) -> None:
    with pytest.raises(RosterRefused, match="malformed"):
        roster().with_changes(line + b"\n")


def test_a_delta_may_take_away_and_add_at_both_ends() -> None:
    old = roster()
    added = row("aaa", "x")
    changes = b'["+",' + added + b']\n["-","person","' + GONE.encode() + b'"]\n["+",["zzz","y"]]\n'

    lines = old.with_changes(changes).split(b"\n")

    assert (lines[0], lines[-2]) == (added, b'["zzz","y"]')
    assert len(lines) == len(rows_with()) + 2
