"""What exams, results and values of fitness may be, as tables."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.progress.errors import ExamRefused, FitnessRefused
from cloud.progress.kinds import BY_KEY, INDICATORS, ExamKind, Indicator, Score
from cloud.progress.rules import change_of, checked_exam, checked_score, read_value, written

TODAY = date(2026, 9, 15)
RUN, JUMP, BEND = BY_KEY["run_60"], BY_KEY["jump"], BY_KEY["bend"]


@pytest.mark.parametrize(
    ("indicator", "typed", "value"),
    [
        pytest.param(RUN, "10,4", 1_040, id="comma"),
        pytest.param(RUN, " 10.4 ", 1_040, id="point"),
        pytest.param(RUN, "10", 1_000, id="whole"),
        pytest.param(JUMP, "165", 16_500, id="jump"),
        pytest.param(BEND, "-5", -500, id="below-zero"),
        pytest.param(BEND, "", None, id="nothing"),
    ],
)
def test_a_value_is_read_as_it_is_typed(indicator: Indicator, typed: str, value: int | None) -> None:
    assert read_value(indicator, typed) == value


@pytest.mark.parametrize(
    ("indicator", "typed"),
    [
        pytest.param(RUN, "fast", id="words"),
        pytest.param(RUN, "1:04", id="minutes"),
        pytest.param(RUN, "10,44", id="too-exact"),
        pytest.param(RUN, "3", id="too-quick"),
        pytest.param(RUN, "41", id="too-slow"),
        pytest.param(JUMP, "165,5", id="no-halves"),
        pytest.param(JUMP, "-165", id="backwards"),
        pytest.param(JUMP, "٣٥", id="other-digits"),
    ],
)
def test_what_cannot_be_is_refused(indicator: Indicator, typed: str) -> None:
    with pytest.raises(FitnessRefused):
        read_value(indicator, typed)


@given(st.sampled_from(INDICATORS), st.integers(0, 10**6))
def test_what_is_written_is_read_again(indicator: Indicator, number: int) -> None:
    step = 10 ** (2 - indicator.places)
    value = indicator.least + number * step % (indicator.most - indicator.least + step)
    value -= value % step
    value = max(value, indicator.least)

    assert read_value(indicator, written(indicator, value)) == value


def test_fewer_seconds_and_more_centimetres_are_better() -> None:
    assert change_of(RUN, [1_100, 1_040]) == (-60, True)
    assert change_of(RUN, [1_040, 1_100]) == (60, False)
    assert change_of(JUMP, [15_000, 16_500]) == (1_500, True)
    assert change_of(JUMP, [16_500, 15_000]) == (-1_500, False)
    assert change_of(JUMP, [16_500, 16_500]) is None
    assert change_of(JUMP, [16_500]) is None


def test_an_exam_has_a_kind_a_name_and_a_day_of_our_time() -> None:
    assert checked_exam("ent", "  ҰБТ 2026 ", TODAY, 140, TODAY) == (ExamKind.ENT, "ҰБТ 2026")
    for kind, title, on, points in (
        ("other", "x", TODAY, 0), ("ent", "", TODAY, 0), ("ent", "x" * 121, TODAY, 0),
        ("ent", "x", TODAY + timedelta(days=400), 0), ("ent", "x", date(1999, 1, 1), 0), ("ent", "x", TODAY, -1),
        ("ent", "x", TODAY, 1_001),
    ):  # fmt: skip
        with pytest.raises(ExamRefused):
            checked_exam(kind, title, on, points, TODAY)


@pytest.mark.parametrize(
    ("score", "most", "can_be"),
    [
        (Score(0, None), 40, True),
        (Score(40, 5), 40, True),
        (Score(None, 2), 0, True),
        (Score(None, None), 40, False),
        (Score(41, None), 40, False),
        (Score(-1, None), 40, False),
        (Score(1, None), 0, False),
        (Score(None, 1), 40, False),
        (Score(None, 6), 40, False),
    ],
    ids=str,
)
def test_a_result_has_points_up_to_the_exams_or_a_mark(score: Score, most: int, can_be: bool) -> None:
    if can_be:
        assert checked_score(score, most) == score
    else:
        with pytest.raises(ExamRefused):
            checked_score(score, most)
