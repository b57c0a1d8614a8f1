"""Musters, visits and orders are functions of the set of records: no order of arrival and no clock changes them."""

from itertools import permutations

import pytest

from edge_agent.guard.muster import LASTS_MS, Musters
from edge_agent.guard.visits import VISITS_MAX, Visits
from edge_agent.regime import ERA_MS, TURN_MAX, Regimes, turn_after
from schemas.codec import encode
from tests.edge_agent.school import ALIYA, BORIS, GUARD, MONDAY_8_MS, at

TAG = {"monotonic_ms": 1_000, "wall_ms": MONDAY_8_MS, "clock": "ntp"}
NO_CLOCK = at(0, "floor")
ONE, OTHER = "1" * 16, "2" * 16
Told = tuple[str, int, bytes]


def muster(turn: int, outcome: str, muster_id: str = ONE, at_ms: int = MONDAY_8_MS) -> bytes:
    return encode(
        "muster", {**TAG, "wall_ms": at_ms, "id": muster_id, "turn": turn, "outcome": outcome, "staff": GUARD}
    )


def call(turn: int, ref: str, outcome: str, at_ms: int = MONDAY_8_MS, muster_id: str = ONE) -> bytes:
    return encode(
        "roll_call", {**TAG, "wall_ms": at_ms, "id": muster_id, "turn": turn, "outcome": outcome, "person": ref}
    )


def folded(told: list[Told]) -> Musters:
    musters = Musters()
    for device, seq, record in told:
        musters.observe(device, "e" * 16, seq, record)
    return musters


def test_a_roll_is_the_same_in_whatever_order_two_desks_are_heard() -> None:
    told = [
        ("gate-1", 1, muster(1, "begun")),
        ("gate-1", 2, call(2, ALIYA, "missing", MONDAY_8_MS + 9_000_000)),  # a clock that is hours ahead
        ("gate-2", 1, call(3, ALIYA, "here")),
        ("gate-2", 2, call(3, BORIS, "missing")),
        ("gate-1", 3, call(3, BORIS, "here")),
    ]

    found = {
        tuple(sorted((key, each.outcome) for key, each in folded(list(order)).calls(MONDAY_8_MS).items()))
        for order in permutations(told)
    }

    assert found == {((ALIYA, "here"), (BORIS, "missing"))}


def test_two_desks_that_begin_in_the_same_moment_share_one_roll() -> None:
    musters = folded(
        [
            ("gate-1", 1, muster(1, "begun")),
            ("gate-2", 1, muster(1, "begun", OTHER)),
            ("gate-1", 2, call(2, ALIYA, "here")),
            ("gate-2", 2, call(2, BORIS, "here", muster_id=OTHER)),
        ]
    )

    current = musters.current(MONDAY_8_MS)
    assert current is not None
    assert current.id == OTHER
    assert set(musters.calls(MONDAY_8_MS)) == {ALIYA, BORIS}


@pytest.mark.parametrize("is_end_first", [True, False])
def test_a_muster_that_was_ended_is_over_also_when_its_end_is_heard_first(is_end_first: bool) -> None:
    told = [("gate-1", 1, muster(1, "begun")), ("gate-2", 1, muster(2, "ended"))]

    musters = folded(told[::-1] if is_end_first else told)

    assert musters.current(MONDAY_8_MS) is None
    assert musters.next_turn(NO_CLOCK) == 3


def test_a_muster_that_nobody_ended_is_over_after_a_day() -> None:
    musters = folded([("gate-1", 1, muster(1, "begun"))])

    assert musters.current(MONDAY_8_MS + LASTS_MS - 1) is not None
    assert musters.current(MONDAY_8_MS + LASTS_MS) is None


def visitor(visit: str, direction: str, at_ms: int = MONDAY_8_MS, **more: object) -> bytes:
    tag = {**TAG, "wall_ms": at_ms}
    return encode("visitor", {**tag, "gate": "main", "direction": direction, "id": visit, "staff": GUARD, **more})


def test_a_visitor_who_left_is_out_in_whatever_order_it_is_heard() -> None:
    told = [visitor(ONE, "in", stay_min=30), visitor(ONE, "out", MONDAY_8_MS + 60_000), visitor(OTHER, "in")]
    for order in permutations(told):
        visits = Visits()
        for seq, record in enumerate(order):
            visits.observe("gate-1", "e" * 16, seq, record)

        assert [visit.id for visit in visits.inside()] == [OTHER]
        assert [visit.id for visit in visits.left_since(MONDAY_8_MS)] == [ONE]


def test_who_stays_longer_than_agreed_is_overdue_and_who_agreed_nothing_never_is() -> None:
    visits = Visits()
    visits.observe("gate-1", "e" * 16, 1, visitor(ONE, "in", stay_min=30))
    visits.observe("gate-1", "e" * 16, 2, visitor(OTHER, "in"))
    later_ms = MONDAY_8_MS + 31 * 60_000

    assert [visit.id for visit in visits.inside() if visit.is_overdue(later_ms)] == [ONE]


def test_the_visits_that_are_remembered_are_bounded_and_who_is_inside_is_kept_longest() -> None:
    visits = Visits()
    visits.observe("gate-1", "e" * 16, 1, visitor("a" * 16, "in"))
    for number in range(VISITS_MAX + 5):
        visits.observe("gate-1", "e" * 16, 2 + 2 * number, visitor(f"{number:016x}", "in"))
        visits.observe("gate-1", "e" * 16, 3 + 2 * number, visitor(f"{number:016x}", "out"))

    assert [visit.id for visit in visits.inside()] == ["a" * 16]
    assert len(visits.left_since(0)) < VISITS_MAX


def regime(turn: int, mode: str, at_ms: int = MONDAY_8_MS) -> bytes:
    return encode("regime", {**TAG, "wall_ms": at_ms, "turn": turn, "mode": mode, "staff": GUARD})


def test_the_order_of_the_highest_turn_counts_whatever_clocks_say() -> None:
    told = [
        ("gate-1", 1, regime(1, "fire", MONDAY_8_MS + 9_000_000)),
        ("gate-2", 1, regime(2, "normal", 0)),
        ("gate-2", 2, regime(3, "lock_down")),
        ("gate-1", 2, regime(3, "normal")),
    ]
    found = set()
    for order in permutations(told):
        regimes = Regimes()
        for device, seq, record in order:
            regimes.observe(device, "e" * 16, seq, record)
        found.add((regimes.mode, regimes.next_turn(NO_CLOCK)))

    assert found == {("lock_down", 4)}


def test_a_record_of_another_kind_or_of_a_later_program_changes_nothing() -> None:
    regimes, musters, visits = Regimes(), Musters(), Visits()
    for record in (
        b'{"k":"regime"', b'{"k":"regime","n":5,"o":"dance"}', b'{"k":"muster","z":1}', b'{"k":"visitor"}',
        regime(1, "fire").replace(b"regime", b"tegime"), b"\xff",
    ):  # fmt: skip
        for fold in (regimes, musters, visits):
            fold.observe("gate-1", "e" * 16, 1, record)

    assert (regimes.mode, musters.next_turn(NO_CLOCK), visits.inside()) == ("normal", 1, [])


def test_a_turn_is_above_all_known_and_by_a_good_clock_no_lower_than_the_seconds_of_this_era() -> None:
    era_s = (MONDAY_8_MS - ERA_MS) // 1_000

    assert turn_after(7, NO_CLOCK) == 8
    assert turn_after(7, at(0)) == era_s  # who has forgotten all orders is heard by who has not
    assert turn_after(era_s + 5, at(0)) == era_s + 6
    assert turn_after(TURN_MAX, at(0)) == TURN_MAX
    assert turn_after(0, at(10**15)) == TURN_MAX // 2  # a clock that runs far ahead leaves room
