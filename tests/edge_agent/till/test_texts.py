"""Every word of the till in three languages, and sums as people write them."""

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.menu import kinds
from edge_agent.status.snapshot import Language
from edge_agent.status.texts import LANGUAGES
from edge_agent.till.foods import ALLERGENS, CATEGORIES
from edge_agent.till.paper import WHY_MAX, brief
from edge_agent.till.reasons import REASONS
from edge_agent.till.rules import Reason
from edge_agent.till.texts import OVERRULINGS, TAKINGS_BACK, TEXTS, tenge, tiyn
from edge_agent.till.who import CardTrouble

LATIN = re.compile(r"[A-Za-z]{2,}")


def test_the_three_languages_say_the_same_things() -> None:
    for texts in (TEXTS, ALLERGENS, CATEGORIES, REASONS):
        assert {language: sorted(texts[language]) for language in LANGUAGES} == dict.fromkeys(
            LANGUAGES, sorted(texts["en"])
        )
    for key, text in TEXTS["en"].items():
        assert all(TEXTS[language][key].count("{}") == text.count("{}") for language in LANGUAGES), key


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_no_english_is_left(language: Language) -> None:
    left = {
        key: LATIN.findall(text) for key, text in (TEXTS[language] | ALLERGENS[language] | CATEGORIES[language]).items()
    }

    assert {key: words for key, words in left.items() if words and words not in (["PIN"], ["IT"])} == {}


def test_every_objection_and_every_trouble_with_a_card_has_its_sentence() -> None:
    assert {*get_args(Reason), *get_args(CardTrouble)} <= set(REASONS["kk"])


def test_what_the_cloud_knows_of_food_has_a_name_here() -> None:
    assert set(ALLERGENS["kk"]) == set(kinds.ALLERGENS)
    assert set(CATEGORIES["kk"]) == set(kinds.CATEGORIES)


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_ready_reason_fits_into_a_record(language: Language) -> None:
    reasons = [TEXTS[language][key] for key in (*OVERRULINGS, *TAKINGS_BACK, "why_here")]

    assert [reason for reason in reasons if brief(reason) != reason or len(reason) > WHY_MAX] == []


@pytest.mark.parametrize(
    ("amount_tiyn", "language", "text"),
    [(57_700, "ru", "577 ₸"), (123_456_750, "kk", "1 234 567,50 ₸"), (5, "en", "0.05 ₸"), (-700, "en", "−7 ₸")],
)
def test_a_sum_is_written_as_people_read_it(amount_tiyn: int, language: Language, text: str) -> None:
    assert tenge(amount_tiyn, language).replace("\N{NARROW NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("said", "amount_tiyn"),
    [
        ("577", 57_700), ("1 234,5", 123_450), ("0.05", 5), ("7 ₸", 700), ("", None), (",5", None), ("5,", None),
        ("-5", None), ("1,234", None), ("1e3", None), ("٣", None), ("999999999", None), ("5,x", None), ("²", None),
    ],
)  # fmt: skip
def test_a_sum_is_read_as_cashiers_write_it(said: str, amount_tiyn: int | None) -> None:
    assert tiyn(said) == amount_tiyn


@given(st.integers(0, 10**9), st.sampled_from(["kk", "ru", "en"]))
def test_what_is_written_is_read_again(amount_tiyn: int, language: Language) -> None:
    assert tiyn(tenge(amount_tiyn, language)) == amount_tiyn
