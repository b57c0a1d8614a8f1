"""The columns of the files: their keys, and their headings in Kazakh, Russian and English.

Rule: docs/wallet.md tells of each column what it means; a column is known by any of its names, whatever the case.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cloud.wallet.kinds import FileKind


@dataclass(frozen=True, slots=True)
class Column:
    """A column that comes in: its key, which is its name in JSON, its headings (kk, ru, en, others), an example."""

    key: str
    names: tuple[str, ...]
    example: str
    is_needed: bool = False


_VOUCHER = ("Ваучер нөмірі", "Номер ваучера", "Voucher number", "ваучер", "№ ваучера")
_CHILD = (
    Column(
        "child",
        (
            "Бала (нөмірі немесе ЖСН)",
            "Ребёнок (номер или ИИН)",
            "Child (number or IIN)",
            "ЖСН",
            "ИИН",
            "IIN",
            "ребенок",
        ),
        "1024",
    ),
    Column("surname", ("Тегі", "Фамилия", "Surname"), "Әліби"),
    Column("given_name", ("Аты", "Имя", "Given name", "есімі", "имя ребенка"), "Айгерім"),
    Column("patronymic", ("Әкесінің аты", "Отчество", "Patronymic"), "Серікқызы"),
    Column("birth_date", ("Туған күні", "Дата рождения", "Date of birth"), "04.03.2015"),
    Column("class", ("Сыныбы", "Класс", "Class", "сынып"), "5А"),
)
COLUMNS: Mapping[FileKind, tuple[Column, ...]] = {
    FileKind.VOUCHERS: (
        Column("voucher", _VOUCHER, "SK-000123", is_needed=True),
        *_CHILD,
        Column("meal", ("Тамақ", "Приём пищи", "Meal", "прием пищи", "тамақтану"), "lunch"),
        Column("valid_from", ("Басталатын күні", "Действует с", "Valid from", "начало"), "01.09.2026", is_needed=True),
        Column("valid_to", ("Аяқталатын күні", "Действует по", "Valid to", "конец"), "25.05.2027", is_needed=True),
        Column("price_tenge", ("Бағасы, ₸", "Цена, ₸", "Price, ₸", "бағасы", "цена", "стоимость", "price"), "577,00"),
        Column("code", ("Коды", "Код", "Code", "QR"), ""),
        Column("state", ("Күйі", "Состояние", "State", "статус", "мәртебесі", "status"), "active"),
    ),
    FileKind.TABEL: (
        Column("voucher", _VOUCHER, "SK-000123"),
        *_CHILD,
        Column("day", ("Күні", "Дата", "Day", "күн", "день", "date"), "01.09.2026", is_needed=True),
        Column(
            "attendance", ("Келуі", "Посещение", "Attendance", "қатысуы", "явка", "отметка"), "present", is_needed=True
        ),
        Column("reason", ("Себебі", "Причина", "Reason"), "ауырды"),
    ),
}
WHO = (("voucher",), ("child",), ("surname", "given_name"))  # a file says whose a row is in one of these ways
EXPORTED = (
    "voucher", "day", "meal", "at", "is_time_sure", "till", "sale", "payment", "dishes", "price_tenge", "paid_tenge",
    "owed_tenge",
)  # fmt: skip
OF_REJECTED = ("esik_row", "esik_why")  # stand before a rejected row, and are passed over when it comes again


def plain(text: str) -> str:
    """Return a heading as it is compared."""
    return " ".join(text.replace("\u00a0", " ").split()).casefold().removesuffix(" *")


KNOWN: Mapping[FileKind, Mapping[str, str]] = {
    kind: {plain(name): column.key for column in columns for name in (column.key, *column.names)}
    for kind, columns in COLUMNS.items()
}


def headings(kind: FileKind, language: str) -> list[str]:
    """Return the headings of an empty file in kk, ru or en."""
    place = {"kk": 0, "ru": 1, "en": 2}[language]
    return [column.names[place] for column in COLUMNS[kind]]
