"""The table of rights has a row for everything, in three languages, and gives nobody the means to raise themselves."""

import pytest

from cloud.core.actor import Actor, Reach
from cloud.core.errors import NotAllowed
from cloud.core.i18n import Language, translate
from cloud.core.rights import GRANTS, TABLE, Right, Within
from cloud.core.roles import EVERYWHERE, OF_CLASSES, OF_FAMILIES, OF_NODES, OF_SCHOOLS, STAFF, Role

SCHOOL, OTHER = 7, 8


def actor(*reaches: Reach, must_change: bool = False) -> Actor:
    return Actor("x", 1, frozenset(reaches), must_change=must_change)


def test_every_right_has_a_row_and_words_in_three_languages() -> None:
    assert set(TABLE) == set(Right)
    for row in TABLE.values():
        told = {translate(language, row.words) for language in Language}
        assert len(told) == len(Language), row.words


def test_every_role_has_its_kind_of_reach_and_no_other() -> None:
    for right, row in TABLE.items():
        for role, within in row.who.items():
            fitting = {
                Within.OWN: {Role.STUDENT, Role.GUARDIAN, *STAFF}, Within.CHILD: {Role.GUARDIAN},
                Within.COURSE: OF_CLASSES, Within.CLASS: OF_CLASSES,
                Within.SCHOOL: STAFF, Within.REGION: OF_NODES, Within.ALL: EVERYWHERE,
            }[within]  # fmt: skip
            assert role in fitting, (right, role)


@pytest.mark.parametrize("role", [role for role in Role if role in OF_SCHOOLS])
def test_a_role_at_a_school_has_at_it_what_the_table_says_and_nothing_elsewhere(role: Role) -> None:
    somebody = actor(Reach(role, SCHOOL))

    for right in Right:
        assert somebody.can(right, SCHOOL) is (TABLE[right].who.get(role) is Within.SCHOOL), right
        assert not somebody.can(right, OTHER)
        assert not somebody.can_everywhere(right)
        assert somebody.schools_with(right) == frozenset({SCHOOL} if somebody.can(right, SCHOOL) else ())


def test_a_class_teacher_reaches_the_own_classes_and_not_the_school() -> None:
    teacher = actor(Reach(Role.CLASS_TEACHER, SCHOOL), Reach(Role.CLASS_TEACHER, SCHOOL, 41))

    assert teacher.classes(Right.PRESENCE_READ, SCHOOL) == {41}
    assert teacher.classes(Right.PRESENCE_READ, OTHER) == set()
    assert teacher.classes(Right.DIETS_KEEP, SCHOOL) == set()
    assert not teacher.can(Right.PRESENCE_READ, SCHOOL)


def test_a_family_has_no_right_over_a_school_only_over_its_own() -> None:
    guardian = actor(Reach(Role.GUARDIAN, SCHOOL))

    assert guardian.kinships(Right.ORDERS_MAKE) == {Role.GUARDIAN}
    assert guardian.kinships(Right.PEOPLE_READ) == set()
    assert not any(guardian.can(right, SCHOOL) for right in Right)


def test_an_authority_reaches_its_own_schools_and_the_national_one_all() -> None:
    regional, national = actor(Reach(Role.AUTHORITY, SCHOOL)), actor(Reach(Role.AUTHORITY, None))

    assert (regional.can(Right.REPORTS_READ, SCHOOL), regional.can(Right.REPORTS_READ, OTHER)) == (True, False)
    assert regional.schools_with(Right.STATISTICS_READ) == frozenset({SCHOOL})
    assert national.schools_with(Right.STATISTICS_READ) is None
    assert not national.can(Right.PEOPLE_READ, SCHOOL)


def test_an_operator_keeps_the_machines_and_reads_no_child() -> None:
    operator = actor(Reach(Role.OPERATOR, None))

    assert operator.can_everywhere(Right.RELEASES_KEEP)
    assert not any(operator.can(right, SCHOOL) for right in (Right.PEOPLE_READ, Right.PRESENCE_READ, Right.IIN_READ))


def test_the_system_may_everything_and_a_first_password_nothing() -> None:
    system, fresh = Actor.system("test"), actor(Reach(Role.OFFICE, SCHOOL), must_change=True)

    assert all(system.can(right, SCHOOL) and system.can_everywhere(right) for right in Right)
    for right in Right:
        assert not fresh.can(right, SCHOOL)
        assert fresh.classes(right, SCHOOL) == frozenset()
        assert fresh.kinships(right) == frozenset()
        assert fresh.schools_with(right) == frozenset()
        with pytest.raises(NotAllowed):
            fresh.require(right, SCHOOL)
        with pytest.raises(NotAllowed):
            fresh.require_everywhere(right)


def test_nobody_grants_roles_that_grant_more_than_their_own() -> None:
    for granter, granted in GRANTS.items():
        assert TABLE[Right.ROLES_GIVE].who.get(granter) is not None
        if granter is not Role.OPERATOR:
            assert all(GRANTS.get(role, frozenset()) <= granted for role in granted), granter
            assert granted <= STAFF | OF_FAMILIES
