"""The office's view of a roll: filters, counts, order, pages, and addresses that say it all."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cloud.attendance.queries import PersonToday
from cloud.attendance.standing import Standing
from cloud.office.view import PAGE_SIZE, STATES, Filters, today_of

AT = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)


def person(number: int, standing: Standing = Standing.INSIDE, late_min: int = 0, role: str = "student") -> PersonToday:
    grade, letter = (number % 3 + 9, "А") if role == "student" else (0, "")
    came = AT + timedelta(minutes=late_min - number) if standing is Standing.INSIDE else None
    return PersonToday(
        ref=f"{number:012d}", name=f"Оқушы {number:04d}", role=role, class_name=f"{grade}{letter}" if letter else "",
        class_order=(grade, letter), standing=standing, first_in_at=came, last_out_at=None, late_min=late_min,
        without_card=False,
    )  # fmt: skip


ROLL = [
    *(person(number) for number in range(70)),
    *(person(number, late_min=5) for number in range(70, 75)),
    *(person(number, Standing.ABSENT) for number in range(75, 80)),
    *(person(number, Standing.AWAY, role="staff") for number in range(80, 83)),
]


def test_students_are_counted_by_class_and_state() -> None:
    today = today_of(ROLL, Filters())

    assert (today.all.total, today.all["inside"], today.all["late"], today.all["absent"]) == (80, 75, 5, 5)
    assert [each.name for each in today.classes] == ["9А", "10А", "11А"]
    assert sum(each.total for each in today.classes) == 80


def test_a_filter_narrows_the_list_and_not_the_counts() -> None:
    today = today_of(ROLL, Filters.read({"state": "late"}))

    assert (today.found, today.all.total) == (5, 80)


def test_a_list_goes_in_pages_and_a_page_too_far_is_the_last() -> None:
    today = today_of(ROLL, Filters.read({"page": "99"}))

    assert (today.filters.page, today.pages, len(today.people)) == (2, 2, 80 - PAGE_SIZE)


def test_a_column_sorts_and_sorts_back() -> None:
    filters = Filters.read({"sort": "in"})
    earliest = today_of(ROLL, filters).people[0]

    assert earliest.name == "Оқушы 0069"
    assert Filters.read({"sort": "-in"}).turned("in") == "?sort=in"
    assert filters.turned("in") == "?sort=-in"
    assert filters.turned("name") == "?"


def test_a_search_knows_no_capitals() -> None:
    assert today_of(ROLL, Filters.read({"search": "ОҚУШЫ 0003"})).found == 1


@given(st.dictionaries(st.sampled_from(["role", "state", "class", "search", "sort", "page"]), st.text(max_size=80)))
def test_no_query_is_too_odd(query: dict[str, str]) -> None:
    today = today_of(ROLL, Filters.read(query))

    assert 0 <= len(today.people) <= PAGE_SIZE
    assert today.filters.state in {"", *STATES}
