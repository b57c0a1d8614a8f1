"""A school from another system's OneRoster lists: the same people again, or nothing and every bad row by its place."""

from datetime import date

import pytest

from cloud.core.i18n import Language, translate
from cloud.core.services import Services
from cloud.imports.actions import check_import, import_school
from cloud.imports.errors import FileRefused
from cloud.imports.report import ImportReport
from cloud.oneroster.files import roster_file
from cloud.oneroster.rows import Naming
from cloud.people.models import Person
from cloud.people.queries import people_of
from cloud.schools.models import SchoolClass
from tests.cloud.imports.factory import AIGERIM, DANA, file
from tests.cloud.imports.roster_factory import (
    DISTRICT,
    USERS,
    Rows,
    district,
    manifest,
    other_than,
    text_of,
    zipped,
)
from tests.cloud.oneroster.csv_judge import judged
from tests.cloud.oneroster.factory import roster
from tests.cloud.people.factory import an_iin
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.cloud.tokens.factory import it_of

pytestmark = pytest.mark.asyncio
WHOLE = zipped(district())
MEGABYTE = 1024 * 1024


def told(report: ImportReport) -> list[tuple[str, int | None, str]]:
    return [(each.sheet, each.row, each.column) for each in report.problems]


def user(sourced_id: str, family: str, given: str, **others: str) -> list[str]:
    """Return a row of users.csv."""
    cells = {"sourcedId": sourced_id, "familyName": family, "givenName": given, **others}
    return [cells.get(column, "") for column in USERS]


async def people(services: Services, school_id: int) -> list[tuple[str, str, str | None, str | None, str]]:
    classes = {row.ref: row.class_name for row in await people_of(services, SYSTEM, school_id)}
    found = await Person.filter(school_id=school_id).order_by("id")
    return [(each.name, classes[each.ref], each.number, each.sourced_id, each.position) for each in found]


@pytest.mark.requirement("KZ456-16")
async def test_a_schools_part_of_a_districts_lists_goes_in_and_the_rest_is_told(services: Services) -> None:
    school_id = await a_school(services)

    report = await import_school(services, SYSTEM, school_id, WHOLE)

    assert (told(report), report.was_written) == ([], True)
    assert [count.figure for count in report.counts] == [2, 2, 1, 0, 0, 0]
    assert sorted(await people(services, school_id)) == [
        ("Ахметова Гүлнар", "", None, "u3", "Мұғалім"),
        ("Ким Дана", "7Ә", None, "u2", ""),
        ("Әліби Айгерім Серікқызы", "5А", "101", "u1", ""),
    ]
    assert [str(note) for note in report.notes] == [
        "Classes that are no homerooms, left out: 1.",
        "Users who are neither students nor staff of this school, left out: 2.",
    ]


async def test_a_check_of_lists_writes_nothing(services: Services) -> None:
    school_id = await a_school(services)

    report = await check_import(services, SYSTEM, school_id, WHOLE)

    assert (told(report), report.was_written, await Person.all().count()) == ([], False, 0)


async def test_the_same_lists_again_double_nobody_and_take_nothing_away_that_they_do_not_know(
    services: Services,
) -> None:
    school_id = await a_school(services)
    await import_school(services, SYSTEM, school_id, WHOLE)
    await Person.filter(sourced_id="u2").update(patronymic="Викторқызы", number="7")
    await Person.filter(sourced_id="u3").update(position="директор")
    await SchoolClass.filter(letter="Ә").update(shift=2)
    before = await people(services, school_id)

    report = await import_school(services, SYSTEM, school_id, other_than("users", user("u2", "Ли", "Дана")))

    assert (told(report), report.was_written) == ([], True)
    assert await people(services, school_id) == [(name.replace("Ким", "Ли"), *rest) for name, *rest in before]
    assert (await SchoolClass.get(letter="Ә")).shift == 2


async def test_who_came_by_the_spreadsheet_is_found_by_number_or_iin_wherever_the_iin_stands(
    services: Services,
) -> None:
    school_id = await a_school(services)
    await import_school(services, SYSTEM, school_id, file())  # Айгерім: number 1; Дана: number 2
    teacher = an_iin(date(1980, 1, 2), 5)
    lists = other_than(
        "users",
        user("u1", "Әліби", "Айгерім", userIds=f"{{LDAP:a}},{{ИИН:{AIGERIM}}}"),
        user("u2", "Ким", "Дана", identifier=DANA),
        user("u3", "Ахметова", "Гүлнар", identifier="т-1", username=teacher),
    )

    report = await import_school(services, SYSTEM, school_id, lists)

    assert (told(report), report.was_written) == ([], True)
    assert [each[2:4] for each in await people(services, school_id)] == [("1", "u1"), ("2", "u2"), ("т-1", "u3")]
    kept = str([tuple(row) for row in await services.database.pool.fetch("SELECT * FROM person")])
    assert not [iin for iin in (AIGERIM, DANA, teacher) if iin in kept], "an IIN stands nowhere but sealed"


async def test_what_we_write_comes_in_again_to_the_same_people_and_classes(services: Services) -> None:
    school_id = await roster(services)
    await Person.filter(surname="Оспанова").update(number="=1+1", patronymic="О’Қызы")
    await SchoolClass(school_id=school_id, grade=0, letter="А", shift=2).save()  # which nobody is in
    before, classes = await people(services, school_id), await SchoolClass.all().order_by("id").values()
    content = await roster_file(services, it_of(school_id), school_id, Naming.ALL)
    await Person.filter(surname="Оспанова").update(number="17")

    report = await import_school(services, SYSTEM, school_id, content)

    assert told(report) == [("users.csv", 5, "identifier")], "a formula is nobody's number"
    content = await roster_file(services, it_of(school_id), school_id, Naming.ALL)
    assert (await import_school(services, SYSTEM, school_id, content)).was_written
    assert [each[0] for each in await people(services, school_id)] == [each[0] for each in before]
    assert await SchoolClass.all().order_by("id").values() == classes
    again = await roster_file(services, it_of(school_id), school_id, Naming.ALL)
    assert judged(again) == judged(content)


async def test_what_we_write_comes_in_at_another_installation(services: Services) -> None:
    school_id = await roster(services)
    content = await roster_file(services, it_of(school_id), school_id, Naming.ALL)
    other = await a_school(services)

    report = await import_school(services, SYSTEM, other, content, org="almaty15")

    assert (told(report), report.was_written) == ([], True)
    assert [each[0] for each in await people(services, other)] == [
        each[0] for each in await people(services, school_id)
    ]


async def test_who_was_erased_is_not_named_anew_by_an_older_list(services: Services) -> None:
    school_id = await roster(services)
    content = await roster_file(services, it_of(school_id), school_id, Naming.ALL)
    erased = await Person.get(surname="Сұлтан")
    await Person.filter(id=erased.id).update(surname="№", given_name=str(erased.id))

    assert (await import_school(services, SYSTEM, school_id, content)).was_written

    assert (await Person.get(id=erased.id)).surname == "№"
    assert (await Person.get(surname="Сұлтан")).sourced_id == erased.ref


async def test_a_student_whom_a_list_tells_by_a_mark_keeps_the_name(services: Services) -> None:
    school_id = await roster(services)
    before = await people(services, school_id)
    content = await roster_file(services, it_of(school_id), school_id, Naming.CONSENTED)

    report = await import_school(services, SYSTEM, school_id, content)

    assert told(report) == [("users.csv", row, "familyName") for row in (2, 3, 4)]
    assert await people(services, school_id) == before


async def test_every_bad_row_of_lists_is_named_and_nothing_is_half_done(services: Services) -> None:
    school_id = await a_school(services)
    changed: dict[str, Rows] = {
        "classes": [*DISTRICT["classes"], ["c5", "", "Алмұрт", "", "homeroom", "org-1"]],
        "users": [
            *DISTRICT["users"],
            user("u5", "Сейт1", "Асан"),
            user("u6", '=HYPERLINK("http://x")', "Болат"),
            user("u7", "Сейт", "Марат", userIds="{IIN:150304500171}"),
            user("u8", "Сейт", "Нұрлан"),
            user("u1", "Сейт", "Олжас"),
            [*user("u10", "Сейт", "Пётр"), "", "more"],
        ],
        "roles": [
            *DISTRICT["roles"],
            *([f"r{who}", who, "", "student", "org-1", ""] for who in ("u5", "u6", "u7", "u8", "u0")),
        ],
        "enrollments": [
            *DISTRICT["enrollments"],
            *([f"e{who}", "", "c1", "org-1", who, "student", ""] for who in ("u5", "u6", "u7", "u2", "u4")),
            ["e0", "", "c0", "org-1", "u1", "student", ""],
        ],
    }

    report = await import_school(services, SYSTEM, school_id, zipped(district(**changed)))

    assert set(told(report)) == {
        ("classes.csv", 6, "title"),
        ("enrollments.csv", 11, "userSourcedId"),  # a parent
        ("enrollments.csv", 12, "classSourcedId"),
        ("roles.csv", 11, "userSourcedId"),
        ("users.csv", 3, "sourcedId"),  # in two classes
        ("users.csv", 7, "familyName"),
        ("users.csv", 8, "familyName"),
        ("users.csv", 9, "userIds"),
        ("users.csv", 10, "sourcedId"),  # in no class
        ("users.csv", 11, "sourcedId"),  # twice
        ("users.csv", 12, ""),
    }
    assert (report.was_written, await Person.all().count()) == (False, 0)
    for each in report.problems:
        assert translate(Language.KK, each.message) != str(each.message)
        assert "150304500171" not in str(each.message)


async def test_identifiers_that_lead_to_two_people_are_told_and_two_rows_of_one_person_too(services: Services) -> None:
    school_id = await a_school(services)
    await import_school(services, SYSTEM, school_id, WHOLE)
    swapped = other_than("users", user("u2", "Ким", "Дана", identifier="101"), user("u1", "Әліби", "Айгерім"))
    new = user("u5", "Ким", "Дана", identifier="101")
    twice = zipped(
        district(
            users=[*DISTRICT["users"][:1], *DISTRICT["users"][2:], user("u1", "Әліби", "Айгерім"), new],
            roles=[*DISTRICT["roles"], ["r5", "u5", "", "student", "org-1", ""]],
            enrollments=[*DISTRICT["enrollments"], ["e5", "", "c1", "org-1", "u5", "student", ""]],
        )
    )

    for content, row in ((swapped, 5), (twice, 7)):
        report = await import_school(services, SYSTEM, school_id, content)

        assert (told(report), report.was_written) == ([("users.csv", row, "identifier")], False)


async def test_what_is_deleted_or_over_is_left_out_with_what_refers_to_it(services: Services) -> None:
    school_id = await a_school(services)
    gone = ["u2", "tobedeleted", *user("u2", "Ким", "Дана")[2:]]
    moved = [*DISTRICT["enrollments"], ["e5", "", "c2", "org-1", "u1", "student", "2020-05-25"]]
    files = district(users=[USERS, gone, *(row for row in DISTRICT["users"][1:] if row[0] != "u2")], enrollments=moved)

    report = await import_school(services, SYSTEM, school_id, zipped(files))

    assert (told(report), report.was_written) == ([], True)
    assert sorted(each[3] or "" for each in await people(services, school_id)) == ["u1", "u3"]
    assert str(report.notes[0]).startswith("Rows of users.csv that are marked as deleted, left out: 1.")


async def test_other_writings_of_csv_are_read_as_they_are_meant(services: Services) -> None:
    school_id = await a_school(services)
    wide = [*DISTRICT["users"][:2], user("u2", "Ким", "Дана\r\n Мария"), *DISTRICT["users"][3:]]
    files = dict(district(users=wide))
    files["roles"] = b"\xef\xbb\xbf" + files["roles"].replace(b",", b";")
    files["classes"] = text_of(DISTRICT["classes"]).decode().replace("Ә", "Б").replace("ұ", "у").encode("cp1251")

    report = await import_school(services, SYSTEM, school_id, zipped(files))

    assert (told(report), report.was_written) == ([], True)
    assert {each[:2] for each in await people(services, school_id)} >= {("Ким Дана Мария", "7Б")}


async def test_a_zip_bomb_is_refused_before_it_is_unpacked(services: Services) -> None:
    school_id = await a_school(services)
    for big in (b"0" * 49 * MEGABYTE, b"\n" * 1_600_000):
        with pytest.raises(FileRefused, match="too big"):
            await import_school(services, SYSTEM, school_id, zipped({**district(), "users": big}))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"manifest": manifest(oneroster__version="1.1")}, "not of OneRoster 1.2, but of: 1.1"),
        ({"manifest": [["a", "b"]]}, r"but of: \?"),
        ({"manifest": manifest(file__users="delta")}, r"changes only \(delta\): users.csv"),
        ({"manifest": manifest(file__roles="absent")}, "missing: roles.csv"),
        ({"users": [["sourcedId"], ["u1"]]}, "users.csv has no columns givenName, familyName"),
        ({"users": []}, "users.csv has no columns"),
        ({"orgs": [*DISTRICT["orgs"][:2], DISTRICT["orgs"][3]]}, r"almaty5 is no one .*Білім бөлімі \(org-0\), №6"),
        ({"orgs": [*DISTRICT["orgs"], ["org-3", "Х", "school", "almaty5"]]}, "almaty5 is no one organisation"),
        ({"classes": [DISTRICT["classes"][0], DISTRICT["classes"][3]]}, "no homeroom of this school"),
    ],
)
async def test_lists_that_are_not_whole_or_not_this_schools_are_refused(
    services: Services, changed: dict[str, Rows], words: str
) -> None:
    school_id = await a_school(services)

    with pytest.raises(FileRefused, match=words):
        await import_school(services, SYSTEM, school_id, zipped(district(**changed)))


async def test_what_is_no_roster_is_refused_with_what_to_do(services: Services) -> None:
    school_id = await a_school(services)
    no_manifest = {name: content for name, content in district().items() if name != "manifest"}
    in_a_folder = {f"export/{name}": content for name, content in district().items()}
    for content, words in (
        (zipped(no_manifest), "no manifest.csv"),
        (zipped(in_a_folder), "no manifest.csv"),
        (zipped({}), "no manifest.csv"),
        (zipped({**district(), "users": b"\0\1"}), "users.csv cannot be read"),
        (zipped({**district(), "roles": b'"' + b"a," * 100_000}), "roles.csv cannot be read"),
        (WHOLE.replace(b"users.csv", b"roles.csv"), "damaged"),
    ):
        with pytest.raises(FileRefused, match=words):
            await import_school(services, SYSTEM, school_id, content)
    for place in range(0, len(WHOLE), 97):
        broken = WHOLE[:place] + bytes([WHOLE[place] ^ 0xFF]) + WHOLE[place + 1 :]
        try:
            await check_import(services, SYSTEM, school_id, broken)
        except FileRefused:
            continue
    assert await Person.all().count() == 0


async def test_the_org_of_a_file_may_be_named(services: Services) -> None:
    school_id = await a_school(services, "astana1")

    report = await import_school(services, SYSTEM, school_id, WHOLE, org="org-2")

    assert report.was_written
    assert [each[:2] for each in await people(services, school_id)] == [("Өзге Ерлан", "5А")]
