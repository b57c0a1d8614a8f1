"""The analysis of questions against figures counted by hand, and what it refuses to say."""

import pytest

from cloud.assessments.analysis import Figures, Reached, Verdict, correlation, figures_of


def test_the_correlation_is_pearsons() -> None:
    # By hand: means 0.5 and 5; sums of products 5, of squares 1 and 50; 5 / sqrt(50).
    assert correlation([(0, 0), (0, 5), (1, 5), (1, 10)]) == pytest.approx(0.70711, abs=1e-5)
    assert correlation([(0, 1), (1, 0)]) == pytest.approx(-1)


@pytest.mark.parametrize("pairs", [[], [(1, 1)], [(1, 1), (1, 2)], [(0, 3), (1, 3)]], ids=["none", "one", "x", "y"])
def test_without_a_spread_nothing_is_said(pairs: list[tuple[float, float]]) -> None:
    assert correlation(pairs) is None


def test_a_good_question_a_useless_one_and_one_with_a_wrong_key_are_told_apart() -> None:
    # Twenty attempts: the first half knows. `key` is answered right by who does not know.
    reached = [
        Reached({"good": knows, "easy": 1.0, "key": 1 - knows} | dict.fromkeys(("x", "y", "z"), knows))
        for number in range(20)
        for knows in [float(number < 10)]
    ]

    figures = figures_of(["good", "easy", "key"], reached)

    assert figures["good"].difficulty == 0.5
    assert figures["good"].upper_lower == 1.0  # the best five less the weakest five
    assert figures["good"].biserial == pytest.approx(1)
    assert {name: each.verdict for name, each in figures.items()} == {
        "good": Verdict.GOOD, "easy": Verdict.EASY, "key": Verdict.WRONG,
    }  # fmt: skip


def test_what_was_chosen_is_counted_for_all_and_for_the_best_and_the_weakest() -> None:
    reached = [
        Reached({"q": float(number >= 5), "other": float(number >= 5)}, {"q": ["a" if number >= 5 else "b"]})
        for number in range(10)
    ]

    told = figures_of(["q"], reached)["q"]

    assert told.chosen == {"a": 5, "b": 5}
    assert (told.chosen_by_upper, told.chosen_by_lower) == ({"a": 3}, {"b": 3})  # 27 % of ten


def test_under_ten_attempts_nothing_is_said_of_discrimination() -> None:
    reached = [Reached({"q": float(number % 2), "other": float(number % 2)}) for number in range(9)]

    told = figures_of(["q", "never asked"], reached)

    assert told["q"] == Figures(9, 4 / 9, None, None, {}, {}, {})
    assert told["q"].verdict is Verdict.FEW
    assert told["never asked"].difficulty is None


@pytest.mark.parametrize(
    ("difficulty", "biserial", "verdict"),
    [
        (0.95, 0.4, Verdict.EASY), (0.1, 0.4, Verdict.HARD), (0.5, 0.1, Verdict.WEAK), (0.5, None, Verdict.WEAK),
        (0.5, 0.2, Verdict.GOOD), (0.95, -0.1, Verdict.WRONG),
    ],
    ids=["easy", "hard", "weak", "no spread", "good", "wrong key before easy"],
)  # fmt: skip
def test_figures_are_told_in_a_word(difficulty: float, biserial: float | None, verdict: Verdict) -> None:
    assert Figures(30, difficulty, biserial, 0.3, {}, {}, {}).verdict is verdict
