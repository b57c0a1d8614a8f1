"""Variants by their seed: the same again, others for others, never what is right as it stands."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cloud.assessments.questions import Choice, Match, Option, Order, Question, kind_of, score
from cloud.assessments.variants import SEEDS, Pool, drawn, shown, veiled

SEED = st.integers(0, SEEDS - 1)
FIXED, POOL = Pool((1, 2, 3)), Pool(tuple(range(10, 30)), 5)
ORDER = Order(tuple((letter, f"Қадам {letter}") for letter in "abcd"))
MATCH = Match((("l", "L"), ("m", "M")), (("1", "один"), ("2", "два")), frozenset({("l", "1"), ("m", "2")}))
CHOICE = Choice((Option("a", "4", True), Option("b", "5", False), Option("c", "6", False)))


@given(SEED, st.booleans())
def test_a_seed_gives_its_variant_again(seed: int, is_shuffled: bool) -> None:
    first = drawn([FIXED, POOL], seed, is_shuffled=is_shuffled)

    assert drawn([FIXED, POOL], seed, is_shuffled=is_shuffled) == first
    assert set(first[:3]) == {1, 2, 3}  # sections stay in their order
    assert len(set(first[3:])) == 5
    assert set(first[3:]) <= set(POOL.questions)


def test_each_question_of_a_theme_is_drawn_about_as_often() -> None:
    counts = Counter(number for seed in range(2_000) for number in drawn([POOL], seed, is_shuffled=False))

    assert set(counts) == set(POOL.questions)
    assert max(counts.values()) < 1.3 * min(counts.values())  # 500 each; seeds are fixed, so the counts are too


def test_the_keys_of_what_is_asked_tell_nothing() -> None:
    """Each text has the key that it would have were something else right."""
    other_order = replace(ORDER, items=tuple((f"k{at}", text) for at, (_, text) in enumerate(reversed(ORDER.items))))
    other_match = Match(MATCH.lefts, MATCH.rights[::-1], frozenset({("l", "2"), ("m", "1")}))
    other_choice = Choice(tuple(replace(each, key=f"right{each.text}") for each in CHOICE.options[::-1]))

    for body, other in ((ORDER, other_order), (MATCH, other_match), (CHOICE, other_choice)):
        told, told_other = [veiled(Question(kind_of(each), "?", each)).body for each in (body, other)]
        assert keys_by_text(told) == keys_by_text(told_other)


def keys_by_text(body: object) -> set[tuple[str, str]]:
    match body:
        case Choice(options=options):
            return {(each.text, each.key) for each in options}
        case Match(lefts=lefts, rights=rights):
            return {(text, key) for key, text in (*lefts, *rights)}
        case Order(items=items):
            return {(text, key) for key, text in items}
        case _:
            raise TypeError


def test_a_copy_is_scored_by_its_own_keys() -> None:
    match = veiled(Question(kind_of(MATCH), "?", MATCH))
    assert isinstance(match.body, Match)
    lefts, rights = ({text: key for key, text in each} for each in (match.body.lefts, match.body.rights))

    assert score(match, frozenset({(lefts["L"], rights["один"]), (lefts["M"], rights["два"])})) == 1
    assert score(match, frozenset({(lefts["L"], rights["два"]), (lefts["M"], rights["один"])})) == 0


@given(SEED, st.integers(1, 50))
def test_an_order_never_stands_as_it_is_right(seed: int, place: int) -> None:
    question = Question(kind_of(ORDER), "?", ORDER)

    seen = shown(question, seed, place, is_shuffled=False)

    assert isinstance(seen.body, Order)
    keys = tuple(key for key, _ in seen.body.items)
    assert set(keys) == {"a", "b", "c", "d"}
    assert score(question, keys) != score(question, ("a", "b", "c", "d"))


@given(SEED)
def test_what_is_shown_holds_the_same_things(seed: int) -> None:
    pairs = shown(Question(kind_of(MATCH), "?", MATCH), seed, 1, is_shuffled=False).body
    options = shown(Question(kind_of(CHOICE), "?", CHOICE), seed, 1, is_shuffled=True).body

    assert isinstance(pairs, Match)
    assert isinstance(options, Choice)
    assert (pairs.lefts, set(pairs.rights), pairs.pairs) == (MATCH.lefts, set(MATCH.rights), MATCH.pairs)
    assert set(options.options) == set(CHOICE.options)


def test_options_stay_where_nothing_is_mixed_and_differ_between_seeds_where_it_is() -> None:
    question = Question(kind_of(CHOICE), "?", CHOICE)

    orders = {
        tuple(option.key for option in body.options)
        for seed in range(50)
        if isinstance(body := shown(question, seed, 1, is_shuffled=True).body, Choice)
    }

    assert len(orders) == 6
    assert shown(question, 7, 1, is_shuffled=False) == question
