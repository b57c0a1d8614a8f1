"""Prices, names, allergens and times as people write them, and what each is refused for."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.menu.errors import DishRefused, MealRefused, PriceRefused
from cloud.menu.rules import (
    ALLERGEN_MAX,
    NAME_MAX,
    MealGiven,
    Names,
    allergen_of,
    checked_dish,
    checked_meal,
    cycle_day,
    minute_of,
    price_of,
    shortened,
    time_of,
)
from tests.cloud.menu.factory import SOUP


@pytest.mark.parametrize(
    ("text", "tiyn"),
    [
        ("577", 57_700),
        ("577,5", 57_750),
        ("577.05", 57_705),
        (" 1 200 ₸ ", 120_000),
        ("1\u00a0200,00 тг.", 120_000),
        ("0", 0),
        ("80 тенге", 8_000),
        ("80 теңге", 8_000),
    ],
)
def test_a_price_is_read_as_people_write_it(text: str, tiyn: int) -> None:
    assert price_of(text) == tiyn


@pytest.mark.parametrize("text", ["-577", "−577", "- 0,50"])
def test_a_negative_price_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(PriceRefused, match="never negative"):
        price_of(text)


@pytest.mark.parametrize("text", ["", "free", "5,777", "1.2.3", "1e3", "٥٧٧x", "999999999"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(PriceRefused):
        price_of(text)


@given(st.integers(0, 10_000_000))
def test_every_price_that_may_be_is_read_back_from_what_is_shown(tiyn: int) -> None:
    assert price_of(f"{tiyn // 100},{tiyn % 100:02d}") == tiyn


def test_a_name_keeps_its_emoji_and_loses_what_nobody_sees() -> None:
    assert shortened("  Пицца 🍕\u202e\u0000 «Маргарита»\n", NAME_MAX) == "Пицца 🍕 «Маргарита»"
    assert shortened("👨\u200d🍳 Плов", NAME_MAX) == "👨\u200d🍳 Плов"


def test_a_name_in_one_language_stands_in_for_the_others() -> None:
    dish = checked_dish(replace(SOUP, names=Names("", " Плов 🍚 ", "")))

    assert dish.names == Names("Плов 🍚", "Плов 🍚", "Плов 🍚")


@pytest.mark.parametrize(
    "wrong",
    [
        replace(SOUP, names=Names("", " ", "\u200b")),
        replace(SOUP, names=Names("я" * (NAME_MAX + 1), "", "")),
        replace(SOUP, category="poison"),
        replace(SOUP, price_tiyn=-1),
        replace(SOUP, barcode="12a"),
        replace(SOUP, energy_kcal=-5),
        replace(SOUP, parts=("1",)),
        replace(SOUP, category="set"),
        replace(SOUP, category="set", parts=("1", "1")),
        replace(SOUP, allergens=("<b>",)),
    ],
)
def test_a_dish_that_cannot_be_is_refused(wrong: object) -> None:
    with pytest.raises(DishRefused):
        checked_dish(wrong)  # type: ignore[arg-type]  # parametrize says object


def test_allergens_of_the_list_and_other_words_are_kept_once() -> None:
    dish = checked_dish(replace(SOUP, allergens=("milk", "Мёд ", "мёд", "MILK", "")))

    assert dish.allergens == ("milk", "мёд")
    with pytest.raises(DishRefused):
        allergen_of("а" * (ALLERGEN_MAX + 1))


def test_times_are_read_and_written() -> None:
    assert minute_of("08:30") == minute_of("8.30") == 510
    assert time_of(510) == "08:30"
    for wrong in ("8", "25:00", "08:75", "noon"):
        with pytest.raises(MealRefused):
            minute_of(wrong)


def test_a_meal_ends_after_it_begins() -> None:
    with pytest.raises(MealRefused, match="ends after"):
        checked_meal(MealGiven("lunch", Names("Түскі ас", "", ""), 800, 800))
    with pytest.raises(MealRefused, match="key"):
        checked_meal(MealGiven("Обед", Names("Түскі ас", "", ""), 700, 800))


def test_a_cycle_of_two_weeks_begins_again_on_the_third_monday() -> None:
    monday = date(2026, 9, 7)

    assert [cycle_day(on, monday, 2) for on in (monday, date(2026, 9, 20), date(2026, 9, 21))] == [0, 13, 0]
