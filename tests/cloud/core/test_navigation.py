"""The menu: nobody finds a place in it twice."""

from collections import Counter

from cloud.core.navigation import PLACES


def test_no_role_has_a_place_twice() -> None:
    found = Counter((role, place.path) for place in PLACES for role in place.roles)

    assert [each for each, times in found.items() if times > 1] == []
