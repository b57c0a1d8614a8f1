"""The roll as files: opened by other programs, in the reader's language, and never a formula."""

import csv
from dataclasses import replace
from functools import partial
from io import BytesIO, StringIO

import openpyxl
import pytest

from cloud.attendance.queries import PersonToday
from cloud.core.delimited import csv_of
from cloud.core.formats import Formats
from cloud.core.i18n import Language, translate
from cloud.core.pages import DEFAULT_ZONE
from cloud.core.sheets import xlsx_of
from cloud.office.exports import rows_of
from tests.cloud.office.test_view import ROLL

FORMULA = '=HYPERLINK("https://evil.example")'


@pytest.fixture(name="people")
def _people() -> list[PersonToday]:
    return [replace(ROLL[0], name=FORMULA), replace(ROLL[70], name="Әбдіқадыр Ұлжан")]


def rows(people: list[PersonToday], language: Language = Language.KK) -> list[list[str]]:
    return rows_of(people, Formats(language, DEFAULT_ZONE), partial(translate, language))


@pytest.mark.parametrize(
    ("language", "head"),
    [
        (Language.KK, ["Аты-жөні", "Сынып", "Күйі"]),
        (Language.RU, ["Имя", "Класс", "Состояние"]),
        (Language.EN, ["Name", "Class", "State"]),
    ],
)
def test_heads_are_in_the_readers_language(people: list[PersonToday], language: Language, head: list[str]) -> None:
    assert rows(people, language)[0][:3] == head


def test_a_csv_reads_back_and_holds_no_formula(people: list[PersonToday]) -> None:
    text = csv_of(rows(people)).decode("utf-8-sig")

    read = list(csv.reader(StringIO(text)))

    assert read[1][0] == f"'{FORMULA}"
    assert read[2][:6] == ["Әбдіқадыр Ұлжан", "10А", "Мектепте", "06:55", "", "5"]


def test_a_workbook_reads_back_and_holds_no_formula(people: list[PersonToday]) -> None:
    book = openpyxl.load_workbook(BytesIO(xlsx_of(rows(people), "2026-09-01")))

    sheet = book["2026-09-01"]
    assert (sheet["A2"].value, sheet["A2"].data_type) == (FORMULA, "s")
    assert sheet["A3"].value == "Әбдіқадыр Ұлжан"
    assert sheet.freeze_panes == "B2"
