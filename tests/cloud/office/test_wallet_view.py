"""What the office sees of the wallet: the right lines, their sums whole, and addresses that lead where they say."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from cloud.office.wallet_view import AGREED, EXPLAINED, PAGE_SIZE, STATES, WAITING, Filters, fitting, seen
from cloud.wallet.kinds import Kind
from cloud.wallet.queries import ChildRow, Compared, Note
from cloud.wallet.rules import Line, Meal, Place, Sum, Voucher

DAY, TODAY = date(2026, 9, 1), date(2026, 9, 14)
VOUCHER = Voucher("SK-77", 1, "lunch", DAY, TODAY, 57_700)
NOTE = Note("табельде қате", datetime(2026, 9, 2, tzinfo=UTC), "Гүлнар")


def line(person: int, *kinds: Kind, meals: int = 1, is_present: bool | None = True) -> Line:
    eaten = [Meal(f"{number}", person, DAY, "lunch", 57_700) for number in range(meals)]
    return Line(Place(DAY, person, "lunch"), replace(VOUCHER, person=person), is_present, eaten, frozenset(kinds))


LINES = [line(1), line(2, is_present=None), line(3, Kind.ABSENT), line(4, Kind.ABSENT, Kind.DOUBLE, meals=2)]
FOUND = Compared(DAY, TODAY, LINES, {(LINES[2].place, Kind.ABSENT): NOTE, (LINES[3].place, Kind.ABSENT): NOTE})


def child(person_id: int) -> ChildRow:
    return ChildRow(person_id, f"{person_id:012}", f"Әліби {person_id}", "5А")


def asked(query: dict[str, str]) -> list[int]:
    return [each.place.person for each in fitting(FOUND, Filters.read(query, TODAY), child)]


@pytest.mark.parametrize(
    ("query", "people"),
    [
        ({}, [4]),  # half explained is not explained
        ({"state": EXPLAINED}, [3]),
        ({"state": WAITING}, [2]),
        ({"state": AGREED}, [1]),
        ({"state": "nonsense"}, [4]),
        ({"kind": "double"}, [4]),
        ({"kind": "no_meal"}, []),
        ({"search": "ӘЛІБИ 4"}, [4]),
        ({"search": "sk-77"}, [4]),
        ({"search": "никто"}, []),
    ],
)
def test_the_lines_that_are_asked_for_are_shown(query: dict[str, str], people: list[int]) -> None:
    assert asked(query) == people


def test_the_sums_of_all_states_are_the_whole() -> None:
    page = seen(FOUND, Filters.read({}, TODAY), child)

    assert page.all == Sum(4, 5, 5 * 57_700)
    assert sum(page.sums[state].owed_tiyn for state in STATES) == page.all.owed_tiyn
    assert page.kinds[Kind.ABSENT] == 2


def test_of_no_days_it_is_this_month_so_far_and_an_address_leads_to_what_it_says() -> None:
    filters = Filters.read({"from": "31.09.2026", "to": "x", "page": "9"}, TODAY)

    assert (filters.first_on, filters.last_on, filters.page) == (date(2026, 9, 1), TODAY, 9)
    assert filters.to(state=AGREED, kind="") == "?from=01.09.2026&to=14.09.2026&state=agreed"
    assert Filters.read({"from": "01.08.2026", "to": "20.08.2026"}, TODAY).first_on == date(2026, 8, 1)


def test_many_lines_come_in_pages_and_a_page_that_is_not_there_is_the_last() -> None:
    many = Compared(DAY, TODAY, [line(number, Kind.NO_MEAL, meals=0) for number in range(PAGE_SIZE + 5)], {})

    page = seen(many, Filters.read({"page": "99"}, TODAY), child)

    assert (page.filters.page, page.pages, len(page.lines), page.found) == (2, 2, 5, PAGE_SIZE + 5)
