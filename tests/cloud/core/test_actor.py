"""An actor reaches what its roles reach, and nothing while its password is an initial one."""

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed

OFFICE = Actor("Office", 1, frozenset({Reach(Role.OFFICE, 7)}))


def test_a_role_holds_at_its_own_school_only() -> None:
    assert OFFICE.may(Role.OFFICE, 7)
    assert not OFFICE.may(Role.OFFICE, 8)
    assert not OFFICE.may(Role.IT, 7)


def test_an_operator_has_the_roles_of_staff_everywhere_but_is_nobodys_guardian() -> None:
    operator = Actor("Operator", 2, frozenset({Reach(Role.OPERATOR, None)}))

    assert operator.may(Role.OFFICE, 7)
    assert not operator.may(Role.GUARDIAN, 7)


def test_an_initial_password_allows_nothing() -> None:
    fresh = Actor("Office", 1, OFFICE.reaches, must_change=True)

    assert not fresh.may(Role.OFFICE, 7)
    assert fresh.schools_as(Role.OFFICE) == frozenset()
    with pytest.raises(NotAllowed):
        fresh.require(Role.OFFICE, 7)


def test_schools_are_those_of_grants() -> None:
    assert OFFICE.schools_as(Role.OFFICE, Role.IT) == {7}
