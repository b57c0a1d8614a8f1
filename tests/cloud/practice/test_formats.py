"""The format of the national test, how it gives points, and which questions are drawn for it."""

from collections import Counter
from decimal import Decimal

import pytest

from cloud.assessments.questions import Answer, Choice, Essay, Kind, Match, Option, Question
from cloud.practice.drawing import Banked, drawn_for_format, drawn_of
from cloud.practice.formats import (
    EVERYBODY,
    MINUTES,
    PAIRS,
    PROFILES,
    READING,
    TITLES,
    Marking,
    Sort,
    blocks_of,
    worth,
)

SEVERAL = Question(
    Kind.CHOICE, "?",
    Choice(tuple(Option(key, key, key in "abc") for key in "abcdef"), many=True), points=1,
)  # fmt: skip
TWO = Question(
    Kind.MATCH, "?", Match((("a", "A"), ("b", "B")), (("1", "1"), ("2", "2")), frozenset({("a", "1"), ("b", "2")}))
)


@pytest.mark.requirement("KZ456-32")
@pytest.mark.parametrize("pair", ["+".join(pair) for pair in PAIRS])
def test_every_pair_makes_120_questions_and_140_points(pair: str) -> None:
    blocks = blocks_of(pair)

    assert sum(block.count for block in blocks) == 120
    assert sum(block.points for block in blocks) == 140
    assert [block.points for block in blocks] == [20, 10, 10, 50, 50]
    assert [block.threshold for block in blocks] == [5, 3, 3, 5, 5]
    assert MINUTES == 240


@pytest.mark.parametrize("pair", ["", "mathematics", "physics+mathematics", "mathematics+mathematics", "a+b+c"])
def test_no_other_pair_is_a_test(pair: str) -> None:
    assert blocks_of(pair) == ()


def test_every_part_has_a_title() -> None:
    assert {block.code for block in EVERYBODY} | set(PROFILES) == set(TITLES)
    assert {code for pair in PAIRS for code in pair} == set(PROFILES)


@pytest.mark.requirement("KZ456-32")
@pytest.mark.parametrize(
    ("chosen", "points"),
    [("abc", 2), ("ab", 1), ("abcd", 1), ("abd", 0), ("a", 0), ("abcdef", 0), ("", 0)],
    ids=["all", "one lacks", "one too many", "one instead", "two lack", "everything", "nothing"],
)
def test_one_mistake_costs_a_point_and_two_cost_both(chosen: str, points: int) -> None:
    answer: Answer = tuple(chosen) or None

    assert worth(SEVERAL, answer, 2, Marking.ONE_MISTAKE) == points


@pytest.mark.parametrize(
    ("drawn", "points"),
    [({("a", "1"), ("b", "2")}, "2.00"), ({("a", "1")}, "1.00"), ({("a", "2"), ("b", "1")}, "0.00")],
    ids=["both", "one", "none"],
)
def test_each_right_pair_gives_its_share(drawn: set[tuple[str, str]], points: str) -> None:
    assert worth(TWO, frozenset(drawn), 2, Marking.EACH) == Decimal(points)


def test_all_or_nothing_and_what_a_person_marks() -> None:
    assert worth(TWO, frozenset({("a", "1")}), 2, Marking.WHOLE) == 0
    assert worth(TWO, frozenset({("a", "1")}), 2, Marking.OWN) == 1
    assert worth(Question(Kind.ESSAY, "?", Essay()), "text", 2, Marking.OWN) is None


def banks(each: int) -> list[Banked]:
    """Return so many questions of every sort and subject, and of the literacies."""
    subjects = {"history", "kazakh", *(code for block in PROFILES.values() for code in block.subjects)}
    places = [
        (subject, theme) for subject in sorted(subjects) for theme in ("", "Математикалық сауаттылық", READING[0])
    ]
    sorts = [Sort.ONE, Sort.SEVERAL, Sort.PAIRS, Sort.OTHER]
    return [
        Banked(number, subject, theme, sort)
        for number, (subject, theme, sort, _) in enumerate(
            (subject, theme, sort, again) for subject, theme in places for sort in sorts for again in range(each)
        )
    ]


@pytest.mark.requirement("KZ456-32")
def test_a_full_bank_makes_a_whole_test_of_the_right_sorts() -> None:
    pool = banks(40)
    by_id = {each.id: each for each in pool}

    drawn, parts = drawn_for_format(blocks_of("mathematics+physics"), pool, 7, set())

    assert [(part.wanted, part.asked) for part in parts] == [(20, 20), (10, 10), (10, 10), (40, 40), (40, 40)]
    assert len({each.question_id for each in drawn}) == 120
    assert sum(each.points or 0 for each in drawn) == 140
    sorts = Counter((each.part, by_id[each.question_id].sort, each.points, each.marking) for each in drawn)
    assert sorts[3, Sort.ONE, 1, "whole"] == 30
    assert sorts[3, Sort.PAIRS, 2, "each"] == sorts[4, Sort.SEVERAL, 2, "one_mistake"] == 5
    themes = {part: {by_id[each.question_id].theme for each in drawn if each.part == part} for part in range(5)}
    assert (themes[1], themes[2]) == ({READING[0]}, {"Математикалық сауаттылық"})
    assert themes[0] == themes[3] == themes[4] == {""}


def test_the_same_seed_draws_the_same_and_another_one_otherwise() -> None:
    blocks, pool = blocks_of("biology+chemistry"), banks(50)

    first, again, other = [drawn_for_format(blocks, pool, seed, set())[0] for seed in (1, 1, 2)]

    assert first == again
    assert first != other


def test_what_a_bank_has_not_got_is_told_and_not_made_up() -> None:
    pool = [Banked(1, "history", "", Sort.ONE), Banked(2, "history", "", Sort.PAIRS), Banked(3, "music", "", Sort.ONE)]

    drawn, parts = drawn_for_format(blocks_of("mathematics+physics"), pool, 7, set())

    assert [each.question_id for each in drawn] == [1]
    assert [part.asked for part in parts] == [1, 0, 0, 0, 0]


def test_what_was_not_met_comes_first() -> None:
    pool = [Banked(number, "", "", Sort.OTHER) for number in range(30)]

    drawn = drawn_of(pool, 20, 5, set(range(12)))

    assert {each.question_id for each in drawn} > set(range(12, 30))
    assert len(drawn) == 20
