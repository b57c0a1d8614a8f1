"""Banks and tests through their seam: who keeps which, what a test may hold, and on which terms it is given."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.assessments.banks import (
    Filed,
    QuestionWrong,
    Wanted,
    put_question,
    question_of,
    questions_of,
    themes_of,
    turn_question,
)
from cloud.assessments.errors import TestRefused
from cloud.assessments.giving import give, take_back
from cloud.assessments.kinds import Section
from cloud.assessments.making import (
    drop_test,
    keep_sections,
    make_test,
    rename_test,
    with_questions,
    with_section,
    without_question,
    without_section,
)
from cloud.assessments.making import test_of as found_test  # a name that is no test's
from cloud.assessments.making import tests_within as made_within
from cloud.assessments.questions import Choice, Kind, Question
from cloud.assessments.reach import given_within, maker_of, reach_of
from cloud.assessments.results import given_in
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from tests.cloud.assessments.factory import BODIES, ESSAY, PI, SUM, Sitting, a_sitting, among_bodies
from tests.cloud.schools.factory import a_school

DAY = timedelta(days=1)


@pytest.fixture(name="sitting")
async def _sitting(services: Services) -> Sitting:
    return await a_sitting(services)


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_a_bank_is_kept_by_who_teaches_the_subject_and_by_who_heads_the_school(sitting: Sitting) -> None:
    numbers = await sitting.bank(SUM, PI, theme="Бөлшектер")
    numbers += await sitting.bank(ESSAY, actor=sitting.journal.deputy)
    services, school = sitting.services, sitting.school

    for actor in (sitting.journal.colleague, sitting.students[0]):  # who teaches English; who teaches nothing
        with pytest.raises((NotFound, NotAllowed)):
            await question_of(services, actor, school, numbers[0])
        with pytest.raises((NotFound, NotAllowed)):
            await sitting.bank(SUM, actor=actor)
    found = await questions_of(services, school.id, Wanted(sitting.subject_id, 5, kind=Kind.NUMBER))

    assert [each.id for each in found] == [numbers[1]]
    assert await themes_of(services.database.pool, school.id, sitting.subject_id, 5) == {"": 1, "Бөлшектер": 2}


async def test_a_question_that_cannot_be_asked_is_refused_with_all_that_is_wrong(sitting: Sitting) -> None:
    wrong = Question(Kind.CHOICE, "", Choice(SUM.options[1:]), 0)

    with pytest.raises(QuestionWrong) as refused:
        await put_question(
            sitting.services, sitting.teacher, sitting.school, Filed(sitting.subject_id, 5, "", wrong)
        )  # fmt: skip

    assert [each.where for each in refused.value.problems] == ["prompt", "options", "points"]


async def test_a_question_out_of_use_is_in_no_new_test(sitting: Sitting) -> None:
    numbers = await sitting.bank(SUM, PI)
    test_id = await sitting.test(Section("Бөлім", tuple(numbers)))
    services, teacher, school = sitting.services, sitting.teacher, sitting.school

    await turn_question(services, teacher, school, numbers[0], is_active=False)

    with pytest.raises(TestRefused, match=f"Question {numbers[0]} is out of use"):
        await sitting.give(test_id)
    with pytest.raises(TestRefused, match="in use"):
        await sitting.test(Section("Бөлім", tuple(numbers)))
    await keep_sections(services, teacher, school, test_id, without_question(0, numbers[0]))
    assert await sitting.give(test_id)


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_a_test_is_made_of_sections_that_are_changed_one_by_one(sitting: Sitting) -> None:
    numbers = await sitting.bank(SUM, PI, ESSAY, theme="Сан")
    services, teacher, school = sitting.services, sitting.teacher, sitting.school
    test_id = await make_test(services, teacher, school, sitting.subject_id, 5, " Тест  1 ")

    for change in (
        with_section(Section("Қарапайым")), with_questions(0, numbers[:2]), with_section(Section("Сан", (), "Сан", 2)),
        with_section(Section("Артық")), without_section(2), without_question(0, numbers[0]),
    ):  # fmt: skip
        await keep_sections(services, teacher, school, test_id, change)
    await rename_test(services, teacher, school, test_id, "Тест 2")

    test = await found_test(services, teacher, school, test_id)
    assert test.title == "Тест 2"
    assert test.sections == (Section("Қарапайым", (numbers[1],)), Section("Сан", (), "Сан", 2))


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (Section(""), "name"),
        (Section("Бөлім", (10**9,)), "in use"),
        (Section("Бөлім", (), "Сан", 3), "has 2 questions"),
        (Section("Бөлім", (), "Жоқ тақырып", 1), "has 0 questions"),
    ],
    ids=["no name", "unknown question", "too many drawn", "unknown theme"],
)
async def test_a_section_that_cannot_be_is_refused(sitting: Sitting, section: Section, words: str) -> None:
    await sitting.bank(SUM, PI, theme="Сан")

    with pytest.raises(TestRefused, match=words):
        await sitting.test(section)


async def test_nobody_is_asked_the_same_twice(sitting: Sitting) -> None:
    numbers = await sitting.bank(SUM, PI, theme="Сан")

    with pytest.raises(TestRefused, match="in the test already"):
        await sitting.test(Section("1", tuple(numbers)), Section("2", tuple(numbers)))
    with pytest.raises(TestRefused, match="drawn from already"):
        await sitting.test(Section("1", (), "Сан", 1), Section("2", (), "Сан", 1))
    with pytest.raises(TestRefused, match="has 1 questions"):  # the other one is asked anyway
        await sitting.give(await sitting.test(Section("1", (numbers[0],)), Section("2", (), "Сан", 2)))
    given_id = await sitting.give(await sitting.test(Section("1", (numbers[0],)), Section("2", (), "Сан", 1)))

    paper = await sitting.paper(await sitting.begin(given_id))
    assert [BODIES[among_bodies(each.question.body)] for each in paper.items] == [SUM, PI]


async def test_a_subject_of_another_school_has_no_bank_here(sitting: Sitting) -> None:
    other = await a_school(sitting.services, "astana7")
    subject_id = await sitting.services.database.pool.fetchval(
        "INSERT INTO school_subject (school_id, code, area, name_kk, name_ru, name_en)"
        " VALUES ($1, 'x', 'mathematics', 'Х', 'Х', 'X') RETURNING id", other
    )  # fmt: skip
    keeper = Actor("Әдіскер", None, frozenset({Reach(Role.METHODOLOGIST, sitting.school.id)}))

    for number in (subject_id, 10**9):
        with pytest.raises(NotFound):
            await maker_of(sitting.services, keeper, sitting.school, number)
    assert (await maker_of(sitting.services, keeper, sitting.school, sitting.subject_id)).makes_all


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_a_test_without_questions_is_not_given(sitting: Sitting) -> None:
    with pytest.raises(TestRefused, match="no questions"):
        await sitting.give(await sitting.test(Section("Бос")))


async def test_a_test_is_given_by_who_teaches_the_course_to_it(sitting: Sitting) -> None:
    test_id = await sitting.test(Section("Бөлім", tuple(await sitting.bank(SUM))))
    services, school, studies = sitting.services, sitting.school, sitting.journal.studies
    terms = sitting.terms()

    for actor, course in (
        (sitting.journal.deputy, studies.mathematics), (sitting.teacher, studies.english[0]),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            await give(services, actor, school, test_id, course, terms)
    with pytest.raises(NotFound):
        await give(services, sitting.journal.colleague, school, test_id, studies.mathematics, terms)
    given_id = await sitting.give(test_id, terms)

    for actor in (sitting.journal.deputy, sitting.journal.class_teacher, sitting.teacher):
        assert (await given_within(services, actor, school, given_id))[1].id == given_id
    with pytest.raises(NotFound):
        await given_within(services, sitting.journal.colleague, school, given_id)
    listed = await given_in(services, await reach_of(services, sitting.journal.class_teacher, school), school)
    assert [(each.given.id, each.sat) for each in listed] == [(given_id, 0)]


async def test_a_class_teacher_of_a_later_year_does_not_look_into_the_tests_of_those_who_had_the_letter_before(
    sitting: Sitting,
) -> None:
    given_id = await sitting.give(await sitting.test(Section("Бөлім", tuple(await sitting.bank(SUM)))), sitting.terms())
    later = replace(sitting.school, on=sitting.school.on + 366 * DAY)

    for actor in (sitting.journal.deputy, sitting.teacher):
        assert (await given_within(sitting.services, actor, later, given_id))[1].id == given_id
    with pytest.raises(NotFound):
        await given_within(sitting.services, sitting.journal.class_teacher, later, given_id)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"closes": -DAY}, "close after it opens"),
        ({"closes": 121 * DAY}, "120 days"),
        ({"opens": 400 * DAY, "closes": 401 * DAY}, "within a year"),
        ({"limit_min": 0}, "1 to 600 minutes"),
        ({"limit_min": 601}, "1 to 600 minutes"),
        ({"attempts": 0}, "1 to 10 attempts"),
        ({"attempts": 11}, "1 to 10 attempts"),
    ],
    ids=["in the past", "too long", "too far", "no time", "too much time", "no attempts", "too many attempts"],
)
async def test_terms_that_cannot_be_are_refused(sitting: Sitting, other: dict[str, object], words: str) -> None:
    test_id = await sitting.test(Section("Бөлім", tuple(await sitting.bank(SUM))))
    at = {f"{name}_at": sitting.now + value for name, value in other.items() if isinstance(value, timedelta)}
    said = {name: value for name, value in other.items() if not isinstance(value, timedelta)}

    with pytest.raises(TestRefused, match=words):
        await sitting.give(test_id, sitting.terms(**at, **said))


async def test_what_nobody_began_is_taken_back_and_a_test_goes_out_of_use(sitting: Sitting) -> None:
    given_id = await sitting.given(SUM)
    services, teacher, school = sitting.services, sitting.teacher, sitting.school
    test_id = (await given_within(services, teacher, school, given_id))[1].test_id

    await take_back(services, teacher, school, given_id)
    await drop_test(services, teacher, school, test_id)

    with pytest.raises(NotFound):
        await given_within(services, teacher, school, given_id)
    with pytest.raises(TestRefused, match="has ended"):
        await sitting.give(test_id)
    assert await made_within(services, await reach_of(services, teacher, school), school.id) == []
    assert (await found_test(services, teacher, school, test_id)).is_active is False


async def test_who_teaches_nothing_is_told_what_to_do(sitting: Sitting) -> None:
    stranger = Actor("Жаңа", 10**9, frozenset({Reach(Role.TEACHER, sitting.school.id)}))

    with pytest.raises(NotAllowed, match="tie your account"):
        await reach_of(sitting.services, stranger, sitting.school)
