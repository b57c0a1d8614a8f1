"""Rules of people: IINs, phone numbers, names, and the order of the Kazakh alphabet."""

import re
import unicodedata

from cloud.core.iin import born_on as born_on  # noqa: PLC0414 (who knows people finds it here)
from cloud.core.messages import message
from cloud.people.errors import IinWrong, PersonRefused, PhoneWrong

IIN_DIGITS = 12
FIRST_WEIGHTS = tuple(range(1, 12))
SECOND_WEIGHTS = (*range(3, 12), 1, 2)
NAME_MAX = 60
REF_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
REF_LENGTH = 12
KAZAKH = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
# A pair of digits a letter sorts alike in every collation; 00 ends a part, so that a shorter name comes first.
_CODES = {
    letter: f"{number:02d}" for number, letter in enumerate(" 0123456789" + KAZAKH + "abcdefghijklmnopqrstuvwxyz", 1)
}
_BETWEEN = re.compile(r"[\s\-‐‑–—]+")


def check_iin(text: str) -> str:
    """Return an IIN as twelve digits. Raises IinWrong, which says what is wrong and never what was given.

    Check digit: sum of d_i * w_i mod 11 with weights 1 to 11; if that is 10, with weights 3 to 11, 1, 2; if again 10,
    the number is never given (Kazakhstan's rules of forming identification numbers).
    """
    iin = text.strip()
    if len(iin) != IIN_DIGITS or not iin.isascii() or not iin.isdigit():
        raise IinWrong(message("An IIN has twelve digits. Check it with the birth certificate or the identity card."))
    if born_on(iin) is None:
        raise IinWrong(message("The IIN does not begin with a date of birth. Check its first seven digits."))
    if _check_digit(iin) != int(iin[-1]):
        raise IinWrong(message("The IIN's last digit does not fit the others: one of the digits is mistyped."))
    return iin


def normal_phone(text: str) -> str:
    """Return a phone number as +77012345678; a Kazakh one may be written with 8 or without its code."""
    digits = re.sub(r"[\s().-]", "", text.strip())
    match = re.fullmatch(r"(\+?)(\d{10,15})", digits)
    if match is None:
        raise PhoneWrong
    plus, number = match.groups()
    if not plus and len(number) == 11 and number[0] == "8":
        return f"+7{number[1:]}"
    if not plus and len(number) == 10 and number[0] == "7":
        return f"+7{number}"
    return f"+{number}"


def normal_name(text: str) -> str:
    """Return a part of a name with single spaces. Raises PersonRefused for what cannot be one."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > NAME_MAX or any(not _is_of_a_name(letter) for letter in name):
        raise PersonRefused(
            message("A name has letters, spaces, hyphens and apostrophes, {count} at most.", count=NAME_MAX)
        )
    return name


def sort_key(surname: str, given_name: str, patronymic: str = "") -> str:
    """Return what sorts names by the Kazakh alphabet, in any database: surname, given name, patronymic."""
    return "00".join(_key(part) for part in (surname, given_name, patronymic) if part)


def _key(text: str) -> str:
    folded = unicodedata.normalize("NFC", _BETWEEN.sub(" ", text).strip().lower())
    return "".join(_CODES.get(letter, "") for letter in folded)


def _check_digit(iin: str) -> int:
    digits = [int(digit) for digit in iin[:11]]
    for weights in (FIRST_WEIGHTS, SECOND_WEIGHTS):
        rest: int = sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        if rest != 10:
            return rest
    return -1


def _is_of_a_name(letter: str) -> bool:
    return letter.isalpha() or unicodedata.category(letter) == "Mn" or letter in " -'’ʼ.‑"
