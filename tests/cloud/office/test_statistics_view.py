"""Statistics as pages show them: shares, names of stretches, charts, and where figures lead."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.formats import Formats
from cloud.core.i18n import Language
from cloud.office.statistics_view import (
    chart_of_meals,
    chart_of_presence,
    mean_of,
    name_of,
    percent_of,
    places_of,
    places_of_class,
    reasons_of,
)
from cloud.statistics.kinds import Figures
from cloud.statistics.queries import PartSums
from cloud.statistics.spans import By, stretch_of

DAY = date(2026, 9, 1)
EN = Formats(Language.EN, ZoneInfo("Asia/Almaty"))
RU = Formats(Language.RU, ZoneInfo("Asia/Almaty"))
SCHOOL = 7


def told(text: str) -> str:
    return text


def somebody(role: Role) -> Actor:
    return Actor("x", None, frozenset({Reach(role, SCHOOL)}))


def test_a_share_has_one_decimal_and_of_nothing_there_is_none() -> None:
    assert [percent_of(EN)(2, 3), percent_of(RU)(1, 8), percent_of(EN)(0, 0)] == ["66.7 %", "12,5 %", "–"]
    assert [mean_of(EN)(9, 2), mean_of(EN)(0, 0)] == ["4.5", "–"]


@pytest.mark.parametrize(
    ("by", "name"),
    [
        (By.DAY, "Tuesday, September 1, 2026"), (By.WEEK, "Mon, Aug 31 – Sun, Sep 6"), (By.MONTH, "September 2026"),
        (By.YEAR, "2026/2027"),
    ],
)  # fmt: skip
def test_a_stretch_is_named_as_it_is_read(by: By, name: str) -> None:
    assert name_of(stretch_of(by, DAY), EN) == name


def test_columns_tell_their_figures_and_months_of_a_year_are_numbered() -> None:
    days = [PartSums(part, Figures(came=8, not_seen=2)) for part in stretch_of(By.WEEK, DAY).parts]
    year = [PartSums(part, Figures(free=3, subsidised=1, cash=2)) for part in stretch_of(By.YEAR, DAY).parts]

    presence, meals = chart_of_presence(days, EN, told), chart_of_meals(year, EN, told)

    assert presence.columns[1].title == "Tue, Sep 1: At school: 8, Not seen at the gates: 2"
    assert [each.label for each in presence.columns] == ["31", "01", "02", "03", "04", "05", "06"]
    assert meals.columns[0].title == "September 2026: Free or for less: 4, Paid: 2"
    assert [each.label for each in meals.columns][:3] == ["09", "", "11"]


def test_reasons_come_by_how_many_they_are_and_none_where_there_are_none() -> None:
    assert reasons_of(Figures(ill=2, family=4)) == [("counted_family", 4, 100.0), ("counted_ill", 2, 50.0)]
    assert reasons_of(Figures()) == []


@pytest.mark.parametrize(
    ("role", "by", "is_today", "came", "meals"),
    [
        (Role.DIRECTOR, By.DAY, True, "/schools/s1/office", "/schools/s1/sold?on=01.09.2026"),
        (Role.DIRECTOR, By.DAY, False, "/schools/s1/register?on=01.09.2026", "/schools/s1/sold?on=01.09.2026"),
        (Role.DIRECTOR, By.MONTH, False, "/schools/s1/reports?subject=attendance", "/schools/s1/reports?subject=meals"),
        (Role.AUTHORITY, By.DAY, True, "/schools/s1/reports?subject=attendance", "/schools/s1/reports?subject=meals"),
        (Role.GUARD, By.DAY, True, "", ""),
    ],
)
def test_a_figure_leads_to_the_list_that_its_reader_may_open(
    role: Role, by: By, is_today: bool, came: str, meals: str
) -> None:
    places = places_of(somebody(role), SCHOOL, "s1", stretch_of(by, DAY), is_today=is_today)

    assert (places["came"], places["meals"]) == (came, meals)


def test_a_class_leads_to_its_register_on_a_day_only() -> None:
    day, month = (places_of_class("s1", 5, stretch_of(by, DAY), opens=True) for by in (By.DAY, By.MONTH))

    assert (day["came"], month["came"]) == ("/schools/s1/register/5?on=01.09.2026", "")
    assert places_of_class("s1", 5, stretch_of(By.DAY, DAY), opens=False)["came"] == ""
