"""Rows of a file become what they mean: a voucher, or a child's attendance on a day. Pure.

Rule: what is not understood is told with what to write; nothing is guessed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cloud.core.days import day_of
from cloud.core.messages import message
from cloud.core.money import tiyn_of
from cloud.wallet.errors import RowWrong
from cloud.wallet.reading import GivenRow

NUMBER = re.compile(r"[^\W_][\w./-]{0,39}")
CODE = re.compile(r"[!-~]{16,200}")  # longer than any barcode of a dish
TERM_MAX_DAYS = 400  # a school year, and some
PRICE_MAX_TIYN = 10_000_000
REASON_MAX = 120
LUNCH = "lunch"
GIVEN_MAX = 24
_SECRET = re.compile(r"\d(?:[\s-]?\d){8,}|[!-~]{16,}")  # an IIN, or a code, out of a column that slipped
ACTIVE = frozenset({"", "active", "белсенді", "активен", "активный", "активирован", "действует", "қолданыста", "1"})
ANNULLED = frozenset({"annulled", "жойылған", "аннулирован", "отозван", "күші жойылған", "0"})
PRESENT = frozenset({"present", "келді", "қатысты", "присутствовал", "присутствовала", "был", "была", "+", "1", "к"})
ABSENT = frozenset(
    {"absent", "келмеді", "қатыспады", "отсутствовал", "отсутствовала", "не был", "не была", "-", "0", "н", "нб", "ж"}
)


@dataclass(frozen=True, slots=True)
class Given:
    """What a row says of whose it is; the parts of the name are as typed."""

    voucher: str = ""
    key: str = ""  # our reference, the school's number, or an IIN
    surname: str = ""
    given_name: str = ""
    patronymic: str = ""
    born_on: date | None = None
    class_name: str = ""


@dataclass(frozen=True, slots=True)
class VoucherDraft:
    """A voucher as a file tells of it."""

    number: str
    child: Given
    meal: str
    first_on: date
    last_on: date
    price_tiyn: int
    is_annulled: bool
    code: str


@dataclass(frozen=True, slots=True)
class TabelDraft:
    """A child's attendance on a day, as the tabel tells it."""

    child: Given
    on: date
    is_present: bool
    reason: str


def voucher_of(row: GivenRow, meals: Mapping[str, str]) -> VoucherDraft:
    """Return the voucher of a row; `meals` are the school's, the key by each name. Raises RowWrong."""
    cells = _cells(row)
    first_on, last_on = _day(cells, "valid_from"), _day(cells, "valid_to")
    if not 0 <= (last_on - first_on).days <= TERM_MAX_DAYS:
        raise RowWrong(
            message("The term ends after it begins, within {count} days. Check the years.", count=TERM_MAX_DAYS)
        )
    return VoucherDraft(
        _number(cells), _given(cells), _meal(cells.get("meal", LUNCH), meals), first_on, last_on,
        _price(cells.get("price_tenge", "0")), _is_annulled(cells.get("state", "")),
        _code(cells.get("code", "")),
    )  # fmt: skip


def tabel_of(row: GivenRow, today: date) -> TabelDraft:
    """Return the attendance of a row; no tabel knows tomorrow. Raises RowWrong."""
    cells = _cells(row)
    on = _day(cells, "day")
    if on > today:
        raise RowWrong(message("This day is still to come. A tabel tells of days that were."))
    reason = " ".join(cells.get("reason", "").split())
    if len(reason) > REASON_MAX:
        raise RowWrong(message("The reason is too long: {count} characters at most.", count=REASON_MAX))
    return TabelDraft(_given(cells), on, _is_present(cells.get("attendance", "")), reason)


def _cells(row: GivenRow) -> Mapping[str, str]:
    if row.wrong is not None:
        raise RowWrong(row.wrong)
    return row.cells


def _given(cells: Mapping[str, str]) -> Given:
    return Given(
        cells.get("voucher", ""), cells.get("child", ""), cells.get("surname", ""), cells.get("given_name", ""),
        cells.get("patronymic", ""), _day(cells, "birth_date") if "birth_date" in cells else None,
        cells.get("class", ""),
    )  # fmt: skip


def _number(cells: Mapping[str, str]) -> str:
    number = cells.get("voucher", "")
    if not NUMBER.fullmatch(number):
        raise RowWrong(
            message("A voucher's number has letters, digits and the signs - . /, {count} at most.", count=40)
        )
    return number


def _day(cells: Mapping[str, str], key: str) -> date:
    day = day_of(cells.get(key, ""))
    if day is None or not 2000 <= day.year < 2100:
        raise RowWrong(message("This is no date. Write it as 01.09.2026."))
    return day


def _shown(text: str) -> str:
    """Return as much of a cell as an error may quote: errors are read by more people than the file is."""
    return _SECRET.sub("…", text)[:GIVEN_MAX]


def _meal(text: str, meals: Mapping[str, str]) -> str:
    key = meals.get(text.casefold())
    if key is None:
        raise RowWrong(message("The school has no meal “{given}”. See the menu's page of meals.", given=_shown(text)))
    return key


def _price(text: str) -> int:
    amount = tiyn_of(text)
    if amount is None or amount > PRICE_MAX_TIYN:
        raise RowWrong(message("“{given}” is no price. Write tenge, as 577 or 577.50.", given=_shown(text)))
    return amount


def _code(text: str) -> str:
    if text and not CODE.fullmatch(text):
        raise RowWrong(
            message("A code has {low} to {high} visible characters, as the phone shows it. Or leave it out.",
                    low=16, high=200)
        )  # fmt: skip
    return text


def _is_annulled(text: str) -> bool:
    plain = text.casefold()
    if plain not in ACTIVE | ANNULLED:
        raise RowWrong(message("A voucher's state is active or annulled, not “{given}”.", given=_shown(text)))
    return plain in ANNULLED


def _is_present(text: str) -> bool:
    plain = text.casefold()
    if plain not in PRESENT | ABSENT:
        raise RowWrong(message("Attendance is present or absent, not “{given}”.", given=_shown(text)))
    return plain in PRESENT
