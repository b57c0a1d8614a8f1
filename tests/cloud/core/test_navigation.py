"""The menu: nobody finds a place in it twice, and nobody has more entries than can be taken in at a glance."""

from collections import Counter

import pytest

from cloud.core.actor import Actor, Reach
from cloud.core.navigation import GROUPS, PLACES, menu_of, sections_of
from cloud.core.roles import Role


def test_no_role_has_a_place_twice() -> None:
    found = Counter((role, place.path) for place in PLACES for role in place.roles)

    assert [each for each, times in found.items() if times > 1] == []


def test_who_has_few_sections_sees_each_and_who_has_many_finds_the_rest_under_a_few_words() -> None:
    authority = sections_of(Actor("x", 1, frozenset({Reach(Role.AUTHORITY, 1)})), "a")
    parent = sections_of(Actor("x", 1, frozenset({Reach(Role.GUARDIAN, 1)})), "a")
    clerk = sections_of(Actor("x", 1, frozenset({Reach(Role.OFFICE, 1)})), "a")

    of_authority, of_parent, of_clerk = menu_of(authority), menu_of(parent), menu_of(clerk)

    assert [group.label for group in of_authority] == [each.label for each in authority]
    assert [group.label for group in of_parent] == ["Children", "Notices", "Talking"]  # a line of a phone
    assert [each for group in of_clerk for each in group.sections if each not in clerk] == []
    assert sum(len(group.sections) for group in of_clerk) == len(clerk) > len(of_clerk)
    assert [group.label for group in of_clerk][:2] == ["Today", "Register"]
    assert all(len(group.sections) > 1 or group.label == group.sections[0].label for group in of_clerk)


@pytest.mark.parametrize("role", Role)
def test_nobody_has_more_than_eight_entries_and_a_word_is_in_no_menu_twice(role: Role) -> None:
    menu = menu_of(sections_of(Actor("x", 1, frozenset({Reach(role, 1)})), "a"))

    assert len(menu) <= 8
    assert len({group.label for group in menu}) == len(menu)


def test_every_word_of_the_menu_holds_sections_that_there_are() -> None:
    known = {place.key for place in PLACES}

    assert [key for keys in GROUPS.values() for key in keys if key not in known] == []
