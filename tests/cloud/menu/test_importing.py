"""Lists of dishes as Excel saves them: cp1251, semicolons, emoji, negative prices; whole or not at all."""

import csv
import io
from dataclasses import replace

import pytest

from cloud.core.errors import NotAllowed
from cloud.core.i18n import Language
from cloud.menu.dishes import add_dish
from cloud.menu.importing import import_dishes
from cloud.menu.queries import DishRow, dishes_of
from cloud.menu.reading import FILE_MAX, ROWS_MAX, FileRefused, headings, read_dishes
from tests.cloud.menu.factory import TEA, Canteen
from tests.cloud.schools.factory import a_school

LIST = """Прейскурант школьной столовой;;;;;;
Код;Название;Категория;Цена;Выход;Аллергены;Ккал
plov-1;Плов с говядиной;Основные блюда;"650,50";250 г;сельдерей, мёд;410,2
;Компот из сухофруктов;Напитки; 80 тг ;200 мл;;

;Хлеб;Хлеб и выпечка;60;40 г;Злаки с глютеном;90
"""


async def names(canteen: Canteen) -> dict[str, DishRow]:
    dishes = await dishes_of(canteen.services, canteen.cook, canteen.school_id)
    return {dish.names.ru: dish for dish in dishes}


async def test_a_list_that_excel_saved_as_cp1251_is_taken_and_known_dishes_get_a_version(canteen: Canteen) -> None:
    read = await import_dishes(canteen.services, canteen.cook, canteen.school_id, LIST.encode("cp1251"))

    dishes = await names(canteen)
    plov = dishes["Плов с говядиной"]
    assert (read.added, read.changed, read.unchanged, read.problems) == (2, 1, 0, ())
    assert (plov.key, plov.price_tiyn, plov.category, plov.allergens, plov.energy_kcal) == (
        "plov-1", 65_050, "main", ("celery", "мёд"), 410,
    )  # fmt: skip
    assert (dishes["Хлеб"].version, dishes["Хлеб"].price_tiyn) == (2, 6_000)
    again = await import_dishes(canteen.services, canteen.cook, canteen.school_id, LIST.encode("utf-8-sig"))
    assert (again.added, again.changed, again.unchanged) == (0, 0, 3)


async def test_an_emoji_is_a_part_of_a_name(canteen: Canteen) -> None:
    content = "name,price\nПицца 🍕 «Күн»,990\n".encode()

    read = await import_dishes(canteen.services, canteen.cook, canteen.school_id, content)

    assert read.added == 1
    assert (await names(canteen))["Пицца 🍕 «Күн»"].price_tiyn == 99_000


async def test_a_negative_price_is_refused_by_its_row_and_nothing_is_half_done(canteen: Canteen) -> None:
    content = "Название;Цена\nСуп;100\nПлов;-650\nЧай;;\n;55\nРис;100\nРИС;110\n"

    read = await import_dishes(canteen.services, canteen.cook, canteen.school_id, content.encode("cp1251"))

    told = {problem.row: str(problem.message) for problem in read.problems}
    assert sorted(told) == [3, 4, 5, 7]
    assert "never negative" in told[3]
    assert "price is missing" in told[4]
    assert "needs a name" in told[5]
    assert "row 6" in told[7]
    assert "Суп" not in await names(canteen)


async def test_a_row_that_only_the_tables_can_refuse_undoes_the_rows_before_it(canteen: Canteen) -> None:
    content = "Название;Цена;Штрихкод\nСок;100;4870001234\nМорс;100;4870001234\n"

    read = await import_dishes(canteen.services, canteen.cook, canteen.school_id, content.encode())

    assert [(problem.row, "another dish" in str(problem.message).lower()) for problem in read.problems] == [(3, True)]
    assert "Сок" not in await names(canteen)


async def test_codes_of_a_list_leave_room_for_dishes_that_are_added_later(canteen: Canteen) -> None:
    content = "Код;Название;Цена\n99999999;Сок;100\n5;Морс;100\n"
    await import_dishes(canteen.services, canteen.cook, canteen.school_id, content.encode())

    keys = [
        await add_dish(canteen.services, canteen.cook, canteen.school_id, replace(TEA, price_tiyn=price))
        for price in (1, 2)
    ]

    assert keys == ["6", "7"]


async def test_a_list_touches_no_other_school_and_no_set(canteen: Canteen) -> None:
    other_id = await a_school(canteen.services, "almaty6")
    with pytest.raises(NotAllowed):
        await import_dishes(canteen.services, canteen.cook, other_id, LIST.encode())

    read = await import_dishes(
        canteen.services, canteen.cook, canteen.school_id, "Название;Цена\nОбед 1-4;5\n".encode()
    )

    assert [problem.row for problem in read.problems] == [2]
    assert (await names(canteen))["Обед 1-4"].price_tiyn == 57_700


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_every_encoding_and_separator_of_excel_is_read(encoding: str, separator: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows([["Наименование", "Цена, тг"], ["Лагман", "700"]])

    (draft,), problems = read_dishes(out.getvalue().encode(encoding))

    assert (draft.dish.names.kk, draft.dish.price_tiyn, draft.dish.category, problems) == (
        "Лагман",
        70_000,
        "other",
        [],
    )


@pytest.mark.parametrize("language", Language)
def test_the_empty_list_has_headings_that_are_known(language: Language) -> None:
    content = ";".join(headings(language)) + "\nd-1;Нан;Хлеб;Bread;;50;40 g;;flour;milk;\n"

    (draft,), _ = read_dishes(content.encode())

    assert (draft.key, draft.dish.names.en, draft.dish.allergens) == ("d-1", "Bread", ("milk",))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "headings"),
        (b"PK\x03\x04rest", "workbook"),
        (b"\xff\xfe\x00", "no CSV"),
        (b"\x98\x98\x98", "no CSV"),
        (b"a,b\0,c", "no CSV"),
        (b"one;two\n1;2\n", "headings"),
        ("Название;Цена\n".encode(), "no dish below"),
        (b"x" * (FILE_MAX + 1), "too big"),
        (("Название;Цена\n" + "Суп;1\n" * ROWS_MAX).encode(), "rows"),
        (b'name,price\n"' + b"x" * 200_000, "no CSV"),
    ],
)
def test_what_is_no_list_is_refused_with_what_to_do(content: bytes, why: str) -> None:
    with pytest.raises(FileRefused, match=why):
        read_dishes(content)
