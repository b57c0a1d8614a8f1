"""Denials collapse: the first is written, the like of it are counted, nothing is counted twice or forgotten."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.denials import CROWDED_WINDOW_MS, KINDS_MAX, WINDOW_MS, Denial, Denials
from tests.edge_agent.school import ALIYA, BORIS

WRONG_TIME = Denial("in", "wrong_time", ALIYA, None, "uid", 7)
REPEAT = replace(WRONG_TIME, reason="repeat")


def test_the_first_is_written_and_the_like_of_it_are_counted() -> None:
    denials = Denials()

    assert denials.take(WRONG_TIME, 0, is_crowded=False)
    assert not denials.take(WRONG_TIME, 1_000, is_crowded=False)
    assert not denials.take(WRONG_TIME, 2_000, is_crowded=False)
    assert denials.take(replace(WRONG_TIME, person=BORIS), 3_000, is_crowded=False)

    assert denials.due(WINDOW_MS - 1) == []
    assert denials.due(WINDOW_MS) == [(WRONG_TIME, 2)]
    assert denials.due(10 * WINDOW_MS) == []


def test_a_repeat_is_counted_from_the_first_on() -> None:
    denials = Denials()

    assert not denials.take(REPEAT, 0, is_crowded=False)

    assert denials.due(WINDOW_MS) == [(REPEAT, 1)]


def test_after_the_window_the_next_is_a_first_again() -> None:
    denials = Denials()

    denials.take(WRONG_TIME, 0, is_crowded=False)
    denials.due(WINDOW_MS)

    assert denials.take(WRONG_TIME, WINDOW_MS, is_crowded=False)


def test_nearly_full_all_of_a_reason_are_one_count() -> None:
    denials = Denials()

    taken = [denials.take(replace(WRONG_TIME, person=ref), 0, is_crowded=True) for ref in (ALIYA, BORIS, ALIYA)]

    assert taken == [False] * 3
    assert denials.due(WINDOW_MS) == []
    assert denials.due(CROWDED_WINDOW_MS) == [(replace(WRONG_TIME, person=None), 3)]


def test_one_kind_too_many_pushes_the_oldest_count_out() -> None:
    denials = Denials()
    denials.take(WRONG_TIME, 0, is_crowded=False)
    denials.take(WRONG_TIME, 0, is_crowded=False)

    for number in range(KINDS_MAX):
        denials.take(replace(WRONG_TIME, person=None, token=f"{number:024x}"), 1, is_crowded=False)

    assert denials.due(2) == [(WRONG_TIME, 1)]


def test_at_the_end_every_count_is_given() -> None:
    denials = Denials()
    denials.take(REPEAT, 0, is_crowded=False)

    assert denials.all() == [(REPEAT, 1)]
    assert denials.all() == []


@given(st.lists(st.tuples(st.sampled_from([ALIYA, BORIS]), st.booleans(), st.integers(0, 12_000), st.booleans())))
def test_every_denial_is_in_exactly_one_record(story: list[tuple[str, bool, int, bool]]) -> None:
    denials, now_ms, written, counted = Denials(), 0, 0, 0
    for ref, is_repeat, wait_ms, is_crowded in story:
        now_ms += wait_ms
        denial = replace(REPEAT if is_repeat else WRONG_TIME, person=ref)
        written += denials.take(denial, now_ms, is_crowded=is_crowded)
        if is_crowded:
            counted += sum(count for _, count in denials.due(now_ms))
    counted += sum(count for _, count in denials.all())

    assert written + counted == len(story)
