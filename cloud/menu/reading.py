"""Reads a list of dishes that Excel or another program saved as CSV: in any encoding and language.

Rule: what cannot be read is told with its row and what to do, and nothing is guessed.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from cloud.core.delimited import SEPARATORS, rows_in, text_of
from cloud.core.errors import Refused
from cloud.core.i18n import Language, translate
from cloud.core.messages import Message, message
from cloud.menu.errors import DishRefused
from cloud.menu.kinds import ALLERGENS, CATEGORIES, SET
from cloud.menu.rules import KEY, DishGiven, Names, checked_dish, price_of

FILE_MAX = 1024 * 1024
ROWS_MAX = 500
CELL_MAX = 2_000
HEADING_WITHIN = 10  # rows from the top, below titles
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "key": ("Коды", "Код", "Code", "артикул", "key"),
    "name_kk": ("Атауы (қазақша)", "Название (каз.)", "Name (Kazakh)", "атауы", "название на казахском"),
    "name_ru": ("Атауы (орысша)", "Название (рус.)", "Name (Russian)", "название", "наименование", "блюдо", "name"),
    "name_en": ("Атауы (ағылшынша)", "Название (англ.)", "Name (English)", "название на английском"),
    "category": ("Санаты", "Категория", "Category", "санат"),
    "price": ("Бағасы", "Цена", "Price", "баға", "цена, тг", "цена, тенге", "стоимость"),
    "portion": ("Порциясы", "Порция", "Portion", "выход", "порция, г", "шығымы"),
    "energy": ("Қуаты, ккал", "Энергия, ккал", "Energy, kcal", "ккал", "калорийность", "kcal"),
    "composition": ("Құрамы", "Состав", "Composition", "құрам"),
    "allergens": ("Аллергендер", "Аллергены", "Allergens", "аллерген"),
    "barcode": ("Штрихкод", "Штрих-код", "Barcode", "ean"),
}
REQUIRED = ("price",)
NAMES = ("name_kk", "name_ru", "name_en")
_SPLIT = re.compile(r"[,;/]")


class FileRefused(Refused):
    """A file is no list of dishes that can be read."""

    code = "file_refused"


@dataclass(frozen=True, slots=True)
class Draft:
    """A dish of the file, checked, with the number of its row and the key that the file gives it, if any."""

    row: int
    key: str
    dish: DishGiven


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a row, and what to do."""

    row: int
    message: Message


def read_dishes(content: bytes) -> tuple[list[Draft], list[Problem]]:
    """Return the dishes of a file and what is wrong in it. Raises FileRefused."""
    rows, columns, first = _table(_text(content))
    drafts: list[Draft] = []
    problems: list[Problem] = []
    for number, cells in enumerate(rows[first:], first + 1):
        found = {key: cells[place] for key, place in columns.items() if place < len(cells) and cells[place]}
        if not found:
            continue
        try:
            drafts.append(_draft(number, found))
        except DishRefused as refused:
            problems.append(Problem(number, refused.message))
    if not drafts and not problems:
        raise FileRefused(message("There is no dish below the headings. Write one dish a row."))
    problems += _doubled(drafts)
    return drafts, sorted(problems, key=lambda problem: problem.row)


def headings(language: Language) -> list[str]:
    """Return the headings of an empty list in a language."""
    place = {Language.KK: 0, Language.RU: 1, Language.EN: 2}[language]
    return [names[place] for names in COLUMNS.values()]


def _text(content: bytes) -> str:
    """Return a file's text: UTF-8 or UTF-16 where it says so, else UTF-8, else what Excel writes in Kazakhstan."""
    if len(content) > FILE_MAX:
        raise FileRefused(message("The file is too big: {size} MB at most.", size=FILE_MAX >> 20))
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileRefused(message("This is a workbook, not CSV. In Excel choose “Save as”, then CSV."))
    text = text_of(content)
    if text is None:
        raise _unreadable()
    return text


def _table(text: str) -> tuple[list[list[str]], dict[str, int], int]:
    """Return the rows, where each known column stands, and the number of the headings' row."""
    for separator in SEPARATORS:
        rows = _rows(text, separator)
        if (found := _headings(rows)) is not None:
            return rows, *found
    raise FileRefused(
        message(
            "The headings are not known: a list has at least “Name” and “Price”. Load the empty list and fill it in."
        )
    )


def _rows(text: str, separator: str) -> list[list[str]]:
    try:
        rows = list(islice(rows_in(text, separator), ROWS_MAX + 1))
    except csv.Error:
        raise _unreadable() from None
    if len(rows) > ROWS_MAX:
        raise FileRefused(message("The list has more than {count} rows. Send it in parts.", count=ROWS_MAX))
    return rows


def _headings(rows: Sequence[Sequence[str]]) -> tuple[dict[str, int], int] | None:
    known = {_plain(name): key for key, names in COLUMNS.items() for name in names}
    for number, cells in enumerate(rows[:HEADING_WITHIN], 1):
        found: dict[str, int] = {}
        for place, cell in enumerate(cells):
            if key := known.get(_plain(cell)):
                found.setdefault(key, place)
        if all(key in found for key in REQUIRED) and any(key in found for key in NAMES):
            return found, number
    return None


def _unreadable() -> FileRefused:
    return FileRefused(message("This is no CSV that can be read. In Excel choose “Save as”, then CSV UTF-8."))


def _draft(number: int, found: Mapping[str, str]) -> Draft:
    key = found.get("key", "").lower()
    if key and not KEY.fullmatch(key):
        raise DishRefused(
            message("A dish's code has Latin letters, digits and hyphens, 16 at most. Or leave it empty.")
        )
    if any(len(cell) > CELL_MAX for cell in found.values()):
        raise DishRefused(message("A cell is too long: {count} characters at most.", count=CELL_MAX))
    return Draft(number, key, checked_dish(_given(found)))


def _given(found: Mapping[str, str]) -> DishGiven:
    if "price" not in found:
        raise DishRefused(message("The price is missing. Write what it costs, as 577."))
    return DishGiven(
        Names(*(found.get(name, "") for name in NAMES)),
        _category(found.get("category", "")),
        price_of(found["price"]),
        found.get("portion", ""),
        _energy(found.get("energy", "")),
        found.get("composition", ""),
        tuple(_allergen(each) for each in _SPLIT.split(found.get("allergens", "")) if each.strip()),
        found.get("barcode", ""),
    )


def _category(text: str) -> str:
    if not text:
        return "other"
    key = _known(CATEGORIES, text)
    if key is None or key == SET:
        raise DishRefused(
            message(
                "“{given}” is no category of a list. See the categories on the page; sets are made there.",
                given=text[:24],
            )
        )
    return key


def _allergen(text: str) -> str:
    return _known(ALLERGENS, text) or text


def _energy(text: str) -> int | None:
    number = text.replace(",", ".").partition(".")[0].strip()
    if not text:
        return None
    if not number.isascii() or not number.isdigit() or len(number) > 6:
        raise DishRefused(message("“{given}” is no energy. Write kilocalories of a portion, as 250.", given=text[:24]))
    return int(number)


def _known(labels: Mapping[str, str], text: str) -> str | None:
    """Return the key whose word a text is, in any language."""
    words = {translate(language, label).casefold(): key for key, label in labels.items() for language in Language}
    plain = " ".join(text.split()).casefold()
    return plain if plain in labels else words.get(plain)


def _doubled(drafts: Sequence[Draft]) -> list[Problem]:
    rows: dict[str, int] = {}
    problems = []
    for draft in drafts:
        first = rows.setdefault(draft.key or draft.dish.names.ru.casefold(), draft.row)
        if first != draft.row:
            problems.append(Problem(draft.row, message("The same dish stands in row {row} too. Keep one.", row=first)))
    return problems


def _plain(text: str) -> str:
    return " ".join(text.replace("\ufeff", "").split()).casefold()
