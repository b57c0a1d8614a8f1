"""A code word is understood in three languages and however it is typed; a name by its first letters."""

import pytest

from cloud.core.i18n import Language
from cloud.guardian.sms_words import Asked, asked_in, children_named, folded

CHILDREN = {1: "Айгерім", 2: "Арұжан", 3: "Анна-Мария"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("БҮГІН", Language.KK), ("бүгін", Language.KK), ("бугин", Language.KK), ("Bügin!", Language.KK),
        ("BUGIN", Language.KK), ("  «Бүгін»  ", Language.KK), ("БYГІН", Language.KK),
        ("СЕГОДНЯ", Language.RU), ("сегодня.", Language.RU), ("Segodnya", Language.RU), ("segodnja", Language.RU),
        ("TODAY", Language.EN), ("Today?", Language.EN), ("ТОDАY", Language.EN),
    ],
)  # fmt: skip
def test_the_code_word_is_understood_however_it_is_written(text: str, language: Language) -> None:
    assert asked_in(text) == Asked(language, "")


@pytest.mark.parametrize("text", ["", "?", "hello", "Где мой ребёнок сегодня?", "бүгінгі", "12345", "todays", "\x00"])
def test_what_does_not_begin_with_it_is_not(text: str) -> None:
    assert asked_in(text) is None


@pytest.mark.parametrize(
    ("name", "children"),
    [
        ("Айгерім", [1]), ("айгерим", [1]), ("Aigerim", [1]), ("Aygerim", [1]), ("айг", [1]), ("АРУЖАН", [2]),
        ("Aruzhan", [2]), ("Anna Maria", [3]), ("Анна", [3]), ("ан", []), ("Дана", []),
    ],
)  # fmt: skip
def test_a_child_is_found_by_its_first_name(name: str, children: list[int]) -> None:
    asked = asked_in(f"today {name}")

    assert asked is not None
    assert children_named(asked.name, CHILDREN) == children


def test_without_a_name_each_child_is_meant_and_an_only_child_always_is() -> None:
    assert children_named("", CHILDREN) == [1, 2, 3]
    assert children_named(folded("please"), {7: "Дана"}) == [7]


def test_two_children_whose_names_begin_alike_are_both_meant_and_a_whole_name_is_one() -> None:
    children = {1: "Алия", 2: "Алияш"}

    assert children_named(folded("Али"), children) == [1, 2]
    assert children_named(folded("Алия"), children) == [1]
