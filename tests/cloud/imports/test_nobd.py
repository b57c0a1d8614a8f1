"""Tables for NOBD: labelled for what they are, told in three languages, and taken in again as they are."""

import csv
import io
import zipfile

import pytest
from openpyxl import load_workbook

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.imports.actions import import_school
from cloud.imports.nobd import LABEL, NAME, nobd_file
from tests.cloud.imports.factory import AIGERIM, file
from tests.cloud.schools.factory import SYSTEM, a_school

PEOPLE = "SELECT surname, given_name, patronymic, iin_digest, number, position, grade, letter FROM person"
JOINED = " LEFT JOIN school_class ON school_class.id = school_class_id WHERE person.school_id = $1 ORDER BY sort_key"


@pytest.fixture(name="school_id")
async def _school_id(services: Services) -> int:
    school_id = await a_school(services)
    assert (await import_school(services, SYSTEM, school_id, file())).was_written
    return school_id


def opened(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


@pytest.mark.requirement("KZ456-15")
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
async def test_what_goes_to_nobd_comes_back_as_the_same_people(
    services: Services, school_id: int, language: str
) -> None:
    other = await a_school(services, "astana7")

    with opened(await nobd_file(services, SYSTEM, school_id, language)) as archive:
        report = await import_school(services, SYSTEM, other, archive.read(f"{NAME}.xlsx"))

    assert (report.problem_count, report.was_written) == (0, True)
    before, after = [await services.database.pool.fetch(PEOPLE + JOINED, each) for each in (school_id, other)]
    assert len(before) == 3
    assert [dict(row) for row in after] == [dict(row) for row in before]


@pytest.mark.requirement("KZ456-15")
async def test_csv_tells_the_date_of_birth_and_sex_that_an_iin_tells(services: Services, school_id: int) -> None:
    with opened(await nobd_file(services, SYSTEM, school_id, "ru")) as archive:
        text = archive.read(f"{NAME}-students.csv").decode("utf-8-sig")

    first = next(row for row in csv.DictReader(io.StringIO(text)) if row["ИИН"] == AIGERIM)
    assert (first["Фамилия"], first["Класс"], first["Дата рождения"]) == ("Әліби", "5А", "04.03.2015")
    assert first["Пол"] in {"мужской", "женский"}


async def test_every_file_says_that_it_is_shaped_after_and_not_certified(services: Services, school_id: int) -> None:
    for language, label in LABEL.items():
        with opened(await nobd_file(services, SYSTEM, school_id, language)) as archive:
            assert all("456" in name for name in archive.namelist() if name != "README.txt")
            readme = archive.read("README.txt").decode()
            assert all(line in readme for lines in LABEL.values() for line in lines)
            about = load_workbook(io.BytesIO(archive.read(f"{NAME}.xlsx"))).worksheets[0]
            assert [cell.value for (cell,) in about.iter_rows(max_col=1)] == list(label)


async def test_only_who_may_see_iins_takes_them_and_the_journal_says_so(services: Services, school_id: int) -> None:
    for role in (Role.DIRECTOR, Role.IT, Role.GUARD, Role.GUARDIAN):
        with pytest.raises(NotAllowed):
            await nobd_file(services, Actor("x", None, frozenset({Reach(role, school_id)})), school_id, "kk")

    office = Actor("Office", None, frozenset({Reach(Role.OFFICE, school_id)}))
    await nobd_file(services, office, school_id, "kk")

    entry = (await noted_of(services, office, school_id, Wanted()))[0]
    assert (entry.verb, entry.detail) == ("nobd.taken", {"classes": "2", "students": "2", "staff": "1"})


async def test_what_somebody_typed_is_no_formula(services: Services, school_id: int) -> None:
    await services.database.pool.execute("UPDATE person SET surname = '=1+1' WHERE iin_digest IS NOT NULL")

    with opened(await nobd_file(services, SYSTEM, school_id, "en")) as archive:
        assert "'=1+1" in archive.read(f"{NAME}-students.csv").decode("utf-8-sig")
        sheet = load_workbook(io.BytesIO(archive.read(f"{NAME}.xlsx")))["Students"]
        assert sheet["A2"].data_type == "s"
