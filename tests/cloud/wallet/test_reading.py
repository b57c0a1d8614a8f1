"""Files of vouchers and tabels as programs write them: any encoding, any separator, JSON Lines, and what is no file."""

import json
import re
import tracemalloc
from datetime import date

import pytest

from cloud.wallet.drafts import Given, TabelDraft, tabel_of, voucher_of
from cloud.wallet.errors import FileRefused, RowWrong
from cloud.wallet.kinds import FileKind
from cloud.wallet.reading import CELL_MAX, FILE_MAX, ROWS_MAX, GivenFile, read_file

TODAY = date(2026, 9, 30)
MEALS = {"lunch": "lunch", "түскі ас": "lunch", "обед": "lunch"}
LINES = (
    "Номер ваучера;Фамилия;Имя;Класс;Действует с;Действует по;Цена, ₸\n"
    "SK-1;Әліби;Айгерім;5А;01.09.2026;25.05.2027;577,50\n"
)


def read(text: str | bytes, kind: FileKind = FileKind.VOUCHERS) -> GivenFile:
    return read_file(kind, text.encode() if isinstance(text, str) else text)


@pytest.mark.parametrize(
    "content",
    [
        LINES.encode(),
        LINES.encode("utf-8-sig"),
        LINES.encode("utf-16"),
        LINES.replace("Әліби", "Алиби").replace("Айгерім", "Айгерим").replace(", ₸", "").encode("cp1251"),
        LINES.replace(";", "\t").encode(),
        LINES.replace(",50", ".50").replace(", ₸", "").replace(";", ",").encode(),
        ("Список ваучеров\n\n" + LINES).encode(),
        LINES.upper().replace("SK", "sk").encode(),
    ],
)
def test_a_list_of_vouchers_is_read_in_every_form(content: bytes) -> None:
    (row,) = read(content).rows

    draft = voucher_of(row, MEALS)

    assert draft.number.upper() == "SK-1"
    assert (draft.meal, draft.first_on, draft.last_on) == ("lunch", date(2026, 9, 1), date(2027, 5, 25))
    assert (draft.price_tiyn, draft.is_annulled) == (57_750, False)
    assert draft.child.surname.casefold() in ("әліби", "алиби")


def test_json_lines_have_the_columns_keys() -> None:
    told = {"voucher": "SK-1", "child": "1024", "day": "2026-09-01", "attendance": "absent", "reason": "ауырды"}
    content = json.dumps(told, ensure_ascii=False) + "\n\n" + json.dumps({**told, "child": 1024, "x": None})

    found = read(content, FileKind.TABEL)

    drafts = [tabel_of(row, TODAY) for row in found.rows]
    assert drafts == [TabelDraft(Given("SK-1", "1024"), date(2026, 9, 1), False, "ауырды")] * 2
    assert ([row.number for row in found.rows], found.ignored) == ([1, 3], ["x"])


def test_a_line_ends_where_json_lines_says_and_not_within_a_text() -> None:
    found = read('{"voucher": "SK-1", "surname": "a\u2028b\x85c"}\r\n{"voucher": "SK-2"}', FileKind.VOUCHERS)

    assert [row.cells["voucher"] for row in found.rows] == ["SK-1", "SK-2"]


@pytest.mark.parametrize("line", ["{", "[]", '{"voucher": {"a": 1}}', '{"child": true}', "{" * 5_000, "null"])
def test_a_line_that_is_no_object_is_told_with_its_number(line: str) -> None:
    found = read('{"voucher": "SK-1"}\n' + line)

    assert "no JSON object" in str(found.rows[1].wrong)
    assert found.rows[1].number == 2
    with pytest.raises(RowWrong):
        voucher_of(found.rows[1], MEALS)


@pytest.mark.parametrize("word", ["present", "Келді", "присутствовал", "+", "1"])
@pytest.mark.parametrize("other", ["absent", "келмеді", "Н", "-", "0"])
def test_attendance_is_told_in_words_and_signs(word: str, other: str) -> None:
    found = read(f"ИИН;Дата;Посещение\n1;1.9.2026;{word}\n1;1.9.2026;{other}\n", FileKind.TABEL)

    assert [tabel_of(row, TODAY).is_present for row in found.rows] == [True, False]


WRONG = {
    "the thirty-first of September": ("valid_to", "31.09.2026", "no date"),
    "a term that ends first": ("valid_to", "31.08.2026", "ends after it begins"),
    "a term of two years": ("valid_to", "01.09.2028", "ends after it begins"),
    "a year of another age": ("valid_from", "01.09.1026", "no date"),
    "a negative price": ("price_tenge", "-577", "no price"),
    "a price that is none": ("price_tenge", "5 77", "no price"),
    "an enormous price": ("price_tenge", "999999", "no price"),
    "a number that is none": ("voucher", "=1+1", "number has letters"),
    "no number": ("voucher", "", "number has letters"),
    "a meal that the school has not": ("meal", "ужин", "no meal"),
    "a state that is none": ("state", "maybe", "active or annulled"),
    "a birth date that is none": ("birth_date", "32.01.2015", "no date"),
    "a cell without end": ("surname", "ы" * (CELL_MAX + 1), "too long"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_row_that_cannot_be_meant_is_told_with_what_to_write(case: str) -> None:
    key, cell, told = WRONG[case]
    cells = {"voucher": "SK-1", "child": "1", "valid_from": "01.09.2026", "valid_to": "25.05.2027"} | {key: cell}
    (row,) = read(json.dumps(cells)).rows

    with pytest.raises(RowWrong, match=told):
        voucher_of(row, MEALS)


def test_a_tabel_knows_no_day_to_come_and_no_other_word() -> None:
    found = read("ИИН;Дата;Посещение\n1;01.10.2026;present\n1;01.09.2026;может быть\n", FileKind.TABEL)

    with pytest.raises(RowWrong, match="still to come"):
        tabel_of(found.rows[0], TODAY)
    with pytest.raises(RowWrong, match="present or absent"):
        tabel_of(found.rows[1], TODAY)


REFUSED = {
    "nothing": (b"", "headings are not known"),
    "a workbook": (b"PK\x03\x04", "a workbook"),
    "no text": (b"\xff\xfe\x00", "no CSV"),
    "zeros": (b"a\0b", "no CSV"),
    "other headings": ("Фамилия;Имя\nӘліби;Айгерім\n".encode(), "headings are not known"),
    "nobody named": ("Номер ваучера;Действует с;Действует по\nSK-1;1;2\n".encode(), "whose the row is"),
    "only headings": (LINES.splitlines()[0].encode(), "no row below"),
    "a heading twice": (("Класс;" + LINES.replace("\n", "\n5А;", 1)).encode(), "stands twice"),
    "too much": (b"x" * (FILE_MAX + 1), "too big"),
    "too many rows": ((LINES.splitlines()[0] + "\n" + "SK;1\n" * (ROWS_MAX + 1)).encode(), "more than"),
    "a cell of CSV without end": (b'"' + b"x" * 200_000, "no CSV"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_whole(case: str) -> None:
    content, told = REFUSED[case]

    with pytest.raises(FileRefused, match=told):
        read(content)


def test_no_more_of_a_file_is_read_than_is_taken() -> None:
    long = LINES.splitlines()[0] + "\n" + "SK;1\n" * (ROWS_MAX + 1)

    with pytest.raises(FileRefused, match="more than"):
        read(long + '"' + "x" * 200_000)  # no CSV at all, were it read to its end


def test_of_many_lines_of_json_no_more_are_held_than_are_taken() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(FileRefused, match="more than"):
            read("{\n" * (FILE_MAX // 4))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 120 << 20


@pytest.mark.parametrize(
    "cell", ["050304500123", "0503 0450 0123", "50304500123.0", "A1B2C3D4E5F6G7H8", "ИИН 050304500123"]
)
@pytest.mark.parametrize("key", ["meal", "price_tenge", "state"])
def test_a_column_that_slipped_tells_no_iin_and_no_code_in_an_error(key: str, cell: str) -> None:
    cells = {"voucher": "SK-1", "child": "1", "valid_from": "01.09.2026", "valid_to": "25.05.2027"} | {key: cell}

    with pytest.raises(RowWrong) as wrong:
        voucher_of(read(json.dumps(cells)).rows[0], MEALS)

    assert re.findall(r"[0-9]{4,}|[A-Z0-9]{4,}", str(wrong.value).replace("577", "")) == []


def test_a_column_that_slipped_tells_no_iin_as_attendance_either() -> None:
    (row,) = read("ИИН;Дата;Посещение\n1;01.09.2026;050304500123\n", FileKind.TABEL).rows

    with pytest.raises(RowWrong, match="not “…”"):
        tabel_of(row, TODAY)


def test_a_text_with_a_separator_that_is_not_in_quotes_is_told() -> None:
    (row,) = read("ИИН;Дата;Посещение\n1;01.09.2026;absent;ауырды\n", FileKind.TABEL).rows

    with pytest.raises(RowWrong, match="more cells"):
        tabel_of(row, TODAY)
    assert row.raw == ["1", "01.09.2026", "absent", "ауырды"]
