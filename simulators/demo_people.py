"""The people of a demonstration school, drawn from a seed: names as they are in Almaty, families, classes, cards.

Nobody in here exists: phone numbers are of a range that is not given out, and IINs carry serial numbers of the highest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

CLASSES = ((1, "А", 1), (3, "Ә", 1), (6, "А", 1), (9, "Б", 1), (5, "А", 2), (7, "Ә", 2))  # grade, letter, shift
STUDENTS, STAFF = 120, 12
SIBLING_PER_HUNDRED, WITHOUT_CONSENT_PER_HUNDRED = 22, 2
_WEIGHTS = (tuple(range(1, 12)), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2))

_KAZAKH_SURNAMES = (
    "Ахметов", "Сұлтанов", "Нұрланов", "Жақыпов", "Ермеков", "Қасымов", "Оспанов", "Серіков", "Тілеуов", "Әбенов",
    "Бекенов", "Дәулетов", "Есімов", "Жүнісов", "Қалиев", "Мұқанов", "Рақымов", "Сағынтаев", "Төлегенов", "Шәріпов",
)  # fmt: skip
_RUSSIAN_SURNAMES = (
    "Иванов", "Кузнецов", "Попов", "Соколов", "Волков", "Морозов", "Лебедев", "Новиков", "Павлов", "Фёдоров",
)  # fmt: skip
_KAZAKH_NAMES = {
    "m": (
        "Алихан",
        "Айдос",
        "Арлан",
        "Бекзат",
        "Дамир",
        "Ерасыл",
        "Жандос",
        "Нұрислам",
        "Санжар",
        "Темірлан",
        "Әлішер",
    ),
    "f": ("Аяулым", "Айзере", "Айым", "Дана", "Жанель", "Інжу", "Кәусар", "Медина", "Раяна", "Томирис", "Әсел"),
}
_RUSSIAN_NAMES = {
    "m": ("Артём", "Даниил", "Илья", "Кирилл", "Максим", "Михаил", "Никита", "Тимофей"),
    "f": ("Алиса", "Варвара", "Виктория", "Дарья", "Ева", "Мария", "Полина", "София"),
}
_KAZAKH_FATHERS = ("Асқар", "Болат", "Ерлан", "Қайрат", "Марат", "Нұрлан", "Серік", "Талғат")
_RUSSIAN_FATHERS = (
    ("Александрович", "Александровна"), ("Дмитриевич", "Дмитриевна"), ("Олегович", "Олеговна"),
    ("Сергеевич", "Сергеевна"),
)  # fmt: skip
_MOTHERS = {"kk": ("Гүлнар", "Динара", "Жанар", "Сәуле", "Айгүл"), "ru": ("Елена", "Наталья", "Ольга", "Юлия")}
CASHIER = "Асхана кассирі"
POSITIONS = (
    "Директор", "Заместитель директора", "Учитель математики", "Қазақ тілі мұғалімі", "Бастауыш сынып мұғалімі",
    "Учитель физики", "Тарих мұғалімі", "Социальный педагог", "Мейіргер", CASHIER, "Күзетші", "Учитель музыки",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoGuardian:
    """Somebody's mother; siblings have the same one."""

    surname: str
    given_name: str
    phone: str


Family = tuple[str, str, int, DemoGuardian]  # language, surname as a man bears it, father's number, mother


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A student with a class and a guardian, or a member of staff with a position."""

    number: str
    surname: str
    given_name: str
    patronymic: str
    iin: str
    uid: bytes
    school_class: tuple[int, str, int] | None = None
    position: str = ""
    guardian: DemoGuardian | None = None
    has_consent: bool = True

    @property
    def name(self) -> str:
        """The whole name, as lists show it."""
        return " ".join(part for part in (self.surname, self.given_name, self.patronymic) if part)

    @property
    def is_staff(self) -> bool:
        return self.school_class is None


def draw_people(rng: Random, today: date, students: int = STUDENTS, staff: int = STAFF) -> list[DemoPerson]:
    """Return the whole school; the first student's guardian is the parent whom the demonstration signs in."""
    people = list(_students(rng, today, students))
    for index in range(staff):
        language = rng.choice(("kk", "kk", "ru"))
        sex = rng.choice("mff")
        surname, given_name, patronymic = _name(rng, language, sex, _surname(rng, language), rng.randrange(8))
        born = date(today.year - rng.randint(26, 58), rng.randint(1, 12), rng.randint(1, 28))
        people.append(
            DemoPerson(
                f"P{index + 1:03}",
                surname,
                given_name,
                patronymic,
                iin(born, sex, 9_900 - index),
                _uid(rng, 500 + index),
                position=POSITIONS[index % len(POSITIONS)],
            )
        )
    return people


def iin(born: date, sex: str, serial: int) -> str:
    """Return an individual identification number with its check digit; a serial that has none gives way to the next."""
    century = {1900: "34", 2000: "56"}[born.year // 100 * 100]
    while True:
        digits = f"{born:%y%m%d}{century['mf'.index(sex)]}{serial:04}"
        for weights in _WEIGHTS:
            check = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
            if check < 10:
                return f"{digits}{check}"
        serial += 1


def _students(rng: Random, today: date, count: int) -> Iterator[DemoPerson]:
    """Yield students class by class; siblings are in different classes."""
    here, elsewhere = CLASSES[0], list[Family]()
    newest: list[Family] = []
    for index in range(count):
        grade, letter, shift = school_class = CLASSES[index * len(CLASSES) // count]
        is_first = school_class != here
        if is_first:
            here, newest, elsewhere = school_class, [], [*elsewhere, *newest]
        if is_first and here == CLASSES[1]:
            family = elsewhere.pop(0)  # so that the parent whom a visitor signs in as has two children
        elif elsewhere and rng.randrange(100) < SIBLING_PER_HUNDRED:
            family = elsewhere.pop(rng.randrange(len(elsewhere)))
        else:
            family = _family(rng, index)
            newest.append(family)
        language, stem, father, guardian = family
        sex = rng.choice("mf")
        surname, given_name, patronymic = _name(rng, language, sex, stem, father)
        born = date(today.year - 6 - grade, 1, 1) + timedelta(days=rng.randrange(365))
        yield DemoPerson(
            f"{index + 1:04}", surname, given_name, patronymic, iin(born, sex, 9_000 + index), _uid(rng, index),
            (grade, letter, shift), guardian=guardian,
            has_consent=index == 0 or rng.randrange(100) >= WITHOUT_CONSENT_PER_HUNDRED,
        )  # fmt: skip


def _family(rng: Random, number: int) -> Family:
    language = rng.choice(("kk", "kk", "kk", "ru"))
    stem = _surname(rng, language)
    mother = DemoGuardian(f"{stem}а", rng.choice(_MOTHERS[language]), f"+7700000{number:04}")
    return language, stem, rng.randrange(8), mother


def _surname(rng: Random, language: str) -> str:
    return rng.choice(_KAZAKH_SURNAMES if language == "kk" else _RUSSIAN_SURNAMES)


def _name(rng: Random, language: str, sex: str, stem: str, father: int) -> tuple[str, str, str]:
    surname = stem if sex == "m" else f"{stem}а"
    if language == "ru":
        return surname, rng.choice(_RUSSIAN_NAMES[sex]), _RUSSIAN_FATHERS[father % 4]["mf".index(sex)]
    patronymic = _KAZAKH_FATHERS[father] + ("ұлы" if sex == "m" else "қызы")
    return surname, rng.choice(_KAZAKH_NAMES[sex]), patronymic


def _uid(rng: Random, number: int) -> bytes:
    """Return a card's number as NXP gives them, with one of its own."""
    return b"\x04" + rng.randbytes(2) + (0xD3 << 24 | number).to_bytes(4)
