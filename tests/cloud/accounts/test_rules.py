"""Rules of accounts, as tables of cases."""

from datetime import timedelta

import pytest

from cloud.accounts.errors import LoginRefused, PasswordRefused
from cloud.accounts.granting import may_give
from cloud.accounts.passwords import COMMON, draw_password
from cloud.accounts.rules import WAIT_MAX, check_password, normal_login, wait_after
from cloud.core.actor import Actor, Reach, Role


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Office.5@School.KZ ", "office.5@school.kz"),
        ("8 (701) 234-56-78", "+77012345678"),
        ("+7 701 234 56 78", "+77012345678"),
        ("7012345678", "+77012345678"),
        ("guard-1", "guard-1"),
    ],
)
def test_a_login_is_kept_in_one_form_however_it_is_typed(typed: str, kept: str) -> None:
    assert normal_login(typed) == kept


@pytest.mark.parametrize("typed", ["", "ab", "Күзетші", "a b c", "x" * 121, "-guard"])
def test_what_is_no_login_is_refused(typed: str) -> None:
    with pytest.raises(LoginRefused):
        normal_login(typed)


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "x" * 129,
        "aaaaaaaaaaaa",
        "abcdefghijkl",
        "qwertyuiop",
        "Пароль12345",
        "aigerim-2026",
        "office5-office5",
    ],
)
def test_a_password_that_would_be_guessed_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused):
        check_password(password, "office5@school.kz", "Aigerim Serik", COMMON)


@pytest.mark.parametrize("password", ["lamp river 42 stone", "көктем жаңбыр терезе", "k7mw-3hqp-x9tn"])
def test_unrelated_words_are_a_password(password: str) -> None:
    check_password(password, "office5@school.kz", "Aigerim Serik", COMMON)


def test_initial_passwords_differ_and_can_be_read_out() -> None:
    drawn = {draw_password() for _ in range(100)}

    assert len(drawn) == 100
    assert all(len(password) == 14 and password.count("-") == 2 for password in drawn)


def test_waiting_grows_from_nothing_to_a_limit() -> None:
    waits = [wait_after(failures, 5, WAIT_MAX).total_seconds() for failures in range(1, 13)]

    assert waits == [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900]
    assert wait_after(10**9, 5, WAIT_MAX) == WAIT_MAX > timedelta()


@pytest.mark.parametrize(
    ("granter", "role", "school", "allowed"),
    [
        (Role.IT, Role.OFFICE, 7, True),
        (Role.IT, Role.OFFICE, 8, False),
        (Role.IT, Role.OPERATOR, None, False),
        (Role.OFFICE, Role.GUARDIAN, 7, True),
        (Role.OFFICE, Role.IT, 7, False),
        (Role.GUARD, Role.GUARDIAN, 7, False),
        (Role.GUARDIAN, Role.GUARDIAN, 7, False),
    ],
)
def test_roles_are_granted_downwards_at_the_own_school(
    granter: Role, role: Role, school: int | None, allowed: bool
) -> None:
    assert may_give(Actor("x", 1, frozenset({Reach(granter, 7)})), role, school) is allowed
