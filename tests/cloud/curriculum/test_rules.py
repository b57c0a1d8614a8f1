"""What is refused of plans and what is told of them: pure."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cloud.curriculum.errors import PlanRefused
from cloud.curriculum.kinds import ThemeKind
from cloud.curriculum.rules import (
    UNITS_MAX,
    Differs,
    PlanGiven,
    Theme,
    Unit,
    checked_hours,
    checked_plan,
    checked_theme,
    checked_units,
    differences_of,
    half_hours_taught,
    remarks_of_item,
    remarks_of_plan,
    remarks_of_themes,
    weeks_of,
)
from tests.cloud.curriculum.factory import PLAN, TERMS, THEMES, WEEKS

TODAY = date(2026, 9, 1)
THEME = Theme("Сандар", "Бөлшектер", 2, 3)


@pytest.mark.parametrize(
    "given",
    [
        replace(PLAN, title=" "), replace(PLAN, title="ж" * 121), replace(PLAN, paper="п" * 121),
        replace(PLAN, approved_by="а" * 121), replace(PLAN, grade=13), replace(PLAN, grade=-1),
        replace(PLAN, language="xx"), replace(PLAN, weeks=0), replace(PLAN, weeks=53), replace(PLAN, year=2024),
        replace(PLAN, year=2028),
    ],
)  # fmt: skip
def test_a_heading_is_refused_for(given: PlanGiven) -> None:
    with pytest.raises(PlanRefused):
        checked_plan(given, TODAY)


@pytest.mark.parametrize(("half_hours", "year_hours"), [(0, 34), (41, 34), (2, 0), (2, 1_001)])
def test_hours_that_no_subject_has_are_refused(half_hours: int, year_hours: int) -> None:
    with pytest.raises(PlanRefused):
        checked_hours(half_hours, year_hours)


@pytest.mark.parametrize(
    "units",
    [[Unit("", 4)], [Unit("Сандар", 0)], [Unit("с" * 201, 4)], [Unit("Сандар", 501)], [Unit("С", 1)] * (UNITS_MAX + 1)],
)
def test_units_are_refused_for(units: list[Unit]) -> None:
    with pytest.raises(PlanRefused):
        checked_units(units)


@pytest.mark.parametrize(
    "given",
    [
        replace(THEME, title=""), replace(THEME, title="т" * 201), replace(THEME, unit="б" * 201),
        replace(THEME, hours=0), replace(THEME, hours=101), replace(THEME, week=0), replace(THEME, week=53),
    ],
)  # fmt: skip
def test_a_theme_is_refused_for(given: Theme) -> None:
    with pytest.raises(PlanRefused):
        checked_theme(given)


def test_weeks_of_teaching_are_those_of_which_terms_hold_three_days_or_more() -> None:
    mondays = weeks_of(TERMS, 2026)

    assert len(mondays) == WEEKS
    assert mondays[0] == date(2026, 8, 31)  # the first of September is a Tuesday
    assert all(monday.weekday() == 0 for monday in mondays)
    assert weeks_of([(date(2026, 9, 3), date(2026, 9, 4))], 2026) == []  # two days
    assert weeks_of([(date(2026, 9, 2), date(2026, 9, 6))], 2026) == [date(2026, 8, 31)]  # three, and a weekend
    assert weeks_of(TERMS, 2025) == []


def test_a_week_that_two_terms_share_is_one() -> None:
    monday = date(2026, 11, 2)

    assert weeks_of([(monday, monday + timedelta(days=1)), (monday + timedelta(days=3), monday + timedelta(days=4))],
                    2026) == [monday]  # fmt: skip


def test_a_plan_of_36_weeks_in_a_year_of_34_is_told() -> None:
    (remark,) = remarks_of_plan(36, 34)

    assert str(remark) == "The plan is for 36 weeks; the school's terms of this year have 34."
    assert remarks_of_plan(34, 34) == remarks_of_plan(36, None) == []


def test_hours_of_a_year_and_of_units_that_do_not_fit_are_told() -> None:
    units = [Unit("Сандар", 100), Unit("Теңдеулер", 70)]

    assert remarks_of_item(10, 170, 34, units) == remarks_of_item(10, 170, 34, []) == []
    assert remarks_of_item(3, 51, 34, []) == []  # one and a half a week
    assert [remark.text.split(" ")[0] for remark in remarks_of_item(10, 180, 34, units)] == ["By", "The"]


@pytest.mark.parametrize(
    ("themes", "half_hours", "weeks", "told"),
    [
        ((), 10, 34, []),
        (THEMES, 6, 2, []),
        (THEMES, 10, None, []),
        (THEMES, 10, 34, ["The themes have"]),
        (THEMES, 12, 1, ["Some themes are"]),
        ((THEMES[1], THEMES[0], THEMES[2]), 6, 2, ["The weeks are"]),
        ((replace(THEMES[1], week=None), *THEMES[::2]), 6, 2, []),
    ],
)
def test_what_does_not_fit_in_a_thematic_plan_is_told(
    themes: tuple[Theme, ...], half_hours: int, weeks: int | None, told: list[str]
) -> None:
    remarks = remarks_of_themes(themes, half_hours, weeks)

    assert [" ".join(remark.text.split(" ")[:3]) for remark in remarks] == told


@pytest.mark.parametrize(
    ("whole", "groups", "taught"),
    [(10, [], (10,)), (0, [6, 6], (6,)), (2, [4, 4], (6,)), (0, [6, 4], (4, 6)), (2, [0], (2,))],
)
def test_a_student_of_a_group_has_the_groups_hours_and_the_classs(
    whole: int, groups: list[int], taught: tuple[int, ...]
) -> None:
    assert half_hours_taught(whole, groups) == taught


def test_a_class_differs_by_what_is_missing_other_or_more() -> None:
    planned = {1: 10, 2: 6, 3: 4}

    found = differences_of(planned, {1: (10,), 2: (4, 6), 4: (2,)})

    assert [(each.subject_id, each.how, each.planned, each.taught) for each in found] == [
        (2, Differs.OTHER, 6, (4, 6)), (3, Differs.MISSING, 4, ()), (4, Differs.MORE, 0, (2,)),
    ]  # fmt: skip
    assert differences_of(planned, {1: (10,), 2: (6,), 3: (4,)}) == []


def test_a_theme_is_kept_in_one_line() -> None:
    assert checked_theme(Theme(" Б  ", "Ондық\nбөлшек ", 1, None, ThemeKind.SOCH)) == Theme(
        "Б", "Ондық бөлшек", 1, None, ThemeKind.SOCH
    )
