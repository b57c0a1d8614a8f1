"""The files of a report: read back by PDFium and openpyxl, they say what the report says, and stay as they are."""

import io
import json
import random
from zoneinfo import ZoneInfo

import openpyxl
import pypdfium2
import pytest

from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.reports.actions import correct
from cloud.reports.content import digest_of
from cloud.reports.files import Form, file_of
from cloud.reports.grid import wrapped
from cloud.reports.making import Made, keep
from cloud.reports.pdf import drawable
from cloud.reports.queries import report_of
from cloud.reports.rules import content_of
from cloud.reports.tables import remarks
from cloud.reports.wording import Wording
from cloud.schools.queries import school_of_id
from tests.cloud.reports.factory import FIRST, School
from tests.cloud.reports.sample import LONG, SEPTEMBER, a_month, facts_of, given
from tests.cloud.reports.test_actions import FORM, LESS, drafted, signed_by_director
from tests.cloud.schools.factory import SYSTEM

LETTERS = "әғқңөұүһі ӘҒҚҢӨҰҮҺІ ёъ ₸ № «»"


async def loaded(services: Services, school: School, report_id: int, form: Form, language: Language) -> bytes:
    return (await file_of(services, school.director, school.school_id, report_id, form, language)).body


def read(pdf: bytes) -> str:
    """Return the words of a PDF, as PDFium reads them."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.KK, ("Тегін және жеңілдікті тамақтану есебі", "№5 мектеп", "Бюджеттің қарызы", "Түскі ас")),
        (Language.RU, ("Отчёт о бесплатном и льготном питании", "Школа № 5", "Долг бюджета", "Обед")),
        (Language.EN, ("Report of free and subsidised meals", "School No. 5", "Owed by the budget", "Lunch")),
    ],
)
async def test_a_pdf_says_the_report_in_the_readers_language_and_carries_it(
    services: Services, school: School, language: Language, words: tuple[str, ...]
) -> None:
    report_id = await drafted(services, school)
    await correct(services, school.office, school.school_id, report_id, LESS, FORM)
    digest = await signed_by_director(services, school, report_id)

    pdf = await loaded(services, school, report_id, Form.PDF, language)

    text = read(pdf)
    assert [word for word in (*words, digest, "Бақыт Оразов", LESS.reason) if word not in text] == []
    assert b"pdfaid:part>3<" in pdf
    assert school.refs[0] not in text  # nothing was to be known of this child
    document = pypdfium2.PdfDocument(pdf)
    carried = document.get_attachment(0)
    assert digest_of(bytes(carried.get_data())) == digest
    document.close()


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (Language.KK, "шотта ақша жетпейді"),
        (Language.RU, "на счёте не хватает денег"),
        (Language.EN, "not enough money"),
    ],
)
def test_which_rule_was_overruled_is_told_in_the_readers_words(language: Language, told: str) -> None:
    content = content_of(facts_of([given(1, overruled=("no_money",))]))

    (row,) = remarks(content, Wording(language, ZoneInfo("Asia/Almaty"))).rows

    assert str(row[2]).endswith(f"({told})")


async def test_a_signed_report_is_drawn_once_and_its_files_stay(services: Services, school: School) -> None:
    report_id = await drafted(services, school)
    await signed_by_director(services, school, report_id)

    first = [await loaded(services, school, report_id, form, Language.KK) for form in Form]
    await services.database.pool.execute("UPDATE school SET name_kk = 'Басқа атау'")

    assert [await loaded(services, school, report_id, form, Language.KK) for form in Form] == first


async def test_the_json_is_the_document_and_its_checksum_is_the_reports(services: Services, school: School) -> None:
    report_id = await drafted(services, school)
    digest = await signed_by_director(services, school, report_id)

    body = await loaded(services, school, report_id, Form.JSON, Language.RU)

    assert digest_of(body) == digest
    assert json.dumps(json.loads(body), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() == body


async def test_a_draft_says_so_and_has_no_code(services: Services, school: School) -> None:
    report_id = await drafted(services, school)

    file = await file_of(services, school.office, school.school_id, report_id, Form.PDF, Language.EN)

    assert "Draft: not signed" in read(file.body)
    assert file.name == "almaty5-meals-2026-09-en-draft.pdf"


async def test_three_hundred_dishes_with_long_names_are_all_on_paper_and_in_the_workbook(
    services: Services, school: School
) -> None:
    content = a_month(40, 300, random.Random(3))
    at = await school_of_id(services, school.school_id)
    report_id = await keep(services, SYSTEM, at, SEPTEMBER, Made(content))
    assert report_id is not None

    text = read(await loaded(services, school, report_id, Form.PDF, Language.KK))
    book = openpyxl.load_workbook(io.BytesIO(await loaded(services, school, report_id, Form.XLSX, Language.KK)))

    lines = len(content.dishes)
    dishes = book.worksheets[1]
    assert text.replace("\r\n", " ").count(" ".join(LONG.split()[-3:])) >= sum(
        each.name.kk == LONG for each in content.dishes
    )
    assert dishes.max_row == lines + 1
    assert sum(float(str(row[5])) for row in dishes.iter_rows(min_row=2, values_only=True)) == pytest.approx(
        content.totals.together.full_tiyn / 100
    )


async def test_what_somebody_called_a_dish_is_no_formula(services: Services, school: School) -> None:
    at = await school_of_id(services, school.school_id)
    report_id = await keep(services, SYSTEM, at, SEPTEMBER, Made(a_month(12, 8, random.Random(1))))
    assert report_id is not None

    book = openpyxl.load_workbook(io.BytesIO(await loaded(services, school, report_id, Form.XLSX, Language.EN)))

    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if str(cell.value).startswith("=")} == {"s"}
    assert [cell.value for cell in cells if cell.data_type == "f"] == []


async def test_children_are_never_named(services: Services, school: School) -> None:
    await school.ate(2, FIRST, came=False)
    report_id = await drafted(services, school)

    report = await report_of(services, school.office, school.school_id, report_id)
    files = [await loaded(services, school, report_id, form, Language.KK) for form in (Form.JSON, Form.XLSX)]

    assert report.content.remarks.counts["not_seen"] == 1
    assert all("Айгерім".encode() not in file and "Әліби".encode() not in file for file in files)


def test_letters_of_kazakh_are_drawn_and_what_the_font_lacks_is_a_box() -> None:
    assert drawable(LETTERS) == LETTERS
    assert drawable("Көже 🍲\u200d🍞️") == "Көже □□"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("ab", ["ab"]),
        ("ab cd ef", ["ab cd", "ef"]),
        ("abcdefgh", ["abcde", "fgh"]),
        ("a bcdefgh", ["a", "bcdef", "gh"]),
        ("", [""]),
    ],
)
def test_a_text_is_wrapped_between_words_and_only_long_words_are_broken(text: str, lines: list[str]) -> None:
    assert wrapped(text, 5, len) == lines
