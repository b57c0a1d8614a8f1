"""Card numbers in their one form, and those that are nobody's."""

import pytest

from cloud.cards.errors import CardNumberWrong, CardOfNobody
from cloud.cards.kinds import Medium
from cloud.cards.rules import normal_number, token_of
from cloud.core.i18n import Language, translate
from schemas import tokens

KEY = bytes(range(32))


@pytest.mark.parametrize(
    "typed", ["04a1b2c3d4e5f6", " 04:A1:B2:C3:D4:E5:F6 ", "04 A1 B2 C3 D4 E5 F6", "0x04A1B2C3D4E5F6"]
)
def test_a_number_has_one_form_and_one_token(typed: str) -> None:
    number = normal_number(typed, Medium.UID)

    assert number == "04A1B2C3D4E5F6"
    assert token_of(KEY, number, Medium.UID) == tokens.token(KEY, tokens.UID, bytes.fromhex("04A1B2C3D4E5F6"))


@pytest.mark.parametrize("typed", ["", "04A1", "04A1B2C3D4E5F", "0012345678", "card", "04A1B2C3D4E5G6"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(CardNumberWrong):
        normal_number(typed, Medium.UID)


@pytest.mark.parametrize(
    ("typed", "told"),
    [("08A1B2C3", "begins with 08"), ("08:00:00:01", "begins with 08"), ("00000000", "empty card"),
     ("FFFFFFFFFFFFFF", "empty card")],
)  # fmt: skip
def test_a_number_drawn_anew_or_never_written_is_nobodys(typed: str, told: str) -> None:
    with pytest.raises(CardOfNobody, match=told):
        normal_number(typed, Medium.UID)


def test_a_longer_number_that_begins_so_is_a_cards() -> None:
    assert normal_number("08A1B2C3D4E5F6", Medium.UID) == "08A1B2C3D4E5F6"


def test_a_drawn_number_is_told_in_three_languages() -> None:
    with pytest.raises(CardOfNobody) as refused:
        normal_number("08A1B2C3", Medium.UID)

    told = {translate(language, refused.value.message) for language in Language}
    assert len(told) == len(Language)
    assert all("08" in each for each in told)


@pytest.mark.parametrize(("medium", "letter"), [(Medium.DESFIRE, tokens.DESFIRE), (Medium.SUN, tokens.SUN)])
def test_a_card_that_proves_itself_has_another_token_than_its_uid(medium: Medium, letter: str) -> None:
    number = normal_number("04:a1:b2:c3:d4:e5:f6", medium)

    assert token_of(KEY, number, medium) == tokens.token(KEY, letter, bytes.fromhex(number))
    assert token_of(KEY, number, medium) != token_of(KEY, number, Medium.UID)


@pytest.mark.parametrize("medium", [Medium.DESFIRE, Medium.SUN])
@pytest.mark.parametrize("typed", ["04A1B2C3", "04A1B2C3D4E5F6071829", "card"])
def test_a_card_that_proves_itself_has_a_number_of_seven_bytes(medium: Medium, typed: str) -> None:
    with pytest.raises(CardNumberWrong):
        normal_number(typed, medium)


def test_a_code_is_kept_as_it_reads() -> None:
    assert normal_number(" esik-7Kq2mX ", Medium.QR) == "esik-7Kq2mX"
    with pytest.raises(CardNumberWrong):
        normal_number("short", Medium.QR)
