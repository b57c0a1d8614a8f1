"""Schools of a kind, sorted by a figure, in pages."""

import pytest

from cloud.office.region_view import PAGE_SIZE, Wanted, compared
from cloud.statistics.comparing import SchoolSums
from cloud.statistics.kinds import Figures
from cloud.statistics.spans import By


def school(code: str, students: int = 400, came: int = 0, week: int = 5, shifts: int = 1, rated: int = 0) -> SchoolSums:
    figures = Figures(people=students, expected=students, came=came, rated=rated, food=4 * rated)
    return SchoolSums(code, code, code, code, 1, week, shifts, students, figures)


SCHOOLS = (
    school("a", 150, 100), school("b", 450, 440, week=6), school("c", 500, 250, shifts=2), school("d", 700, 690),
    school("e", 0),
)  # fmt: skip


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({}, "abcde"), ({"size": "small"}, "ae"), ({"size": "middle"}, "bc"), ({"size": "huge"}, ""),
        ({"week": "6"}, "b"), ({"shifts": "2", "size": "middle"}, "c"), ({"sort": "-came"}, "dbace"),
        ({"sort": "came"}, "ecabd"), ({"sort": "students"}, "eabcd"),
        ({"sort": "zzz", "size": "no", "page": "x"}, "abcde"),
    ],
)  # fmt: skip
def test_schools_are_of_a_kind_and_in_an_order(query: dict[str, str], codes: str) -> None:
    found = compared(SCHOOLS, Wanted.read(query))

    assert "".join(each.code for each in found.schools) == codes
    assert found.figures.came == sum(each.figures.came for each in found.schools)


def test_what_was_never_rated_stands_behind_what_was() -> None:
    rated = compared((school("a"), school("b", rated=3)), Wanted.read({"sort": "-food"}))

    assert [each.code for each in rated.schools] == ["b", "a"]


def test_a_page_beyond_the_last_is_the_last_and_sums_are_of_all_pages() -> None:
    many = [school(f"{number:03}", came=1) for number in range(PAGE_SIZE + 5)]

    found = compared(many, Wanted.read({"page": "9"}))

    assert (found.schools[0].code, len(found.schools)) == (f"{PAGE_SIZE:03}", 5)
    assert (found.pages, found.found, found.figures.came) == (2, PAGE_SIZE + 5, PAGE_SIZE + 5)


def test_a_link_keeps_what_was_asked_and_begins_with_the_first_page() -> None:
    wanted = Wanted.read({"node": "almaty", "by": "month", "size": "large", "page": "3"})

    assert wanted.to(on="2026-08-01") == "/region?node=almaty&by=month&on=2026-08-01&size=large"
    assert wanted.turned("came") == "/region?node=almaty&by=month&size=large&sort=-came#schools"
    assert Wanted.read({"sort": "-came"}).turned("came") == "/region?sort=came#schools"
    assert Wanted.read({"by": "century"}).by is By.DAY
