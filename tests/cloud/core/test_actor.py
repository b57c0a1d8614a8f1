"""An actor reaches what its roles reach, and nothing while its password is an initial one."""

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.rights import Right

OFFICE = Actor("Office", 1, frozenset({Reach(Role.OFFICE, 7)}))


def test_a_right_holds_at_the_own_school_only() -> None:
    OFFICE.require(Right.PEOPLE_KEEP, 7)

    for right, school_id in ((Right.PEOPLE_KEEP, 8), (Right.DEVICES_KEEP, 7)):
        with pytest.raises(NotAllowed):
            OFFICE.require(right, school_id)


def test_an_initial_password_allows_nothing() -> None:
    fresh = Actor("Office", 1, OFFICE.reaches, must_change=True)

    assert not fresh.can(Right.PEOPLE_KEEP, 7)
    assert fresh.schools_as(Role.OFFICE) == frozenset()


def test_schools_are_those_of_grants() -> None:
    assert OFFICE.schools_as(Role.OFFICE, Role.IT) == {7}
