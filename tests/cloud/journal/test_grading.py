"""How marks are counted, as tables of cases; and which version of a scheme counts when."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.journal.errors import GradingRefused
from cloud.journal.grading import STATE, Got, Lack, Part, Result, Scheme, result_of, rounded, scheme_for, year_mark
from cloud.journal.quarters import quarters_in
from cloud.journal.schemes import check_scheme

NOW = Scheme(date(2023, 9, 1), 25, 25, 50)
OLDER = Scheme(date(2016, 9, 1), 0, 50, 50)
FULL = {
    Part.FORMATIVE: Got(points=24, works=3),  # 80 %
    Part.SOR: Got(points=12, most=20, works=2),  # 60 %
    Part.SOCH: Got(points=18, most=20, works=1),  # 90 %
}


def test_a_quarter_is_a_quarter_formative_a_quarter_sor_and_half_soch() -> None:
    result = result_of(NOW, "mathematics", FULL)

    assert (result.exact, result.percent, result.mark, result.is_final) == (Fraction(80), 80, 4, True)
    assert [line.part for line in result.lines] == [Part.FORMATIVE, Part.SOR, Part.SOCH]
    parts = [(line.counted, line.adds) for line in result.lines]
    assert parts == [(Fraction(part), Fraction(adds)) for part, adds in ((25, 20), (25, 15), (50, 45))]


def test_by_the_older_version_sor_and_soch_count_by_halves_and_formative_marks_do_not() -> None:
    result = result_of(OLDER, "mathematics", FULL)

    assert (result.percent, result.mark) == (75, 4)
    assert [line.part for line in result.lines] == [Part.SOR, Part.SOCH]
    assert result_of(OLDER, "mathematics", {**FULL, Part.FORMATIVE: Got()}).is_final


@pytest.mark.parametrize(
    ("percent", "mark"), [(0, 2), (39, 2), (40, 3), (64, 3), (65, 4), (84, 4), (85, 5), (100, 5)]
)  # fmt: skip
def test_the_scale_has_no_gap(percent: int, mark: int) -> None:
    assert NOW.mark(percent) == mark


@pytest.mark.parametrize(
    ("points", "most", "percent", "mark"),
    [(169, 200, 85, 5), (338, 400, 85, 5), (337, 400, 84, 4), (79, 200, 40, 3), (157, 400, 39, 2)],
)
def test_percents_are_rounded_before_the_scale_a_half_up(points: int, most: int, percent: int, mark: int) -> None:
    scheme = replace(NOW, formative=0, sor=0, soch=100)

    result = result_of(scheme, "physics", {Part.SOCH: Got(points, most, 1)})

    assert (result.percent, result.mark) == (percent, mark)


@pytest.mark.parametrize(
    ("code", "got", "weights", "lacks"),
    [
        # a subject without SOCH: what it would weigh goes to the others
        ("music", {Part.FORMATIVE: FULL[Part.FORMATIVE], Part.SOR: FULL[Part.SOR]}, [50, 50], []),
        ("music", {Part.FORMATIVE: FULL[Part.FORMATIVE]}, [100], []),
        # a quarter in which no SOR was held
        ("physics", {Part.FORMATIVE: FULL[Part.FORMATIVE], Part.SOCH: FULL[Part.SOCH]},
         [Fraction(100, 3), Fraction(200, 3)], []),
        # amid the quarter: expected, and it is said what lacks
        ("physics", {Part.FORMATIVE: Got(points=9, works=1)}, [100, 0], [Lack.FEW, Lack.SOCH_AHEAD]),
        ("physics", {**FULL, Part.SOR: Got(12, 20, 2, missed=1)}, [25, 25, 50], [Lack.SOR]),
        ("physics", {**FULL, Part.SOCH: Got(missed=1)}, [50, 50, 0], [Lack.SOCH]),
    ],
)  # fmt: skip
def test_what_is_not_there_gives_its_weight_to_the_others_and_is_told(
    code: str, got: Mapping[Part, Got], weights: list[Fraction], lacks: list[Lack]
) -> None:
    scheme = replace(NOW, without_soch=frozenset({"music"}))

    result = result_of(scheme, code, got)

    assert [line.counted for line in result.lines] == weights
    assert (list(result.lacks), result.is_final) == (lacks, not lacks)
    assert result.exact == sum(line.adds or 0 for line in result.lines)


def test_without_any_points_there_is_no_mark() -> None:
    result = result_of(NOW, "physics", {Part.SOR: Got(missed=1)})

    assert (result.mark, result.percent, result.is_final) == (None, None, False)
    assert list(result.lacks) == [Lack.FEW, Lack.SOR, Lack.SOCH_AHEAD]


def test_a_summative_work_of_no_points_is_a_mark_and_no_gap() -> None:
    result = result_of(NOW, "physics", {**FULL, Part.SOCH: Got(points=0, most=20, works=1)})

    assert (result.percent, result.mark, result.is_final) == (35, 2, True)


@given(
    st.integers(0, 100), st.integers(0, 100), st.integers(1, 30), st.integers(0, 30), st.integers(1, 30),
    st.integers(0, 30), st.integers(0, 300),
)  # fmt: skip
def test_a_mark_is_within_what_its_parts_are(
    first: int, second: int, sor_most: int, sor: int, soch_most: int, soch: int, formative: int
) -> None:
    low, high = sorted((first, second))
    scheme = replace(NOW, formative=low, sor=high - low, soch=100 - high)
    got = {
        Part.FORMATIVE: Got(points=formative, works=30), Part.SOR: Got(min(sor, sor_most), sor_most, 1),
        Part.SOCH: Got(min(soch, soch_most), soch_most, 1),
    }  # fmt: skip

    result = result_of(scheme, "physics", got)

    shares = [line.share for line in result.lines if line.share is not None]
    assert result.exact is not None
    assert min(shares) <= result.exact <= max(shares)
    assert result.percent == rounded(result.exact)
    assert sum(line.counted for line in result.lines) == 100


@pytest.mark.parametrize(
    ("marks", "year", "is_final"),
    [([4, 5], 5, True), ([3, 4, 4, 5], 4, True), ([4, 4, 4, 5], 4, True), ([3, 4], 4, True), ([None, 5], 5, False),
     ([], None, False), ([None], None, False)],
)  # fmt: skip
def test_a_year_is_the_mean_of_its_quarters_a_half_up(
    marks: list[int | None], year: int | None, is_final: bool
) -> None:
    told = year_mark([Result(mark=mark) for mark in marks])

    assert (told.mark, told.is_final) == (year, is_final)


def test_a_year_of_which_a_quarter_is_not_final_is_not_final_either() -> None:
    told = year_mark([Result(mark=4), Result(mark=5, lacks=[Lack.SOCH])])

    assert (told.mark, told.is_final) == (5, False)


def test_the_version_of_a_quarters_first_day_counts_for_all_of_it() -> None:
    first, amid = replace(NOW, number=1, from_on=date(2026, 9, 1)), replace(NOW, number=2, from_on=date(2026, 10, 1))

    assert scheme_for([first, amid], date(2026, 9, 1)) == first
    assert scheme_for([first, amid], date(2026, 11, 4)) == amid
    again = replace(amid, number=3, soch=25, sor=50)
    assert scheme_for([first, amid, again], date(2026, 11, 4)) == again  # of two of one day the later set


def test_a_school_that_set_nothing_yet_goes_by_the_states() -> None:
    later = replace(NOW, number=1, from_on=date(2026, 10, 1))

    assert scheme_for([later], date(2026, 9, 1)) == STATE[1]
    assert scheme_for([], date(2022, 9, 1)) == STATE[0]
    assert scheme_for([], date(2010, 9, 1)) == STATE[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"soch": 60}, "100 percent"),
        ({"soch": 125, "sor": -50}, "100 percent"),
        ({"three": 70}, "rise"),
        ({"five": 101}, "rise"),
        ({"three": 0}, "rise"),
        ({"formative_max": 1}, "2 to 100 points"),
        ({"formative_least": 99}, "2 to 100 points"),
        ({"unmarked_grade": 13}, "2 to 100 points"),
        ({"from_on": date(2026, 8, 31)}, "Earlier quarters stay"),
    ],
)
def test_a_scheme_by_which_nothing_can_be_counted_is_refused(changes: dict[str, object], words: str) -> None:
    quarter = quarters_in([(date(2026, 9, 1), date(2026, 10, 25))], 2026)[0]
    scheme = replace(NOW, from_on=date(2026, 9, 1), **changes) if "from_on" not in changes else replace(NOW, **changes)  # type: ignore[arg-type]

    if not words:
        check_scheme(scheme, quarter)
        return
    with pytest.raises(GradingRefused, match=words):
        check_scheme(scheme, quarter)
