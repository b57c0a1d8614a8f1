"""What records tell of a movement, and what movements make of a day, whatever order they come in."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.attendance.models import MovementKind
from cloud.attendance.rules import ENTRIES_MAX, DayOf, Moved, Place, Told, doubles_of, merged, presence_of, told_by
from cloud.schools.rules import DayPlan
from schemas.structs import Decision, HandPass, Passage

ON = date(2026, 9, 1)
EIGHT = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)  # in Almaty
PLAN = DayPlan(ON, True, EIGHT, EIGHT + timedelta(hours=6))
PLACE = Place("gate-1", "e" * 16, 2)
PERSON = "k3v9x0a7m2qd"
CARD, HAND, DENIED, TURNED = MovementKind


def decision(outcome: str = "allowed", reason: str = "ok", person: str | None = PERSON) -> Decision:
    fields = {"monotonic_ms": 1, "wall_ms": 1, "clock": "ntp", "gate": "main", "direction": "in", "roster": 1}
    return Decision(outcome=outcome, reason=reason, person=person, **fields)  # type: ignore[arg-type]


def hand_pass() -> HandPass:
    return HandPass(
        monotonic_ms=1,
        wall_ms=1,
        clock="ntp",
        gate="main",
        direction="in",
        person=PERSON,
        staff="s" * 12,
        reason="lost",
    )


def passage(outcome: str = "passed", seq: int | None = 2, person: str | None = PERSON) -> Passage:
    return Passage(
        monotonic_ms=1, wall_ms=1, clock="ntp", gate="main", direction="in", outcome=outcome, person=person,  # type: ignore[arg-type]
        epoch="e" * 16 if seq else None, decision_seq=seq,
    )  # fmt: skip


def told(record: Decision | HandPass | Passage, *, has_sensor: bool = False, minute: int = 0) -> Told:
    place = PLACE if not isinstance(record, Passage) else Place("gate-1", "e" * 16, 3)
    one = told_by(record, place, EIGHT + timedelta(minutes=minute), has_sensor=has_sensor)
    assert one is not None
    return one


def test_an_allowed_decision_counts_where_there_is_no_sensor_and_says_nothing_where_there_is_one() -> None:
    assert told(decision()).kind is CARD
    assert told_by(decision(), PLACE, EIGHT, has_sensor=True) is None


def test_a_device_that_tells_of_entries_without_end_makes_a_day_that_a_table_holds() -> None:
    ins = (Moved(EIGHT, ("gate-1", "e" * 16, seq), "in", CARD) for seq in range(40_000))

    assert presence_of(ins, PLAN).entries == ENTRIES_MAX


@pytest.mark.parametrize("has_sensor", [True, False])
def test_a_denied_decision_is_told_with_its_reason(has_sensor: bool) -> None:
    one = told(decision("denied", "wrong_time"), has_sensor=has_sensor)

    assert (one.kind, one.reason) == (DENIED, "wrong_time")


def test_a_card_that_the_gate_does_not_know_is_told_of_nobody() -> None:
    one = told(decision("denied", "card_unknown", None))

    assert (one.kind, one.reason, one.person) == (DENIED, "card_unknown", None)


@pytest.mark.parametrize(
    "record",
    [decision("denied", "repeat"), decision("denied", "repeat", None), passage("forced", None, None)],
    ids=["repeat", "repeat of an unknown card", "forced"],
)
def test_what_concerns_nobody_is_no_movement(record: Decision | Passage) -> None:
    assert told_by(record, PLACE, EIGHT, has_sensor=False) is None


@pytest.mark.parametrize(
    ("records", "kind", "reason"),
    [
        ([passage()], CARD, ""),
        ([decision(), passage()], CARD, "ok"),
        ([decision(), passage("no_passage")], TURNED, "no_passage"),
        ([passage("wrong_direction")], TURNED, "wrong_direction"),
        ([hand_pass()], HAND, "lost"),
        ([hand_pass(), passage()], HAND, "lost"),
        ([hand_pass(), passage("no_passage")], TURNED, "no_passage"),
        ([hand_pass(), passage("unknown"), passage()], HAND, "lost"),
        ([decision("denied", "card_blocked"), passage("no_passage")], TURNED, "no_passage"),
    ],
)
def test_a_decision_and_what_the_sensor_saw_make_one_movement_in_any_order(
    records: list[Decision | HandPass | Passage], kind: MovementKind, reason: str
) -> None:
    pieces = [told(record, minute=number) for number, record in enumerate(records)]

    for order in (pieces, pieces[::-1], [*pieces, *pieces]):
        one = reduce(merged, order)
        assert (one.place, one.kind, one.reason) == (PLACE, kind, reason)


def test_a_passage_that_names_no_epoch_follows_a_decision_of_its_own() -> None:
    """As every agent writes it: it names another epoch only when it was restarted in between."""
    record = msgspec.structs.replace(passage(), epoch=None)

    assert told(record).place == PLACE


pieces = st.builds(
    Told,
    place=st.just(PLACE),
    person=st.sampled_from([None, PERSON]),
    at=st.integers(0, 3).map(lambda minute: EIGHT + timedelta(minutes=minute)),
    direction=st.sampled_from(["in", "out"]),
    gate=st.just("main"),
    clock=st.just("ntp"),
    let=st.sampled_from([None, CARD, HAND, DENIED]),
    let_reason=st.sampled_from(["", "ok", "lost"]),
    passage=st.sampled_from(["", "passed", "no_passage", "unknown"]),
)


@given(pieces, pieces, pieces)
def test_merging_does_not_depend_on_order_or_repetition(one: Told, two: Told, three: Told) -> None:
    assert merged(one, two) == merged(two, one)
    assert merged(merged(one, two), three) == merged(one, merged(two, three))
    assert merged(one, one) == one


# Days


def moved(minute: int, direction: str = "in", kind: MovementKind = CARD, seq: int = 0) -> Moved:
    return Moved(EIGHT + timedelta(minutes=minute), ("gate-1", "e" * 16, seq or minute + 1_000), direction, kind)


def test_a_day_without_movements_is_empty() -> None:
    assert presence_of([], PLAN) == DayOf()


def test_a_day_knows_first_entry_last_exit_and_who_is_inside() -> None:
    day = presence_of([moved(-20), moved(100, "out"), moved(110), moved(300, "out")], PLAN)

    assert (day.first_in_at, day.last_out_at) == (EIGHT - timedelta(minutes=20), EIGHT + timedelta(minutes=300))
    assert (day.is_inside, day.entries, day.late_min) == (False, 2, 0)


@pytest.mark.parametrize(("minute", "late_min"), [(-1, 0), (0, 0), (1, 1), (45, 45), (360, 0), (400, 0)])
def test_lateness_counts_from_the_own_first_lesson_until_the_last_one_ends(minute: int, late_min: int) -> None:
    assert presence_of([moved(minute)], PLAN).late_min == late_min


@pytest.mark.parametrize("plan", [DayPlan(ON, True), DayPlan(ON, False)], ids=["staff", "holiday"])
def test_nobody_is_late_without_lessons(plan: DayPlan) -> None:
    assert presence_of([moved(100)], plan).late_min == 0


@pytest.mark.parametrize("kind", [DENIED, TURNED])
def test_who_did_not_go_through_is_not_there(kind: MovementKind) -> None:
    assert presence_of([moved(0, kind=kind)], PLAN) == DayOf()


def test_who_was_let_in_by_hand_is_there_without_a_card() -> None:
    day = presence_of([moved(5, kind=HAND)], PLAN)

    assert (day.is_inside, day.without_card, day.late_min) == (True, True, 5)


def test_who_only_leaves_was_never_seen_coming() -> None:
    day = presence_of([moved(300, "out")], PLAN)

    assert (day.first_in_at, day.is_inside, day.entries) == (None, False, 0)


movements = st.lists(
    st.builds(
        moved,
        st.integers(-60, 600),
        st.sampled_from(["in", "out"]),
        st.sampled_from(list(MovementKind)),
        st.integers(1, 10_000),
    ),
    max_size=12,
    unique_by=lambda each: each.order,
)


@given(movements.flatmap(lambda given: st.tuples(st.just(given), st.permutations(given))))
def test_a_day_is_a_function_of_the_set_of_its_movements(both: tuple[list[Moved], list[Moved]]) -> None:
    one, other = both

    assert presence_of(one, PLAN) == presence_of(other, PLAN)


def went(second: float, gate: str, direction: str = "in", kind: MovementKind = CARD, clock: str = "ntp") -> Moved:
    at = EIGHT + timedelta(seconds=second)
    return Moved(at, (gate, "e" * 16, int(second) + 1), direction, kind, gate, clock)


@pytest.mark.parametrize(
    ("movements", "doubled"),
    [
        ([went(0, "main"), went(19, "yard")], ["yard"]),
        ([went(19, "yard"), went(0, "main")], ["yard"]),
        ([went(0, "main"), went(21, "yard")], []),
        ([went(0, "main"), went(5, "main")], []),
        ([went(0, "main"), went(5, "yard", "out")], []),
        ([went(0, "main", "out"), went(5, "yard", "out")], ["yard"]),
        ([went(0, "main"), went(5, "yard", kind=TURNED)], []),
        ([went(0, "main"), went(5, "yard", kind=HAND)], []),
        ([went(0, "main"), went(5, "yard", kind=DENIED)], []),
        ([went(0, "main"), went(5, "yard", clock="floor")], []),
        ([went(0, "main"), went(5, "yard"), went(9, "main")], ["yard", "main"]),
    ],
)
def test_one_card_cannot_go_the_same_way_by_two_gates_in_too_short_a_time(
    movements: list[Moved], doubled: list[str]
) -> None:
    assert sorted(place[0] for place in doubles_of(movements)) == sorted(doubled)
