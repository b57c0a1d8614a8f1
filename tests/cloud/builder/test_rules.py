"""Rules of the builder: which days a period is, when a report is made again, and how far a role sees."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.builder.choice import Choice, Filter
from cloud.builder.errors import ChoiceRefused
from cloud.builder.kinds import Every, Period, Shape
from cloud.builder.ready import READY
from cloud.builder.rules import (
    Access,
    Scope,
    access_of,
    days_of,
    fitted,
    last_due,
    narrowed,
    next_due,
)
from cloud.builder.subjects import SUBJECTS
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from tests.cloud.builder.choices import choices

TUESDAY = date(2026, 9, 1)
SCHOOL = 1


def actor(*roles: Role, class_id: int | None = None) -> Actor:
    return Actor("x", 1, frozenset(Reach(role, SCHOOL, class_id) for role in roles))


@pytest.mark.parametrize(
    ("period", "today", "days"),
    [
        (Period.TODAY, TUESDAY, (TUESDAY, TUESDAY)),
        (Period.WEEK, TUESDAY, (date(2026, 8, 31), TUESDAY)),
        (Period.WEEK, date(2026, 9, 6), (date(2026, 8, 31), date(2026, 9, 6))),
        (Period.LAST_WEEK, TUESDAY, (date(2026, 8, 24), date(2026, 8, 30))),
        (Period.MONTH, date(2026, 9, 17), (date(2026, 9, 1), date(2026, 9, 17))),
        (Period.LAST_MONTH, date(2026, 3, 1), (date(2026, 2, 1), date(2026, 2, 28))),
        (Period.THIRTY, TUESDAY, (date(2026, 8, 3), TUESDAY)),
        (Period.YEAR, TUESDAY, (TUESDAY, TUESDAY)),
        (Period.YEAR, date(2027, 8, 31), (date(2026, 9, 1), date(2027, 8, 31))),
    ],
)
def test_a_period_is_these_days(period: Period, today: date, days: tuple[date, date]) -> None:
    assert days_of(Choice("attendance", period), today) == days


@pytest.mark.parametrize(
    ("first_on", "last_on", "why"),
    [
        (None, TUESDAY, "which day"),
        (TUESDAY, None, "which day"),
        (TUESDAY, date(2026, 8, 31), "after the last"),
        (date(2025, 1, 1), TUESDAY, "400"),
    ],
)
def test_days_that_are_none_or_too_many_are_refused(first_on: date | None, last_on: date | None, why: str) -> None:
    with pytest.raises(ChoiceRefused, match=why):
        days_of(Choice("attendance", Period.DAYS, first_on, last_on), TUESDAY)


@pytest.mark.parametrize(
    ("every", "after", "then"),
    [
        (Every.DAY, date(2026, 12, 31), date(2027, 1, 1)),
        (Every.WEEK, date(2026, 8, 31), date(2026, 9, 7)),
        (Every.WEEK, date(2026, 9, 6), date(2026, 9, 7)),
        (Every.MONTH, date(2026, 12, 31), date(2027, 1, 1)),
        (Every.MONTH, date(2026, 1, 1), date(2026, 2, 1)),
    ],
)
def test_a_report_is_made_next_on(every: Every, after: date, then: date) -> None:
    assert next_due(every, after) == then


@given(st.sampled_from(Every), st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_between_the_last_day_and_the_next_nothing_is_due(every: Every, today: date) -> None:
    last = last_due(every, today)

    assert last <= today < next_due(every, today)
    assert next_due(every, last) == next_due(every, today)


@pytest.mark.parametrize(
    ("key", "who", "scope"),
    [
        ("attendance", actor(Role.OFFICE), Scope.SCHOOL),
        ("attendance", actor(Role.CLASS_TEACHER, class_id=5), Scope.CLASSES),
        ("attendance", actor(Role.AUTHORITY), Scope.COUNTS),
        ("attendance", actor(Role.IT), Scope.NONE),
        ("attendance", actor(Role.GUARDIAN), Scope.NONE),
        ("staff_hours", actor(Role.CLASS_TEACHER, class_id=5), Scope.NONE),
        ("money", actor(Role.DIRECTOR), Scope.NONE),
        ("money", actor(Role.OFFICE), Scope.SCHOOL),
        ("money", actor(Role.AUTHORITY), Scope.NONE),
        ("deeds", actor(Role.IT), Scope.SCHOOL),
        ("deeds", actor(Role.AUDITOR), Scope.SCHOOL),
        ("absences", actor(Role.AUTHORITY), Scope.NONE),
        ("health", actor(Role.IT), Scope.SCHOOL),
    ],
)
def test_a_role_sees_so_far(key: str, who: Actor, scope: Scope) -> None:
    assert access_of(who, SCHOOL, SUBJECTS[key]).scope is scope
    assert access_of(who, SCHOOL + 1, SUBJECTS[key]).scope is Scope.NONE


@given(choices())
def test_who_sees_counts_only_is_shown_nobody(choice: Choice) -> None:
    subject = SUBJECTS[choice.subject]
    access = access_of(actor(Role.AUTHORITY), SCHOOL, subject)
    try:
        seen, _ = narrowed(subject, choice, access)
    except NotAllowed:
        return

    columns = [subject.column(key) for key in seen.shown]
    assert seen.shape is Shape.GROUPS
    assert not any(each.names for each in columns if each is not None)


@given(choices())
def test_what_fits_is_never_refused_for_who_sees_the_school(choice: Choice) -> None:
    subject = SUBJECTS[choice.subject]
    access = Access(Scope.SCHOOL)

    fit = fitted(subject, choice, access)

    assert narrowed(subject, fit, access) == (fit, [])


def test_a_reason_is_not_for_the_authority_and_says_what_it_left_out() -> None:
    choice = Choice("register", groups=("class", "reason"), measures=("count",), sort="reason")

    seen, left_out = narrowed(
        SUBJECTS["register"], choice, access_of(actor(Role.AUTHORITY), SCHOOL, SUBJECTS["register"])
    )

    assert (seen.groups, seen.sort, left_out) == (("class",), "", ["Reason"])


@pytest.mark.parametrize(
    "choice",
    [
        Choice("register", groups=("class",), measures=("count",), filters=(Filter("reason", ("ill",)),)),
        Choice("register", shape=Shape.ROWS, columns=("class", "says")),
    ],
)
def test_what_is_chosen_by_something_hidden_is_not_shown_at_all(choice: Choice) -> None:
    with pytest.raises(NotAllowed):
        narrowed(SUBJECTS["register"], choice, access_of(actor(Role.AUTHORITY), SCHOOL, SUBJECTS["register"]))


@pytest.mark.parametrize(
    "choice",
    [
        Choice("attendance", measures=("sum:student",)),
        Choice("attendance", groups=("person_id); DROP TABLE x",), measures=("count",)),
        Choice("attendance", groups=("late_min",), measures=("count",)),
        Choice("attendance", measures=("count",), filters=(Filter("class", ("5А",), least=1),)),
        Choice("attendance", measures=("count",), filters=(Filter("student", ("1",)),)),
        Choice("attendance", groups=("class",)),
        Choice("register", measures=("count",), filters=(Filter("says", ("gone",)),)),
    ],
)
def test_what_is_not_declared_is_refused(choice: Choice) -> None:
    with pytest.raises(ChoiceRefused):
        narrowed(SUBJECTS[choice.subject], choice, Access(Scope.SCHOOL))


@pytest.mark.parametrize(
    ("mine", "others", "covers"),
    [
        (Access(Scope.SCHOOL), Access(Scope.CLASSES, frozenset({1})), True),
        (Access(Scope.CLASSES, frozenset({1, 2})), Access(Scope.CLASSES, frozenset({1})), True),
        (Access(Scope.CLASSES, frozenset({2})), Access(Scope.CLASSES, frozenset({1})), False),
        (Access(Scope.COUNTS), Access(Scope.SCHOOL), False),
        (Access(Scope.SCHOOL, hidden=frozenset({"reason"})), Access(Scope.SCHOOL), False),
        (Access(Scope.SCHOOL, hidden=frozenset({"reason"})), Access(Scope.SCHOOL, hidden=frozenset({"reason"})), True),
    ],
)
def test_who_may_see_what_was_made_before(mine: Access, others: Access, covers: bool) -> None:
    assert mine.covers(others) is covers


def test_every_ready_made_report_is_one_that_its_subject_allows() -> None:
    assert len(READY) >= 6
    assert len({each.key for each in READY}) == len(READY)
    for each in READY:
        subject = SUBJECTS[each.choice.subject]
        assert narrowed(subject, each.choice, Access(Scope.SCHOOL)) == (each.choice, [])
