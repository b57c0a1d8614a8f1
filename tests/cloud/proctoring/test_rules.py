"""What a page's words are worth, what silence is, and the line of time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.proctoring.kinds import BATCH_MAX, Event, Log, Mark, Noticed, State, What
from cloud.proctoring.rules import away_s, line_of, noticed, placed, silence

BEGAN = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["what", "ago_s", "lasted_s", "place"]), inner),
)


def at(minutes: float) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def test_a_page_is_believed_about_its_window() -> None:
    told = [
        {"what": "left", "ago_s": 12.5, "place": 3},
        {"what": "back", "ago_s": 2, "lasted_s": 10, "place": 3},
        {"what": "pasted", "ago_s": 0},
    ]

    assert noticed(told) == [
        Noticed(What.LEFT, 12.5, None, 3), Noticed(What.BACK, 2, 10, 3), Noticed(What.PASTED, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "told",
    [
        "left", {"what": "left", "ago_s": 1}, [7], [{"what": "silent", "ago_s": 1}], [{"what": "keys", "ago_s": 1}],
        [{"what": "left"}], [{"what": "left", "ago_s": "1"}], [{"what": "left", "ago_s": float("nan")}],
        [{"what": "left", "ago_s": True}], [{"what": ["left"], "ago_s": 1}], [{"what": "left", "ago_s": -1}],
    ],
    ids=["word", "one", "number", "silence", "other", "when", "text", "nan", "truth", "list", "ahead"],
)  # fmt: skip
def test_what_is_no_event_is_passed_over(told: object) -> None:
    assert noticed(told) == []


@given(JSON)
def test_nothing_that_comes_breaks_it(told: object) -> None:
    events = placed(noticed(told), BEGAN, at(30))

    assert all(BEGAN <= each.at <= at(30) for each in events)


def test_numbers_that_no_clock_counts_are_cut() -> None:
    told = [{"what": "back", "ago_s": 10**400, "lasted_s": 1e300, "place": True}, {"what": "left", "ago_s": 1e308}]

    first, second = placed(noticed(told), BEGAN, at(30))

    assert (first.at, second.at, first.lasted_s, first.place) == (BEGAN, BEGAN, 12 * 3600, None)


def test_a_message_holds_so_many_events_and_no_more() -> None:
    assert len(noticed([{"what": "pasted", "ago_s": 1}] * (BATCH_MAX + 10))) == BATCH_MAX


def test_no_event_lies_before_the_attempt_or_after_it_came() -> None:
    told = [Noticed(What.LEFT, 10**9), Noticed(What.PASTED, 60), Noticed(What.BACK, 0)]

    assert [each.at for each in placed(told, BEGAN, at(30))] == [BEGAN, at(29), at(30)]
    assert placed([Noticed(What.LEFT, 10**9)], BEGAN, at(120))[0].at == at(60)  # an hour late at most


@pytest.mark.parametrize(("seconds", "is_told"), [(75, False), (76, True)])
def test_silence_is_what_no_slow_line_explains(seconds: int, is_told: bool) -> None:
    found = silence(BEGAN, BEGAN + timedelta(seconds=seconds))

    assert (found is not None) is is_told
    if found is not None:
        assert (found.what, found.at, found.lasted_s) == (What.SILENT, BEGAN, seconds)


def test_the_line_of_time_has_stretches_and_instants() -> None:
    events = [
        Event(What.LEFT, at(10), None, 1), Event(What.BACK, at(14), 240, 1), Event(What.PASTED, at(20), None, 2),
        Event(What.SILENT, at(30), 600, None), Event(What.LEFT, at(39.99), None, None),
    ]  # fmt: skip
    log = Log(State.LOGGED, events)

    assert line_of(log, BEGAN, at(40)) == [
        Mark(What.LEFT, 25.0, 10.0), Mark(What.PASTED, 50.0, None), Mark(What.SILENT, 75.0, 25.0),
    ]  # fmt: skip
    assert away_s(log) == 240


def test_an_attempt_without_a_length_draws_a_line_all_the_same() -> None:
    log = Log(State.LOGGED, [Event(What.BACK, at(1), 600, None), Event(What.PASTED, at(5), None, None)])

    for mark in line_of(log, BEGAN, BEGAN):
        assert 0 <= mark.left <= 100
        assert mark.width is None or mark.left + mark.width <= 100.01
