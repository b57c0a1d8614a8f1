"""IINs, phone numbers, names, and the Kazakh alphabet."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.people.errors import IinWrong, PersonRefused, PhoneWrong
from cloud.people.rules import KAZAKH, born_on, check_iin, normal_name, normal_phone, sort_key
from tests.cloud.people.factory import an_iin

BIRTHS = st.dates(date(1950, 1, 1), date(1999, 12, 31))


@given(BIRTHS, st.integers(0, 9000))
def test_an_iin_made_by_the_rule_is_accepted_and_tells_the_date_of_birth(born: date, serial: int) -> None:
    iin = an_iin(born, serial, sex=3)

    assert check_iin(f" {iin} ") == iin
    assert born_on(iin) == born


@given(BIRTHS, st.integers(0, 9000), st.sampled_from([*range(10), 11]), st.integers(1, 9))
def test_one_mistyped_digit_is_noticed(born: date, serial: int, place: int, by: int) -> None:
    # The eleventh digit has the weight 11: by the rule itself a slip there is not seen.
    iin = an_iin(born, serial, sex=3)
    wrong = iin[:place] + str((int(iin[place]) + by) % 10) + iin[place + 1 :]

    if _first_sum(iin) != 10 and _first_sum(wrong) != 10:  # with second weights a few slips have the same digit
        with pytest.raises(IinWrong) as refused:
            check_iin(wrong)
        assert wrong not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "12345678901", "1234567890123", "12345678901a", "９００１０１３００１２３", "991331300123"]
)
def test_what_is_no_iin_is_refused(text: str) -> None:
    with pytest.raises(IinWrong):
        check_iin(text)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+7 701 234 56 78", "+77012345678"),
        ("8(701)234-56-78", "+77012345678"),
        ("7012345678", "+77012345678"),
        ("77012345678", "+77012345678"),
        ("+998 90 123 45 67", "+998901234567"),
    ],
)
def test_a_phone_number_has_one_form(typed: str, kept: str) -> None:
    assert normal_phone(typed) == kept


@pytest.mark.parametrize("typed", ["", "12345", "phone", "+7 701 234 56 78 доб. 2"])
def test_what_is_no_phone_number_is_refused(typed: str) -> None:
    with pytest.raises(PhoneWrong):
        normal_phone(typed)


@pytest.mark.parametrize("name", ["Әліби", "Ким Ен-Чер", "O’Neil", "Нұр-Сұлтан", "Цой  Виктор"])
def test_names_keep_their_letters(name: str) -> None:
    assert normal_name(name) == " ".join(name.split())


@pytest.mark.parametrize("name", ["", "  ", "Иванов2", "=HYPERLINK(1)", "<b>", "x" * 61])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(PersonRefused):
        normal_name(name)


def test_names_sort_by_the_kazakh_alphabet() -> None:
    letters = [letter.upper() for letter in KAZAKH]

    assert sorted(set(letters), key=lambda letter: sort_key(letter, "а")) == letters
    names = ["Асан", "Әли", "Бекет", "Ғани", "Гуля", "Қанат", "Кемел", "Ұлан", "Умит", "Үміт", "Іңкәр", "Ыдырыс", "Яна"]
    assert sorted(names, key=lambda name: sort_key(name, "а")) == [
        "Асан", "Әли", "Бекет", "Гуля", "Ғани", "Кемел", "Қанат", "Умит", "Ұлан", "Үміт", "Ыдырыс", "Іңкәр", "Яна"
    ]  # fmt: skip


def test_a_shorter_surname_comes_first_and_then_the_given_name_decides() -> None:
    people = [("Алимов", "Азат"), ("Али", "Яна"), ("Али", "Азат"), ("Али Заде", "Азат"), ("Али", "Азат", "Ерланұлы")]

    assert sorted(people, key=lambda name: sort_key(*name)) == [
        ("Али", "Азат"), ("Али", "Азат", "Ерланұлы"), ("Али", "Яна"), ("Али Заде", "Азат"), ("Алимов", "Азат")
    ]  # fmt: skip


def test_the_longest_name_fits_its_column() -> None:
    assert len(sort_key("щ" * 60, "щ" * 60, "щ" * 60)) <= 400


def _first_sum(iin: str) -> int:
    return sum(int(digit) * weight for weight, digit in enumerate(iin[:11], 1)) % 11
