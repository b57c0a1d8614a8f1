"""The sheets and columns of a school's spreadsheet, with their names in Kazakh, Russian and English.

Rule: a sheet or column is known by any of its names, whatever the case; the first three are those of the template.
"""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """A sheet of the spreadsheet."""

    CLASSES = "classes"
    STUDENTS = "students"
    STAFF = "staff"
    GUARDIANS = "guardians"
    CARDS = "cards"
    CONSENTS = "consents"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key, its names (kk, ru, en, then others that are met), whether it must be there, an example."""

    key: str
    names: tuple[str, ...]
    example: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet: its names (kk, ru, en, then others) and its columns."""

    names: tuple[str, ...]
    columns: tuple[Column, ...]


_SURNAME = Column("surname", ("Тегі", "Фамилия", "Surname", "last name", "family name"), "Әліби")
_GIVEN = Column("given_name", ("Аты", "Имя", "Given name", "first name", "name", "есімі"), "Айгерім")
_PATRONYMIC = Column(
    "patronymic", ("Әкесінің аты", "Отчество", "Patronymic", "middle name"), "Серікқызы", required=False
)
_IIN = Column("iin", ("ЖСН", "ИИН", "IIN"), "", required=False)
_NUMBER = Column(
    "number", ("Нөмірі", "Номер", "Number", "№", "табельный номер", "личное дело", "id"), "1024", required=False
)
_CLASS = Column("class", ("Сыныбы", "Класс", "Class", "сынып", "сыныбы"), "5А")
_PERSON = Column(
    "person",
    (
        "Кім (ЖСН немесе нөмірі)",
        "Кто (ИИН или номер)",
        "Person (IIN or number)",
        "ЖСН",
        "ИИН",
        "IIN",
        "person",
        "ученик",
        "оқушы",
    ),
    "1024",
)

LAYOUTS = {
    Kind.CLASSES: Layout(
        ("Сыныптар", "Классы", "Classes", "сынып", "класс", "class"),
        (
            _CLASS,
            Column("shift", ("Ауысымы", "Смена", "Shift", "ауысым"), "1", required=False),
        ),
    ),
    Kind.STUDENTS: Layout(
        ("Оқушылар", "Ученики", "Students", "учащиеся", "оқушы", "pupils"),
        (_SURNAME, _GIVEN, _PATRONYMIC, _IIN, _NUMBER, _CLASS),
    ),
    Kind.STAFF: Layout(
        ("Қызметкерлер", "Сотрудники", "Staff", "персонал", "учителя", "мұғалімдер", "employees"),
        (
            _SURNAME,
            _GIVEN,
            _PATRONYMIC,
            _IIN,
            _NUMBER,
            Column("position", ("Лауазымы", "Должность", "Position"), "Мұғалім", required=False),
        ),
    ),
    Kind.GUARDIANS: Layout(
        ("Ата-аналар", "Родители", "Guardians", "родители и представители", "ата-ана", "parents"),
        (
            Column(
                "person",
                ("Бала (ЖСН немесе нөмірі)", "Ребёнок (ИИН или номер)", "Child (IIN or number)", *_PERSON.names),
                "1024",
            ),
            Column("name", ("Аты-жөні", "ФИО", "Full name", "ф.и.о.", "тегі, аты", "name"), "Әліби Сауле"),
            Column("phone", ("Телефоны", "Телефон", "Phone", "мобильный телефон", "mobile"), "+7 701 234 56 78"),
            Column(
                "email", ("Электрондық поштасы", "Электронная почта", "E-mail", "email", "почта"), "", required=False
            ),
            Column(
                "relation", ("Кім болады", "Кем приходится", "Relation", "степень родства"), "анасы", required=False
            ),
            Column("may_see", ("Көре алады", "Может видеть", "May see"), "иә", required=False),
            Column(
                "may_block",
                ("Картаны бұғаттай алады", "Может блокировать карту", "May block card"),
                "иә",
                required=False,
            ),
        ),
    ),
    Kind.CARDS: Layout(
        ("Карталар", "Карты", "Cards", "пропуска", "карточки"),
        (
            _PERSON,
            Column("card", ("Карта нөмірі", "Номер карты", "Card number", "карта", "card", "uid"), "04A1B2C3D4E5F6"),
            Column("kind", ("Карта түрі", "Вид карты", "Card kind", "medium"), "desfire", required=False),
        ),
    ),
    Kind.CONSENTS: Layout(
        ("Келісімдер", "Согласия", "Consents", "келісім", "согласие"),
        (
            _PERSON,
            Column("purpose", ("Мақсаты", "Цель", "Purpose"), "карта", required=False),
            Column("given_on", ("Берілген күні", "Дата", "Date", "дата согласия", "күні", "given on"), "01.09.2026"),
            Column("source", ("Негізі", "Источник", "Source", "основание", "документ"), "12-өтініш"),
            Column(
                "withdrawn_on", ("Қайтарып алынған күні", "Отозвано", "Withdrawn on", "дата отзыва"), "", required=False
            ),
        ),
    ),
}
HELP = ("Көмек", "Помощь", "Help", "readme", "инструкция", "нұсқау")


def plain(name: object) -> str:
    """Return a name of a sheet or column as it is compared: one case, single spaces, no marks at its end."""
    return " ".join(str(name or "").replace("ё", "е").replace("Ё", "е").casefold().split()).rstrip(" *:.")


KINDS = {plain(name): kind for kind, layout in LAYOUTS.items() for name in layout.names}
IGNORED_SHEETS = frozenset(map(plain, HELP))
COLUMNS = {
    kind: {plain(name): column.key for column in layout.columns for name in column.names}
    for kind, layout in LAYOUTS.items()
}
