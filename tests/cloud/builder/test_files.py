"""Files of reports: what a spreadsheet reads back is what the page says, and nothing in it is a formula."""

import csv
import io
import json
from datetime import datetime, timedelta

import pytest
from openpyxl import load_workbook

from cloud.builder.choice import Choice
from cloud.builder.files import Form, file_of
from cloud.builder.kinds import Shape
from cloud.core.i18n import Language
from tests.cloud.builder.factory import TODAY, Built

STAFF = Choice("staff_hours", shape=Shape.ROWS, columns=("day", "staff", "position", "minutes"), sort="position")
MEALS = Choice("meals", groups=("day", "payment"), measures=("count", "sum:full", "part"))
FORMULA = '=HYPERLINK("http://x","y")'


async def a_file(school: Built, choice: Choice, form: Form, language: Language = Language.RU) -> bytes:
    director = school.accounts["director"]
    result = await school.asks(director, choice)
    return file_of(result, await school.words(director, result, language), form, "almaty5-1", "Есеп: 5/А").body


@pytest.fixture(name="full")
async def _full(school: Built) -> Built:
    for number, person in enumerate(school.staff):
        await school.came(person, TODAY, stayed=timedelta(hours=6 + number))
    await school.ate(1, school.students[0], TODAY)
    await school.ate(2, school.students[1], TODAY)
    await school.ate(3, school.students[2], TODAY, payment="cash")
    return school


async def test_a_workbook_is_read_back_with_its_figures(full: Built) -> None:
    sheet = load_workbook(io.BytesIO(await a_file(full, MEALS, Form.XLSX))).active
    assert sheet is not None

    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]

    day = datetime(TODAY.year, TODAY.month, TODAY.day)  # noqa: DTZ001 (as a workbook holds a day)
    assert rows == [
        ["День", "Способ оплаты", "Приёмы пищи", "Полная цена, всего", "Доля от всего"],
        [day, "Наличными", 1, 577, "33,3\u00a0%"],
        [day, "Бесплатно", 2, 1154, "66,7\u00a0%"],
    ]


@pytest.mark.parametrize("form", [Form.CSV, Form.XLSX])
async def test_what_somebody_typed_is_no_formula(full: Built, form: Form) -> None:
    body = await a_file(full, STAFF, form)

    if form is Form.CSV:
        cells = [row[2] for row in csv.reader(io.StringIO(body.decode("utf-8-sig")))]
        assert f"'{FORMULA}" in cells
        assert FORMULA not in cells
    else:
        sheet = load_workbook(io.BytesIO(body)).active
        assert sheet is not None
        typed = next(row[2] for row in sheet.iter_rows() if row[2].value == FORMULA)
        assert typed.data_type == "s"


async def test_csv_holds_the_rows_of_the_page(full: Built) -> None:
    rows = list(csv.reader(io.StringIO((await a_file(full, MEALS, Form.CSV)).decode("utf-8-sig"))))

    assert rows[1:] == [
        ["2026-09-01", "Наличными", "1", "577.00", "33,3\u00a0%"],
        ["2026-09-01", "Бесплатно", "2", "1154.00", "66,7\u00a0%"],
    ]


async def test_json_names_its_columns_for_programs(full: Built) -> None:
    told = json.loads(await a_file(full, MEALS, Form.JSON))

    assert [each["key"] for each in told["columns"]] == ["day", "payment", "count", "sum:full", "part"]
    assert told["rows"][0][:4] == ["2026-09-01", "Наличными", 1, "577.00"]
    assert (told["subject"], told["last_on"], told["is_cut"]) == ("meals", "2026-09-01", False)
