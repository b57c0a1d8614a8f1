"""What stands in a cell, as it was meant: numbers that lost zeros, dates written as text, a yes in three languages."""

import re
from datetime import date, datetime
from typing import TypeVar

from openpyxl.utils.datetime import from_excel

from cloud.cards.kinds import Medium
from cloud.core.messages import Message, message
from cloud.imports.columns import plain
from cloud.imports.spreadsheet import Cell
from cloud.people.kinds import Purpose, Relation
from cloud.schools.rules import normal_letter

TEXT_MAX = 200
SERIALS = range(30_000, 70_000)  # days since 1900 that are dates of our time
T = TypeVar("T")
YES = frozenset({"иә", "ия", "да", "yes", "y", "1", "true", "+", "истина", "ақиқат"})
NO = frozenset({"жоқ", "нет", "no", "n", "0", "false", "-", "ложь", "жалған"})
RELATIONS = {
    Relation.MOTHER: ("анасы", "мать", "mother", "мама", "ана"),
    Relation.FATHER: ("әкесі", "отец", "father", "папа", "әке"),
    Relation.GRANDMOTHER: ("әжесі", "бабушка", "grandmother", "апасы"),
    Relation.GRANDFATHER: ("атасы", "дедушка", "grandfather"),
    Relation.SISTER: ("әпкесі", "сестра", "sister"),
    Relation.BROTHER: ("ағасы", "брат", "brother"),
    Relation.TRUSTEE: ("қамқоршысы", "опекун", "trustee", "қамқоршы", "попечитель", "guardian"),
    Relation.OTHER: ("басқа", "другое", "other"),
}
PURPOSES = {
    Purpose.CARD: ("карта", "card", "пропуск"),
    Purpose.PHOTO: ("фото", "photo", "сурет", "фотосурет"),
    Purpose.NOTICES: ("хабарлама", "уведомления", "notices", "хабарламалар", "уведомление"),
    Purpose.CODE: ("код", "code", "басқа жолмен тану", "иная идентификация"),
    Purpose.DATA: ("деректер", "данные", "data", "дербес деректер", "персональные данные"),
    Purpose.RESOURCE: ("ресурстар", "ресурсы", "resources", "resource"),
    Purpose.MFA_OFF: ("бір қадаммен кіру", "вход без второго шага", "one step", "mfa_off"),
    Purpose.TEST_LOG: ("тест жазбасы", "журнал теста", "test log", "test_log"),
}
CARDS = {
    Medium.UID: ("нөмір", "номер", "number", "uid"),
    Medium.DESFIRE: ("desfire", "desfire ev2", "desfire ev3"),
    Medium.SUN: ("sun", "ntag 424", "ntag 424 dna", "ntag424"),
}
_CARD = {plain(name): medium for medium, names in CARDS.items() for name in names}
_RELATION = {plain(name): relation for relation, names in RELATIONS.items() for name in names}
_PURPOSE = {plain(name): purpose for purpose, names in PURPOSES.items() for name in names}
_CLASS = re.compile(r"(\d{1,2})\s*[-–]?\s*[«\"']?\s*([^\W\d_]{1,4})\s*[»\"']?")
_DATES = (
    re.compile(r"(?P<d>\d{1,2})[./](?P<m>\d{1,2})[./](?P<y>\d{4})(?:\s*(?:г\.?|ж\.?))?"),
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?:[T ]00:00(?::00)?)?"),
)


class CellWrong(Exception):
    """What stands in a cell cannot be meant."""

    def __init__(self, told: Message) -> None:
        super().__init__(str(told))
        self.message = told


def text_of(cell: Cell | None) -> str:
    """Return a cell's text with single spaces; whole numbers without a point; nothing for no cell. Raises CellWrong."""
    if cell is None:
        return ""
    if cell.is_formula:
        raise CellWrong(message("A formula stands here. Copy the cell and paste it as a value."))
    if cell.is_error:
        raise CellWrong(message("The spreadsheet program shows an error here. Type in the value."))
    value = cell.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = " ".join(str(value).replace("\u00a0", " ").split())
    if len(text) > TEXT_MAX:
        raise CellWrong(message("The text is too long: {count} characters at most.", count=TEXT_MAX))
    return text


def iin_of(cell: Cell | None) -> str | None:
    """Return an IIN with the zeros that a number lost at its front."""
    text = text_of(cell)
    if cell is not None and not isinstance(cell.value, str) and text.isdigit() and 9 <= len(text) < 12:
        return text.zfill(12)
    return text or None


def key_of(cell: Cell | None) -> str:
    """Return what says who is meant: an IIN, or the school's own number."""
    return iin_of(cell) or ""


def card_of(cell: Cell | None) -> str:
    """Return a card number; one stored as a number is taken only when no digit can be lost. Raises CellWrong."""
    text = text_of(cell)
    if cell is None or isinstance(cell.value, str):
        return text
    if text.isdigit() and len(text) in {7, 8, 13, 14}:
        return text.zfill(len(text) + len(text) % 2)
    raise CellWrong(
        message("The card number is stored as a number and lost digits. Format the column as text, type it anew.")
    )


def date_of(cell: Cell | None) -> date | None:
    """Return a date: a date cell, 01.09.2026, 2026-09-01, or a date that shows as a number. Raises CellWrong."""
    text = text_of(cell)
    if cell is None:
        return None
    value = cell.value
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, int | float) and int(value) in SERIALS:
        serial = from_excel(int(value))
        return serial.date() if isinstance(serial, datetime) else None
    return date_of_text(text)


def date_of_text(text: str) -> date:
    """Return the date of 01.09.2026 or 2026-09-01. Raises CellWrong."""
    for pattern in _DATES:
        if match := pattern.fullmatch(text.strip()):
            return _date(int(match["y"]), int(match["m"]), int(match["d"]))
    raise CellWrong(message("This is no date. Write it as 01.09.2026."))


def is_yes(cell: Cell | None) -> bool:
    """Return whether a cell says yes; an empty one does. Raises CellWrong."""
    text = plain(text_of(cell))
    if not text or text in YES:
        return True
    if text in NO:
        return False
    raise CellWrong(message("Write yes or no."))


def class_of(cell: Cell | None) -> tuple[int, str] | None:
    """Return grade and letter of a class as 5А, 5 «А», 11-Б. Raises CellWrong."""
    text = text_of(cell)
    if not text:
        return None
    match = _CLASS.fullmatch(text)
    if match is None or int(match[1]) > 12:
        raise CellWrong(message("A class is a grade and a letter, as 5А."))
    return int(match[1]), normal_letter(match[2])


def shift_of(cell: Cell | None) -> int:
    """Return a shift, 1 to 3; the first for an empty cell. Raises CellWrong."""
    text = text_of(cell) or "1"
    if text not in {"1", "2", "3"}:
        raise CellWrong(message("A shift is 1, 2 or 3."))
    return int(text)


def relation_of(cell: Cell | None) -> Relation:
    """Return what a guardian is to the child; OTHER for an empty cell. Raises CellWrong."""
    return _choice(text_of(cell), _RELATION, Relation.OTHER, ", ".join(names[0] for names in RELATIONS.values()))


def medium_of(cell: Cell | None) -> Medium:
    """Return what a card is read by; its number for an empty cell. Raises CellWrong."""
    return _choice(text_of(cell), _CARD, Medium.UID, ", ".join(names[0] for names in CARDS.values()))


def purpose_of(cell: Cell | None) -> Purpose:
    """Return what a consent is for; the card for an empty cell. Raises CellWrong."""
    return _choice(text_of(cell), _PURPOSE, Purpose.CARD, ", ".join(names[0] for names in PURPOSES.values()))


def _choice(text: str, known: dict[str, T], default: T, names: str) -> T:
    if not text:
        return default
    if plain(text) not in known:
        raise CellWrong(message("This is not known. Write one of: {names}.", names=names))
    return known[plain(text)]


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise CellWrong(message("There is no such day. Write the date as 01.09.2026.")) from None
