"""Files that go out: recorded meals by voucher, differences, rows that were not taken, and empty files to fill in.

Rule: a child is named by the voucher's number, never by an IIN; a meal without a voucher is in the differences only.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from cloud.core.delimited import csv_of
from cloud.core.i18n import N_, Language, translate
from cloud.meals.free_meals import FreeMeal
from cloud.wallet.columns import EXPORTED, OF_REJECTED, headings
from cloud.wallet.kinds import KINDS, FileKind
from cloud.wallet.queries import ChildRow, Compared, Rejected
from cloud.wallet.rules import Line, Voucher

HEADS = (
    N_("Day"), N_("Name"), N_("Class"), N_("Meal"), N_("Voucher"), N_("Tabel"), N_("Meals"), N_("Owed, ₸"),
    N_("Difference"), N_("Explained"), N_("By"),
)  # fmt: skip
PRESENCE = {True: N_("present"), False: N_("absent"), None: ""}
Row = dict[str, str]


class Numbers:
    """The numbers of a school's vouchers, by child and meal."""

    def __init__(self, vouchers: Iterable[Voucher]) -> None:
        self._of_child: dict[tuple[int, str], list[Voucher]] = {}
        for voucher in vouchers:
            self._of_child.setdefault((voucher.person, voucher.meal), []).append(voucher)

    def of(self, meal: FreeMeal) -> str:
        """Return the number of the voucher that a meal was by; empty where none was valid on its day."""
        of_child = self._of_child.get((meal.person_id, meal.meal), ())
        return next((each.number for each in of_child if each.is_valid_on(meal.on)), "")


def meal_rows(
    meals: Iterable[FreeMeal], vouchers: Iterable[Voucher], zone: ZoneInfo, language: Language
) -> tuple[list[Row], int]:
    """Return what is told of each meal that stands and has a voucher, and how many have none."""
    numbers = Numbers(vouchers)
    named = [(meal, numbers.of(meal)) for meal in meals if not meal.is_void]
    rows = [meal_row(meal, number, zone, language) for meal, number in named if number]
    return rows, len(named) - len(rows)


def meals_csv(rows: Sequence[Row]) -> bytes:
    """Return meals as CSV, with the columns' keys as headings."""
    return csv_of([EXPORTED, *([row[key] for key in EXPORTED] for row in rows)])


def meals_lines(rows: Sequence[Row]) -> bytes:
    """Return meals as JSON Lines."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def differences_csv(
    found: Compared, lines: Iterable[Line], children: Mapping[int, ChildRow], meals: Mapping[str, str],
    language: Language,
) -> bytes:  # fmt: skip
    """Return lines as CSV in a language; `meals` are names of meals by key."""

    def told(words: str) -> str:
        return translate(language, words) if words else ""

    rows = [_difference(found, line, children[line.place.person], meals, told) for line in lines]
    return csv_of([[told(head) for head in HEADS], *rows])


def rejected_csv(rejected: Rejected, language: Language) -> bytes:
    """Return the rows that were not taken as they came, each after its number and why."""
    rows = [[str(row.number), translate(language, row.message), *row.cells] for row in rejected.rows]
    return csv_of([[*OF_REJECTED, *rejected.headings], *rows])


def empty_csv(kind: FileKind, language: Language) -> bytes:
    """Return a file to fill in."""
    return csv_of([headings(kind, language.value)])


def meal_row(meal: FreeMeal, voucher: str, zone: ZoneInfo, language: Language) -> Row:
    """Return what is told of a meal, by column; its dishes in a language."""
    dishes = "; ".join(f"{names[language.value]} × {count}" for names, count in meal.dishes)
    told = (
        voucher, str(meal.on), meal.meal, meal.at.astimezone(zone).isoformat(timespec="seconds"),
        "yes" if meal.is_time_sure else "no", meal.till, meal.sale, meal.payment.value, dishes, tenge(meal.full_tiyn),
        tenge(meal.paid_tiyn), tenge(meal.owed_tiyn),
    )  # fmt: skip
    return dict(zip(EXPORTED, told, strict=True))


def tenge(tiyn: int) -> str:
    """Return money as programs read it: tenge with two decimals after a point."""
    sign = "-" if tiyn < 0 else ""
    return f"{sign}{abs(tiyn) // 100}.{abs(tiyn) % 100:02d}"


def _difference(
    found: Compared, line: Line, child: ChildRow, meals: Mapping[str, str], told: Callable[[str], str]
) -> list[str]:
    notes = found.notes_of(line)
    return [
        str(line.place.on), child.name, child.class_name, meals.get(line.place.meal, line.place.meal),
        line.voucher.number if line.voucher else "", told(PRESENCE[line.is_present]), str(len(line.meals)),
        tenge(line.owed_tiyn), "; ".join(told(KINDS[kind]) for kind in sorted(line.kinds)),
        "; ".join(note.reason for note in notes), "; ".join(note.by for note in notes),
    ]  # fmt: skip
