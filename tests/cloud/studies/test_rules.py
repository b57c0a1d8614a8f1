"""School years, and what is refused of subjects and courses: pure."""

from dataclasses import replace
from datetime import date

import pytest

from cloud.core.i18n import Language
from cloud.studies.errors import StudyRefused
from cloud.studies.kinds import AREAS, BY_CODE, SUBJECTS
from cloud.studies.rules import CourseGiven, SubjectGiven, checked_course, checked_subject, days_of, year_of

TODAY = date(2026, 9, 1)
NAMES = {"kk": "Робот техникасы", "ru": "Робототехника", "en": "Robotics"}
ROBOTICS = SubjectGiven("robotics", "choice", NAMES)
COURSE = CourseGiven(2026, 1, 1, 4)


@pytest.mark.parametrize(
    ("on", "year"),
    [(date(2026, 8, 1), 2026), (date(2026, 12, 31), 2026), (date(2027, 1, 1), 2026), (date(2027, 7, 31), 2026)],
)
def test_a_school_year_begins_in_august_and_ends_in_july(on: date, year: int) -> None:
    assert year_of(on) == year

    first_on, last_on = days_of(year)
    assert first_on <= on <= last_on
    assert year_of(first_on) == year_of(last_on) == year


@pytest.mark.requirement("KZ456-27.7")
def test_the_list_of_the_state_can_be_kept_as_it_is() -> None:
    assert len(BY_CODE) == len(SUBJECTS)
    assert {each.area for each in SUBJECTS} <= set(AREAS)
    for each in SUBJECTS:
        given = SubjectGiven(each.code, each.area, {"kk": each.kk, "ru": each.ru, "en": each.en}, each.difficulty)
        assert checked_subject(given) == given
        assert 0 <= each.grades[0] <= each.grades[1] <= 11


def test_every_grade_has_subjects_of_the_list() -> None:
    for grade in range(12):
        areas = {each.area for each in SUBJECTS if each.grades[0] <= grade <= each.grades[1]}
        assert {"languages", "mathematics", "science", "society", "sport"} <= areas


@pytest.mark.parametrize(
    "given",
    [
        replace(ROBOTICS, code=""), replace(ROBOTICS, code="Robotics"), replace(ROBOTICS, code="робот"),
        replace(ROBOTICS, code="1st"), replace(ROBOTICS, code="a" * 41), replace(ROBOTICS, area="magic"),
        replace(ROBOTICS, names=NAMES | {"kk": " "}), replace(ROBOTICS, names={"ru": "Робототехника"}),
        replace(ROBOTICS, names=NAMES | {"ru": "я" * 81}), replace(ROBOTICS, difficulty=-1),
        replace(ROBOTICS, difficulty=13),
    ],
)  # fmt: skip
def test_a_subject_is_refused_for(given: SubjectGiven) -> None:
    with pytest.raises(StudyRefused):
        checked_subject(given)


def test_names_are_kept_in_one_line_of_single_spaces() -> None:
    kept = checked_subject(replace(ROBOTICS, names={language.value: "  Robot\n  club " for language in Language}))

    assert set(kept.names.values()) == {"Robot club"}


@pytest.mark.parametrize(
    "given",
    [
        replace(COURSE, half_hours=0), replace(COURSE, half_hours=41), replace(COURSE, group="г" * 41),
        replace(COURSE, room="4" * 21), replace(COURSE, year=2024), replace(COURSE, year=2028),
    ],
)  # fmt: skip
def test_a_course_is_refused_for(given: CourseGiven) -> None:
    with pytest.raises(StudyRefused):
        checked_course(given, TODAY)


def test_a_course_may_be_of_this_year_and_those_beside_it() -> None:
    for year in (2025, 2026, 2027):
        assert checked_course(replace(COURSE, year=year, group=" 1 "), TODAY).group == "1"
