"""Spreadsheets for tests, written cell by cell so that every way of being wrong can be made."""

import random
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from io import BytesIO
from typing import Any

from openpyxl import Workbook, load_workbook

from cloud.people.rules import KAZAKH
from tests.cloud.people.factory import an_iin

Rows = Sequence[Sequence[Any]]
Sheets = Mapping[str, Rows]
STUDENTS = ["Тегі", "Аты", "Әкесінің аты", "ЖСН", "Нөмірі", "Сыныбы"]
AIGERIM, DANA = an_iin(date(2015, 3, 4), 17), an_iin(date(2012, 7, 8), 101)

SCHOOL: dict[str, Rows] = {
    "Сыныптар": [["Сыныбы", "Ауысымы"], ["5А", 1], ["7 «Ә»", 2]],
    "Оқушылар": [
        STUDENTS,
        ["Әліби", "Айгерім", "Серікқызы", AIGERIM, "1", "5A"],  # a Latin A, as people type it
        ["Ким", "Дана", None, DANA, "2", "7Ә"],
    ],
    "Сотрудники": [["Фамилия", "Имя", "ИИН", "Номер", "Должность"], ["Ахметова", "Гүлнар", None, "т-1", "Мұғалім"]],
    "Guardians": [
        ["Child (IIN or number)", "Full name", "Phone", "E-mail", "Relation"],
        ["1", "Әліби Сауле", "8 701 234 56 78", "saule@mail.kz", "анасы"],
        [DANA, "Ким Виктор", 77029998877.0, None, "отец"],
    ],
    "Карты": [["Кто (ИИН или номер)", "Номер карты"], ["1", "04:A1:B2:C3:D4:E5:F6"], ["т-1", "04A1B2C3D4E5F7"]],
    "Келісімдер": [
        ["Кім (ЖСН немесе нөмірі)", "Мақсаты", "Берілген күні", "Негізі"],
        ["1", "карта", date(2026, 8, 25), "12-өтініш"],
        ["т-1", None, "26.08.2026", "еңбек шарты"],
    ],
}


def book(sheets: Sheets) -> Workbook:
    """Return a workbook with these sheets and rows."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return made


def saved(made: Workbook) -> bytes:
    """Return a workbook as the bytes of an .xlsx file."""
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def with_sheets(content: bytes, count: int, *, is_shared: bool) -> bytes:
    """Return a file of one sheet as one that names so many: empty ones, or the same part again and again."""
    if not is_shared:
        made = load_workbook(BytesIO(content))
        for number in range(1, count):
            made.create_sheet(f"Empty {number}")
        return saved(made)
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as was, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made_anew:
        for part in was.filelist:
            text = was.read(part)
            if part.filename == "xl/workbook.xml":
                (sheet,) = re.findall(rb"<sheet [^>]*/>", text)
                text = text.replace(sheet, sheet * count)
            made_anew.writestr(part.filename, text)
    return out.getvalue()


def file(**changed: Rows) -> bytes:
    """Return the file of SCHOOL, with the rows of some sheets (by English-like keys of KEYS) changed."""
    return saved(book({**SCHOOL, **{KEYS[key]: rows for key, rows in changed.items()}}))


KEYS = dict(
    zip(("classes", "students", "staff", "guardians", "cards", "consents"), SCHOOL, strict=True)
)  # fmt: skip


def big_school(students: int, seed: int = 1) -> bytes:
    """Return the file of a school with so many students, each with a guardian, a card and a consent."""
    rng = random.Random(seed)
    born = [date(2010, 1, 1) + timedelta(days=number % 2000) for number in range(students)]
    names = ["".join(rng.choice(KAZAKH[:30]) for _ in range(8)).capitalize() for _ in range(200)]
    numbers = [str(1000 + number) for number in range(students)]
    guardians = [[text, f"{rng.choice(names)} Әли", f"+7701{number:07d}"] for number, text in enumerate(numbers)]
    cards = [[text, f"04{number:012X}"] for number, text in enumerate(numbers)]
    sheets: dict[str, Rows] = {
        "Сыныптар": [["Сыныбы", "Ауысымы"], *([f"{grade}{letter}", 1] for grade in range(1, 12) for letter in "АБВГД")],
        "Оқушылар": [
            STUDENTS,
            *(
                [rng.choice(names), rng.choice(names), None, an_iin(day, number), number_text, f"{1 + number % 11}А"]
                for number, (day, number_text) in enumerate(zip(born, numbers, strict=True))
            ),
        ],
        "Родители": [["Ребёнок (ИИН или номер)", "ФИО", "Телефон"], *guardians],
        "Карты": [["Кто (ИИН или номер)", "Номер карты"], *cards],
        "Согласия": [
            ["Кто (ИИН или номер)", "Дата", "Источник"], *([text, date(2026, 8, 25), "заявление"] for text in numbers)
        ],
    }  # fmt: skip
    return saved(book(sheets))
