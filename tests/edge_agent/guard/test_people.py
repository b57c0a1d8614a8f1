"""Who is found at the desk: by class in a school's order, by name, and by what the desk's roster tells."""

from edge_agent.guard.book import Book
from edge_agent.guard.people import People
from edge_agent.rows import Rows, header_of
from schemas.roster import body_of, row
from tests.edge_agent.guard.bench import COOK, PEOPLE, STAFF
from tests.edge_agent.school import ALIYA, BORIS, GUARD, header, person, roster

LISTED = row(
    "collector", ALIYA,
    [
        ["Сәуле", "mother", "", ""], ["Марат", "driver", "2026-09-02", "2026-09-02"],
        ["Гүл", "grandparent", "", "2026-09-01"],
    ],
)  # fmt: skip


def test_classes_stand_in_a_schools_order_and_the_staff_last() -> None:
    people = People(roster(*PEOPLE, row("person", "tenb00000000", "Т", "10Б", "student", 1, 1, "day")))

    assert people.classes == ["1А", "10Б", "11Б", ""]
    assert ALIYA in {each.ref for each in people.of_class("1А")}
    assert [each.ref for each in people.of_class("")] == [GUARD]
    assert people.of_class("9Ж") == []


def test_somebody_is_found_by_the_beginnings_of_words_and_who_left_is_not() -> None:
    people = People(roster(*PEOPLE, person("gone00000000", active=0)))

    assert [each.ref for each in people.find("конст бор")] == [BORIS]
    assert [each.ref for each in people.find("11б")] == [BORIS]
    assert people.find("  ") == people.find("gone") == []


def book(*rows: bytes) -> Book:
    made = Rows(header_of(header()), body_of(list(rows)))
    return Book(lambda: made)


def test_only_guards_sign_in_and_faces_are_those_of_the_desks_roster() -> None:
    found = book(STAFF, COOK, row("face", ALIYA, "ab" * 32))

    assert [each.ref for each in found.guards()] == [GUARD]
    assert (found.face(ALIYA), found.face(BORIS), found.faces()) == ("ab" * 32, "", frozenset({"ab" * 32}))


def test_who_may_collect_a_child_is_told_for_the_day_and_an_unknown_relation_is_another_one() -> None:
    found = book(LISTED)

    assert [(each.name, each.relation) for each in found.collectors(ALIYA, "2026-09-02")] == [
        ("Сәуле", "mother"),
        ("Марат", "other"),
    ]
    assert [each.name for each in found.collectors(ALIYA, "2026-09-01")] == ["Сәуле", "Гүл"]
    assert found.collectors(BORIS, "2026-09-01") == ()


def test_without_a_roster_nobody_signs_in_and_no_photo_is_thrown_away() -> None:
    found = Book(lambda: None)

    assert (found.guards(), found.face(ALIYA), found.faces()) == ([], "", None)
