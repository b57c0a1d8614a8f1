"""What a day at the gates tells, in whatever order its records come; and what is put right of what was told."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.attendance.told import Passed, Seen
from cloud.notifications.day_rules import BACK_MAX, PRESENT, REPEAT, Known, Told, absent_key, judged
from cloud.notifications.kinds import Kind
from cloud.notifications.rules import Fact
from cloud.schools.rules import DayPlan

ON = date(2026, 9, 1)
EIGHT = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)  # in Almaty
PLAN = DayPlan(ON, True, EIGHT, EIGHT + timedelta(hours=5))
OFF = DayPlan(ON, is_school_day=False)
DUE = EIGHT + timedelta(minutes=20)
KNOWN = Known(ON)
GATE = ("Қақпа", "Вход", "Gate")


def at(minute: float) -> datetime:
    return EIGHT + timedelta(minutes=minute)


def went(
    minute: float, direction: str = "in", *, seq: int = 0, by_hand: bool = False, clock: str = "ntp",
    doubled: bool = False,
) -> Passed:  # fmt: skip
    place = f"gate-1:e:{seq or round(minute * 60) + 100_000}"
    return Passed(place, at(minute), direction, by_hand, "forgotten" if by_hand else "", GATE, clock, doubled)


def day(*passed: Passed, plan: DayPlan = PLAN) -> Seen:
    return Seen(1, 2, ON, sorted(passed, key=lambda each: (each.at, each.place)), plan)


def fresh(*passed: Passed, known: Known = KNOWN, plan: DayPlan = PLAN) -> list[Fact]:
    """Return what a day tells of which nothing was told."""
    return judged(day(*passed, plan=plan), [], known, at(60))[0]


def kinds(facts: Sequence[Fact]) -> list[str]:
    return [fact.kind.value for fact in facts]


ABSENT = Told(absent_key(2, ON), Kind.ABSENT, DUE)


@pytest.mark.parametrize(
    ("passed", "told"),
    [
        ([went(-8)], ["arrived"]),
        ([went(0)], ["arrived"]),
        ([went(1)], ["late"]),
        ([went(-8), went(30, "out"), went(35)], ["arrived", "left_early", "arrived"]),
        ([went(-8), went(291, "out")], ["arrived", "departed"]),  # ten minutes before the end is not early any more
        ([went(-30), went(-20, "out"), went(-8)], ["arrived", "departed", "arrived"]),
        ([went(310)], ["arrived"]),  # when lessons are over nobody is late
        ([went(12, by_hand=True)], ["without_card"]),
        ([went(-8), went(60, "out", by_hand=True)], ["arrived", "without_card"]),
        ([went(-8), went(-7.5)], ["arrived"]),  # the same way again at once
        ([went(-8), went(-7.5, "out")], ["arrived", "departed"]),
        ([went(-8), went(-7.8, doubled=True)], ["arrived", "card_doubled"]),
        ([went(12, clock="none"), went(60, "out", clock="floor")], ["arrived", "departed"]),  # a clock to be doubted
    ],
)
def test_a_day_tells(passed: list[Passed], told: list[str]) -> None:
    assert kinds(fresh(*passed)) == told


def test_who_is_late_is_told_by_how_much_and_who_leaves_early_when_lessons_end() -> None:
    late, early = fresh(went(12), went(60, "out"))

    assert (late.detail.late_min, late.detail.lessons_at, late.at) == (12, EIGHT, at(12))
    assert (early.detail.lessons_at, early.detail.direction) == (PLAN.ends_at, "out")
    assert late.detail.gate is not None
    assert late.detail.gate.ru == "Вход"


def test_who_is_let_in_by_hand_and_late_is_told_both() -> None:
    (fact,) = fresh(went(12, by_hand=True))

    assert (fact.kind, fact.detail.late_min, fact.detail.reason) == (Kind.WITHOUT_CARD, 12, "forgotten")


@pytest.mark.parametrize(
    ("known", "plan"), [(KNOWN, OFF), (KNOWN, DayPlan(ON, True)), (Known(ON, is_excused=True), PLAN)]
)
def test_nobody_is_late_or_early_without_lessons_or_bells_or_when_excused(known: Known, plan: DayPlan) -> None:
    assert kinds(fresh(went(12), went(60, "out"), known=known, plan=plan)) == ["arrived", "departed"]


def test_a_second_shift_has_its_own_first_lesson() -> None:
    second = DayPlan(ON, True, at(360), at(660))

    assert kinds(fresh(went(100), went(150, "out"), went(350), plan=second)) == ["arrived", "departed", "arrived"]


def test_of_a_day_of_more_than_a_month_ago_nothing_is_told() -> None:
    assert judged(day(went(0)), [], Known(ON + BACK_MAX + timedelta(days=1)), at(60)) == ([], [])
    assert judged(day(went(0)), [], Known(ON + BACK_MAX), at(60))[0]


def test_a_wrong_absence_is_put_right_by_a_record_that_comes_late_and_the_arrival_beside_it_is_quiet() -> None:
    facts, told = judged(day(went(-8)), [ABSENT], KNOWN, at(90))

    right, arrival = facts
    assert (right.kind, right.corrects, right.at) == (Kind.DAY_CORRECTED, ABSENT.key, at(90))
    assert (right.detail.was, right.detail.now, right.detail.came_at) == ("absent", "arrived", at(-8))
    assert (arrival.kind, arrival.is_quiet, right.is_quiet) == (Kind.ARRIVED, True, False)
    assert judged(day(went(-8)), told, KNOWN, at(91)) == ([], told)


def test_who_comes_after_the_absence_was_told_was_absent_then() -> None:
    facts, told = judged(day(went(25)), [ABSENT], KNOWN, at(26))

    assert [(fact.kind, fact.is_quiet) for fact in facts] == [(Kind.LATE, False)]
    assert told[0] == ABSENT


def test_an_absence_is_put_right_by_the_teachers_word_and_the_gates_word_after_it_is_an_arrival() -> None:
    present = Known(ON, is_present=True)
    (right,), told = judged(day(), [ABSENT], present, at(40))
    facts, _ = judged(day(went(-8)), told, present, at(90))

    assert (right.detail.now, right.corrects) == (PRESENT, ABSENT.key)
    assert [(fact.kind, fact.is_quiet) for fact in facts] == [(Kind.ARRIVED, False)]


def test_what_is_put_right_of_an_earlier_day_is_no_news() -> None:
    facts, _ = judged(day(went(-8)), [ABSENT], Known(ON + timedelta(days=2)), at(2 * 24 * 60))

    assert [fact.at for fact in facts] == [DUE, at(-8)]


def test_who_was_told_to_be_late_and_had_come_before_is_put_right_once() -> None:
    late, told = judged(day(went(12)), [], KNOWN, at(13))
    facts, told = judged(day(went(-8), went(12)), told, KNOWN, at(60))

    right, arrival = facts
    assert (right.corrects, right.detail.was, right.detail.now, right.detail.came_at) == (
        late[0].key, "late", "arrived", at(-8),
    )  # fmt: skip
    assert arrival.is_quiet
    assert judged(day(went(-8), went(12)), told, KNOWN, at(61))[0] == []


def test_who_came_late_by_another_gate_first_is_late_still() -> None:
    _, told = judged(day(went(12)), [], KNOWN, at(13))
    facts, _ = judged(day(went(5), went(12)), told, KNOWN, at(60))

    assert kinds(facts) == ["late"]


def test_a_passage_that_was_none_is_taken_back_and_one_by_hand_named_so() -> None:
    _, told = judged(day(went(-8, seq=1), went(60, "out", seq=2)), [], KNOWN, at(61))
    facts, _ = judged(day(went(-8, seq=1, by_hand=True)), told, KNOWN, at(62))

    assert [(fact.detail.was, fact.detail.now) for fact in facts] == [("arrived", "without_card"), ("left_early", "")]


def test_a_bell_that_was_moved_since_makes_nobody_late_afterwards_but_a_wrong_lateness_is_put_right() -> None:
    earlier = DayPlan(ON, True, at(-60), at(240))
    _, on_time = judged(day(went(-8)), [], KNOWN, at(0))
    _, late = judged(day(went(-8), plan=earlier), [], KNOWN, at(0))

    assert judged(day(went(-8), plan=earlier), on_time, KNOWN, at(60))[0] == []
    assert kinds(judged(day(went(-8)), late, KNOWN, at(60))[0]) == ["day_corrected"]


def test_a_device_that_says_now_this_and_now_that_is_followed_three_times() -> None:
    told: list[Told] = []
    heard = 0
    for number in range(20):
        passed = [went(-8, seq=1)] if number % 2 == 0 else []
        facts, told = judged(day(*passed), told, KNOWN, at(number))
        heard += len(facts)

    assert heard == 4


PASSED = st.builds(
    went, st.integers(-40, 330).map(float), st.sampled_from(["in", "out"]), by_hand=st.booleans(),
    clock=st.sampled_from(["ntp", "ntp", "rtc", "none"]),
)  # fmt: skip


@given(st.lists(PASSED, max_size=7, unique_by=lambda each: each.place), st.randoms(use_true_random=False))
def test_whatever_the_order_each_passage_is_told_once_and_nothing_wrong_stands(
    passed: list[Passed], rng: random.Random
) -> None:
    order, known_of, told, facts = list(passed), list[Passed](), list[Told](), list[Fact]()
    rng.shuffle(order)
    due_after = rng.randrange(len(order) + 1)
    for number, each in enumerate([*order, None]):
        if number == due_after and not any(one.direction == "in" and one.at <= DUE for one in known_of):
            told = [*told, ABSENT]
        known_of += [each] if each is not None else []
        more, told = judged(day(*known_of), told, KNOWN, at(60))
        facts += more

    keys = [fact.key for fact in facts]
    assert len(keys) == len(set(keys)), "a fact was told twice"
    assert judged(day(*passed), told, KNOWN, at(61)) == ([], told), "something is left to be told"
    came = min((each.at for each in passed if each.direction == "in"), default=None)
    absences = [each.says for each in told if each.is_absence]
    assert all((says == Kind.ABSENT) == (came is None or came > DUE) for says in absences)
    for each in passed:
        near = [
            one for one in told
            if not one.is_absence and one.key.startswith(each.direction[:2]) and abs(one.at - each.at) < REPEAT
        ]  # fmt: skip
        assert near, "a passage was told to nobody"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_same_is_known_in_the_end_in_whatever_order_three_gates_are_heard(order: Sequence[int]) -> None:
    passed = [went(-8, seq=1), went(12, seq=2), went(60, "out", seq=3)]
    told: list[Told] = []
    for number in range(1, 4):
        _, told = judged(day(*(passed[each] for each in order[:number])), told, KNOWN, at(90))

    assert sorted((each.key.rpartition(":")[2], each.says) for each in told) == [
        ("1", "arrived"), ("2", "arrived"), ("3", "left_early"),
    ]  # fmt: skip
