"""Packages taken into a bank and out of it."""

import io
import zipfile

import pytest

from cloud.assessments.banks import Wanted, questions_of
from cloud.assessments.errors import TestRefused
from cloud.assessments.qti_banks import Chosen, package_of, take_package
from cloud.assessments.qti_kinds import Entry, Package, PackageRefused
from cloud.assessments.qti_packages import read_package, write_package
from cloud.core.errors import NotFound
from cloud.core.services import Services
from tests.cloud.assessments.factory import BODIES, Sitting, a_sitting
from tests.cloud.assessments.qti_samples import ALL, FOREIGN
from tests.cloud.assessments.test_qti import AT


@pytest.fixture(name="sitting")
async def _sitting(services: Services) -> Sitting:
    return await a_sitting(services)


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_a_bank_goes_out_and_comes_back_the_same(sitting: Sitting) -> None:
    services, school, english = sitting.services, sitting.school, sitting.journal.studies.subjects["english"]
    await sitting.bank(*BODIES, theme="Сандар")
    await sitting.bank(BODIES[0], theme="Басқа")
    chosen = Chosen(sitting.subject_id, 5, "Сандар")

    content = await package_of(services, sitting.teacher, school, chosen, "Математика")
    put = await take_package(
        services, sitting.journal.studies.deputy, school, Chosen(english, 5, "Жаңа"), content
    )  # fmt: skip

    assert (put.added, put.known, put.read.left_out, put.read.changed) == (len(BODIES), 0, [], [])
    before, after = [
        [
            (each.theme, each.question)
            for each in await questions_of(services, school.id, Wanted(subject, theme="Сандар"))
        ]
        for subject in (sitting.subject_id, english)
    ]
    assert before == after


async def test_what_is_there_already_is_not_put_in_again(sitting: Sitting) -> None:
    services, school, chosen = sitting.services, sitting.school, Chosen(sitting.subject_id, 5, "Сандар")
    questions = [*ALL.values(), ALL["one"]]
    content = write_package(Package("A", [Entry(each) for each in questions]), AT)

    first, again = [await take_package(services, sitting.teacher, school, chosen, content) for _ in range(2)]

    assert (first.added, first.known) == (len(ALL), 1)
    assert (again.added, again.known) == (0, len(ALL) + 1)
    found = await questions_of(services, school.id, Wanted(sitting.subject_id))
    assert {each.theme for each in found} == {"Сандар"}


async def test_what_can_be_taken_is_taken_beside_what_is_left_out(sitting: Sitting) -> None:
    content = io.BytesIO(write_package(Package("A", [Entry(ALL["one"]), Entry(ALL["word"])]), AT))
    with zipfile.ZipFile(content) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["items/item-002.xml"] = FOREIGN.format(more="<script>alert(1)</script>").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, each in files.items():
            archive.writestr(name, each)

    put = await take_package(
        sitting.services, sitting.teacher, sitting.school, Chosen(sitting.subject_id, 5), out.getvalue()
    )  # fmt: skip

    assert put.added == 1
    assert [(each.title, each.file) for each in put.read.left_out] == [("Rivers", "items/item-002.xml")]


async def test_only_who_keeps_a_bank_takes_packages_in_and_out(sitting: Sitting) -> None:
    services, school, other = sitting.services, sitting.school, sitting.journal.studies.teachers[1]
    await sitting.bank(BODIES[0])
    chosen = Chosen(sitting.subject_id, 5)

    with pytest.raises(NotFound):
        await package_of(services, other, school, chosen, "A")
    with pytest.raises(NotFound):
        await take_package(services, other, school, chosen, b"")


async def test_an_empty_bank_no_grade_and_no_package_are_refused(sitting: Sitting) -> None:
    services, school, teacher = sitting.services, sitting.school, sitting.teacher

    with pytest.raises(TestRefused, match="no such questions"):
        await package_of(services, teacher, school, Chosen(sitting.subject_id), "A")
    with pytest.raises(TestRefused, match="Choose a grade"):
        await take_package(services, teacher, school, Chosen(sitting.subject_id), b"")
    with pytest.raises(PackageRefused):
        await take_package(services, teacher, school, Chosen(sitting.subject_id, 5), b"PK")


async def test_a_package_names_its_test_by_the_subject(sitting: Sitting) -> None:
    await sitting.bank(BODIES[0], theme="Сандар")

    content = await package_of(
        sitting.services, sitting.teacher, sitting.school, Chosen(sitting.subject_id), "Математика"
    )  # fmt: skip

    assert read_package(content).package.title == "Математика"
