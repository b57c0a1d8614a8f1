"""A school from a spreadsheet: all of it, or nothing and every bad row by its name."""

import time
from datetime import date

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.cards.models import Card
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.i18n import Language, translate
from cloud.core.services import Services
from cloud.imports.actions import check_import, import_school
from cloud.imports.columns import LAYOUTS, Kind
from cloud.imports.report import ImportReport
from cloud.imports.spreadsheet import read_spreadsheet
from cloud.imports.template import LANGUAGES, template
from cloud.people.actions import end_guardianship
from cloud.people.family import set_rights
from cloud.people.kinds import FamilyRight
from cloud.people.models import Guardian, Person
from cloud.people.moving import leave
from cloud.people.queries import guardians_of, people_of
from cloud.schools.queries import classes_of
from tests.cloud.imports.factory import AIGERIM, DANA, SCHOOL, STUDENTS, Rows, big_school, book, file, saved
from tests.cloud.people.factory import an_iin
from tests.cloud.schools.factory import SYSTEM, a_school


def told(report: ImportReport) -> list[tuple[str, int | None, str, str]]:
    return [(each.sheet, each.row, each.column, str(each.message)) for each in report.problems]


async def counted(services: Services) -> list[int]:
    """Return how many people, guardians, cards and answers about consents there are."""
    answers = await services.database.pool.fetchval("SELECT count(*) FROM consent_answer")
    return [*[await model.all().count() for model in (Person, Guardian, Card)], answers]


async def test_a_whole_school_goes_in_with_headings_of_three_languages(services: Services) -> None:
    school_id = await a_school(services)

    report = await import_school(services, SYSTEM, school_id, file())

    assert told(report) == []
    assert [count.figure for count in report.counts] == [2, 2, 1, 2, 2, 2]
    assert report.was_written
    people = await people_of(services, SYSTEM, school_id)
    assert [(row.name, row.class_name, row.may_have_card) for row in people] == [
        ("Ахметова Гүлнар", "", True), ("Әліби Айгерім Серікқызы", "5А", True), ("Ким Дана", "7Ә", False)
    ]  # fmt: skip
    assert [(row.name, row.shift) for row in await classes_of(services, SYSTEM, school_id)] == [("5А", 1), ("7Ә", 2)]
    assert [row.name for row in await guardians_of(services, SYSTEM, people[2].ref)] == ["Ким Виктор"]
    assert await Card.all().count() == 2
    assert (await noted_of(services, SYSTEM, school_id, Wanted()))[0].detail["Students"] == "2"


async def test_the_same_file_again_changes_nothing(services: Services) -> None:
    school_id = await a_school(services)
    await import_school(services, SYSTEM, school_id, file())
    before = await counted(services)

    assert (await import_school(services, SYSTEM, school_id, file())).was_written

    assert await counted(services) == before


GUARDIANS: Rows = [
    ["Child (IIN or number)", "Full name", "Phone", "Relation"],
    ["1", "Әліби Сауле", "8 701 234 56 78", "анасы"],
    ["1", "Әліби Серік", "8 701 234 56 79", None],
    ["1", "Әліби Бақыт", "8 701 234 56 80", "әжесі"],
]
CONSENTERS = """
SELECT name, may_consent, ended_on IS NOT NULL AS is_ended
FROM guardianship JOIN guardian ON guardian.id = guardian_id
"""


async def test_a_guardian_of_whom_the_list_does_not_say_more_may_consent_but_not_a_grandmother(
    services: Services,
) -> None:
    school_id = await a_school(services)

    await import_school(services, SYSTEM, school_id, file(guardians=GUARDIANS))

    rows = await services.database.pool.fetch(CONSENTERS)
    assert {(row["name"], row["may_consent"]) for row in rows} == {
        ("Әліби Сауле", True), ("Әліби Серік", True), ("Әліби Бақыт", False)
    }  # fmt: skip


async def test_the_same_file_again_takes_no_decision_about_a_guardian_back(services: Services) -> None:
    school_id, pool = await a_school(services), services.database.pool
    await import_school(services, SYSTEM, school_id, file(guardians=GUARDIANS))
    (child_id,) = [row["id"] for row in await pool.fetch("SELECT id FROM person WHERE number = '1'")]
    ids = {row["name"]: row["id"] for row in await pool.fetch("SELECT id, name FROM guardian")}
    await set_rights(services, SYSTEM, ids["Әліби Бақыт"], child_id, set(FamilyRight))
    await set_rights(services, SYSTEM, ids["Әліби Серік"], child_id, {FamilyRight.SEE})
    await end_guardianship(services, SYSTEM, ids["Әліби Сауле"], child_id, services.clock.now().date())

    assert (await import_school(services, SYSTEM, school_id, file(guardians=GUARDIANS))).was_written

    assert {tuple(row) for row in await pool.fetch(CONSENTERS)} == {
        ("Әліби Сауле", True, True), ("Әліби Серік", False, False), ("Әліби Бақыт", True, False)
    }  # fmt: skip


async def test_who_had_left_and_is_on_a_list_again_is_told_by_name(services: Services) -> None:
    school_id = await a_school(services)
    await import_school(services, SYSTEM, school_id, file())
    dana = await services.database.pool.fetchval("SELECT id FROM person WHERE number = '2'")
    await leave(services, SYSTEM, dana)

    checked = await check_import(services, SYSTEM, school_id, file())
    again = await import_school(services, SYSTEM, school_id, file())
    third = await import_school(services, SYSTEM, school_id, file())

    assert [[str(note) for note in report.notes] for report in (checked, again, third)] == [
        ["Had left the school, and are back by this list: Ким Дана. Is the list a new one?"]
    ] * 2 + [[]]


async def test_a_check_says_the_same_and_writes_nothing(services: Services) -> None:
    school_id = await a_school(services)

    report = await check_import(services, SYSTEM, school_id, file())

    assert (told(report), report.was_written) == ([], False)
    assert await Person.all().count() == 0


async def test_every_bad_row_is_named_and_nothing_is_half_done(services: Services) -> None:
    school_id = await a_school(services)
    students: Rows = [
        STUDENTS,
        ["Әліби", "Айгерім", None, AIGERIM, "1", "5А"],
        ["Ким", "", None, DANA, "2", "7Ә"],
        ["Иванов1", "Пётр", None, "150304500171", "3", "5А"],
        ["Сейт", "Асан", None, None, None, "5А"],
        ["Сейт", "Болат", None, None, "5", "9Ы"],
        ["Сейт", "Марат", None, None, "6", "пятый"],
    ]

    report = await import_school(services, SYSTEM, school_id, file(students=students))

    assert {problem[:3] for problem in told(report)} == {
        ("Оқушылар", row, column)
        for row, column in [(3, "Аты"), (4, "Тегі"), (4, "ЖСН"), (5, "ЖСН"), (6, "Сыныбы"), (7, "Сыныбы")]
    }
    assert not report.was_written
    assert await Person.all().count() == 0


async def test_merged_cells_stop_an_import_with_their_place(services: Services) -> None:
    school_id = await a_school(services)
    made = book(SCHOOL)
    made["Оқушылар"].merge_cells("F2:F3")

    report = await import_school(services, SYSTEM, school_id, saved(made))

    assert ("Оқушылар", 2) in {problem[:2] for problem in told(report)}
    assert "F2:F3" in told(report)[0][3]
    assert await Person.all().count() == 0


async def test_duplicate_iins_are_named_in_pairs_and_never_repeated(services: Services) -> None:
    school_id = await a_school(services)
    students: Rows = [
        STUDENTS,
        ["Әліби", "Айгерім", None, AIGERIM, "1", "5А"],
        ["Әліби", "Айнұр", None, AIGERIM, "2", "5А"],
    ]

    report = await import_school(services, SYSTEM, school_id, file(students=students))

    assert ("Оқушылар", 3, "ЖСН", "The same stands in sheet Оқушылар, row 2. Keep one of them.") in told(report)
    assert AIGERIM not in str(told(report))


async def test_a_card_of_somebody_else_is_refused_with_the_holder(services: Services) -> None:
    school_id = await a_school(services)
    await import_school(services, SYSTEM, school_id, file())
    cards: Rows = [["Кто (ИИН или номер)", "Номер карты"], ["2", "04A1B2C3D4E5F6"]]

    students: Rows = [STUDENTS, ["Жаңа", "Оқушы", None, None, "77", "5А"]]
    report = await import_school(services, SYSTEM, school_id, file(cards=cards, students=students))

    assert [problem[:3] for problem in told(report)] == [("Карты", 2, "Номер карты")]
    assert "Әліби Айгерім" in told(report)[0][3]
    assert (report.was_written, await Person.all().count(), await Card.all().count()) == (False, 3, 2)


async def test_cards_that_prove_themselves_come_with_their_kind(services: Services) -> None:
    school_id = await a_school(services)
    cards: Rows = [
        ["Кто (ИИН или номер)", "Номер карты", "Вид карты"],
        ["1", "04A1B2C3D4E5F6", "DESFire EV3"],
        ["2", "04A1B2C3D4E5F7", "sun"],
        ["т-1", "04A1B2C3D4E5F8", None],
    ]

    report = await import_school(services, SYSTEM, school_id, file(cards=cards))

    assert report.problems == ()
    assert [card.medium.value for card in await Card.all().order_by("id")] == ["desfire", "sun", "uid"]


async def test_a_kind_of_card_that_is_not_known_is_named_with_those_that_are(services: Services) -> None:
    school_id = await a_school(services)
    cards: Rows = [["Кто (ИИН или номер)", "Номер карты", "Вид карты"], ["1", "04A1B2C3D4E5F6", "магнитная"]]

    report = await import_school(services, SYSTEM, school_id, file(cards=cards))

    assert [problem.column for problem in report.problems] == ["Вид карты"]
    assert "desfire" in translate(Language.RU, report.problems[0].message)


async def test_one_card_twice_in_a_file_is_named_with_the_other_row(services: Services) -> None:
    school_id = await a_school(services)
    cards: Rows = [["Кто (ИИН или номер)", "Номер карты"], ["1", "04A1B2C3D4E5F6"], ["2", "04 a1 b2 c3 d4 e5 f6"]]

    report = await import_school(services, SYSTEM, school_id, file(cards=cards))

    assert [problem[:3] for problem in told(report)] == [("Карты", 3, "Номер карты")]
    assert "row 2" in told(report)[0][3]


async def test_a_number_that_a_phone_draws_anew_is_refused_by_its_row(services: Services) -> None:
    school_id = await a_school(services)
    cards: Rows = [["Кто (ИИН или номер)", "Номер карты"], ["1", "04A1B2C3D4E5F6"], ["2", "08A1B2C3"]]

    report = await import_school(services, SYSTEM, school_id, file(cards=cards))

    assert [problem[:3] for problem in told(report)] == [("Карты", 3, "Номер карты")]
    assert "begins with 08" in told(report)[0][3]
    assert await Person.all().count() == 0


async def test_references_to_nobody_are_named_but_not_those_to_rows_that_are_wrong_themselves(
    services: Services,
) -> None:
    school_id = await a_school(services)
    students: Rows = [STUDENTS, ["Әліби", "", None, AIGERIM, "1", "5А"], ["Ким", "Дана", None, DANA, "2", "7Ә"]]
    cards: Rows = [["Кто (ИИН или номер)", "Номер карты"], ["1", "04A1B2C3D4E5F6"], ["99", "04A1B2C3D4E5F7"]]

    report = await import_school(services, SYSTEM, school_id, file(students=students, cards=cards))

    assert [problem[:3] for problem in told(report)] == [
        ("Оқушылар", 2, "Аты"), ("Карты", 3, "Кто (ИИН или номер)")
    ]  # fmt: skip


async def test_a_reference_to_somebody_of_an_earlier_import_is_found(services: Services) -> None:
    school_id = await a_school(services)
    await import_school(services, SYSTEM, school_id, file())
    only = {"Карты": [["ИИН", "Номер карты"], [DANA, "04A1B2C3D4E5F9"]]}

    assert (await import_school(services, SYSTEM, school_id, saved(book(only)))).was_written


async def test_numbers_that_lost_their_zeros_and_dates_in_every_dress_are_understood(services: Services) -> None:
    school_id = await a_school(services)
    early = an_iin(date(2005, 3, 4), 17)
    students: Rows = [STUDENTS, ["Әліби", "Айгерім", None, float(early), 1.0, "5А"]]
    cards: Rows = [["Кто (ИИН или номер)", "Номер карты"], [1, 4112233445566]]
    consents: Rows = [
        ["Кто (ИИН или номер)", "Дата", "Источник"],
        [1, "2026-08-25", "a"], [1, "26.8.2026 г.", "b"], [1, 46259, "c"], [float(early), date(2026, 8, 28), "d"],
    ]  # fmt: skip

    report = await import_school(
        services, SYSTEM, school_id, file(students=students, cards=cards, consents=consents, guardians=[], staff=[])
    )

    assert told(report) == []
    days = await services.database.pool.fetch('SELECT "on" FROM consent_answer ORDER BY "on"')
    assert [row["on"].day for row in days] == [25, 26, 28]


@pytest.mark.parametrize(
    ("given", "said"),
    [("31.02.2026", "no such day"), ("вчера", "no date"), (date(2027, 1, 1), "still to come"), ("=TODAY()", "formula")],
)
async def test_a_date_that_cannot_be_is_named(services: Services, given: object, said: str) -> None:
    school_id = await a_school(services)
    consents: Rows = [["Кто (ИИН или номер)", "Дата", "Источник"], ["1", given, "заявление"]]

    report = await import_school(services, SYSTEM, school_id, file(consents=consents))

    assert [problem[:3] for problem in told(report)] == [("Келісімдер", 2, "Дата")]
    assert said in told(report)[0][3]


async def test_only_the_office_imports(services: Services) -> None:
    school_id = await a_school(services)

    with pytest.raises(NotAllowed):
        await import_school(
            services, Actor("Guard", None, frozenset({Reach(Role.GUARD, school_id)})), school_id, file()
        )


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_template_is_understood_in_every_language(services: Services, language: str) -> None:
    school_id = await a_school(services)

    found = read_spreadsheet(template(language))

    assert [table.kind for table in found.tables] == list(Kind)
    assert [len(table.headings) for table in found.tables] == [len(layout.columns) for layout in LAYOUTS.values()]
    report = await check_import(services, SYSTEM, school_id, template(language))
    assert told(report) == []


async def test_five_thousand_students_go_in_within_seconds(services: Services) -> None:
    school_id = await a_school(services)
    content = big_school(5000)
    began = time.perf_counter()

    report = await import_school(services, SYSTEM, school_id, content)

    took_s = time.perf_counter() - began
    assert told(report) == []
    assert report.was_written
    assert await Person.all().count() == 5000
    assert took_s < 30, f"{took_s:.1f} s: some five on an idle machine"
