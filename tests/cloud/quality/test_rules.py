"""What is told of a course, as tables: the spread of marks, shares, and how far it is behind."""

import pytest

from cloud.core.i18n import Language
from cloud.office.quality_pages import Asked, asked, chart_of_shares, named_shares, rows_of
from cloud.quality.queries import Wanted
from cloud.quality.rules import Line, Order, ordered, together
from cloud.studies.queries import Course, Subject

MATHS = Subject(1, "mathematics", "", {"kk": "Математика", "ru": "Математика", "en": "Mathematics"}, 11, True)
MUSIC = Subject(2, "music", "", {"kk": "Музыка", "ru": "Музыка", "en": "Music"}, 1, True)


def line(
    marks: tuple[int, ...] = (), class_id: int = 5, subject: Subject = MATHS, held: int = 10, without_theme: int = 0,
    empty: int = 0, planned: int | None = None, held_year: int = 10, first: int = 1,
) -> Line:  # fmt: skip
    course = Course(
        10 * class_id + subject.id, 1, 2026, class_id, f"{class_id}А", class_id, 1, subject, "", None, "", 10, "",
        None,
    )  # fmt: skip
    return Line(course, dict(enumerate(marks, first)), held, without_theme, empty, planned, held_year)


def test_marks_are_spread_and_shares_are_of_who_has_a_mark() -> None:
    told = line((5, 4, 4, 3, 2))

    assert told.spread == {5: 1, 4: 2, 3: 1, 2: 1}
    assert (told.shares.marks, told.shares.good, told.shares.passed) == (5, 60, 80)
    assert (line().shares.marks, line().shares.good) == (0, 0)
    assert together([line((5, 5)), line((2, 2), first=3)]).good == 50


def test_a_student_counts_once_in_a_subject_that_it_learns_in_two_courses() -> None:
    told = together([line((5, 2)), line((5,)), line((4,), subject=MUSIC)])

    assert (told.marks, told.good) == (3, 67)


@pytest.mark.parametrize(
    ("planned", "held_year", "behind"),
    [(None, 3, 0), (12, 10, 2), (10, 10, 0), (8, 10, 0)],
    ids=["no plan", "behind", "with it", "ahead"],
)
def test_a_course_is_behind_by_what_its_themes_wanted_and_was_not_held(
    planned: int | None, held_year: int, behind: int
) -> None:
    assert line(planned=planned, held_year=held_year).behind == behind


@pytest.mark.parametrize("order", Order, ids=lambda order: order.value)
def test_lines_are_sorted_by_each_column_both_ways(order: Order) -> None:
    low = line((2, 3), held=1, planned=10)
    high = line((5, 5, 5), held=9, without_theme=4, empty=3, planned=90)

    assert ordered([high, low], order, is_descending=False) == ([high, low] if order is Order.COURSE else [low, high])
    assert ordered([low, high], order, is_descending=True) == ([low, high] if order is Order.COURSE else [high, low])


def test_an_address_says_what_was_asked_and_turns_the_order() -> None:
    told = asked(quarter=2, class_id=7, subject_id=0, sort="-good")
    assert told == Asked(Wanted(2, 7, 0), Order.GOOD, is_descending=True)
    assert told.to() == "quarter=2&class_id=7&sort=-good"
    assert told.turned("good") == "?quarter=2&class_id=7&sort=good"
    assert told.turned("empty") == "?quarter=2&class_id=7&sort=-empty"
    assert told.turned("course") == "?quarter=2&class_id=7"

    assert asked(sort="drop table") == Asked(Wanted(), Order.COURSE, is_descending=False)


def test_the_chart_has_a_column_a_class_or_a_subject_where_one_class_is_shown() -> None:
    assert chart_of_shares(named_shares([line((5,)), line()], "ru")) is None
    classes = chart_of_shares(named_shares([line((5, 3), 5), line((4,), 6, first=3), line((2,), 6, MUSIC)], "ru"))
    subjects = chart_of_shares(named_shares([line((5,)), line((3,), subject=MUSIC)], "en"))

    assert classes is not None
    assert [each.title for each in classes.columns] == ["5А: 50 %, 100 %", "6А: 50 %, 50 %"]
    assert subjects is not None
    assert [each.label for each in subjects.columns] == ["Mathem", "Music"]
    shares = named_shares([line((5,)), line((3,), subject=MUSIC)], "en")
    assert {name: each.good for name, each in shares.items()} == {"Mathematics": 100, "Music": 0}


def test_a_spreadsheet_has_a_row_a_course_and_blanks_where_nothing_is_known() -> None:
    heads, full, bare = rows_of([line((5, 4), planned=12), line(subject=MUSIC)], Language.EN)

    assert len(heads) == len(full) == len(bare)
    assert full == ["Mathematics, 5А", "", 2, 1, 1, 0, 0, 100, 100, 10, 2, 0, 0]
    assert bare == ["Music, 5А", "", 0, 0, 0, 0, 0, "", "", 10, "", 0, 0]
