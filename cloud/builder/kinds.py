"""Kinds of columns, periods, rhythms and charts of the report builder, with their words."""

from dataclasses import dataclass
from enum import StrEnum

from cloud.core.i18n import N_


class Kind(StrEnum):
    """What a column holds, and so how it is shown, filtered and measured."""

    DAY = "day"
    WEEK = "week"  # by its Monday
    MONTH = "month"  # by its first day
    WEEKDAY = "weekday"  # 1 to 7, from Monday on
    HOUR = "hour"  # of the day, 0 to 23
    CLASS = "class"
    GRADE = "grade"
    PERSON = "person"  # by its id: names are looked up for who may read them
    ACCOUNT = "account"  # likewise
    WORD = "word"  # a code of the column's own words
    NAMED = "named"  # a key with a name in three languages, as of a gate
    TEXT = "text"
    YES = "yes"  # or no
    NUMBER = "number"
    MINUTES = "minutes"
    TIME = "time"  # minutes after midnight
    MONEY = "money"  # tiyn
    TENTHS = "tenths"  # of a measure
    SHARE = "share"  # of a measure, in thousandths


FIGURES = frozenset({Kind.NUMBER, Kind.MINUTES, Kind.MONEY})
CHOSEN = frozenset({Kind.WEEKDAY, Kind.CLASS, Kind.GRADE, Kind.WORD, Kind.NAMED, Kind.YES})  # filtered by some of them
NAMES = frozenset({Kind.PERSON, Kind.ACCOUNT})


class Measure(StrEnum):
    """What is reckoned of a group's rows."""

    COUNT = "count"
    PEOPLE = "people"  # each once
    PART = "part"  # of all rows
    SUM = "sum"
    AVERAGE = "average"
    MOST = "most"
    LEAST = "least"
    SHARE = "share"  # of rows for which a column says yes


OF_ROWS = (Measure.COUNT, Measure.PEOPLE, Measure.PART)
MEASURES = {
    Measure.PEOPLE: N_("Different people"),
    Measure.PART: N_("Share of all"),
    Measure.SUM: N_("in total"),
    Measure.AVERAGE: N_("on average"),
    Measure.MOST: N_("the most"),
    Measure.LEAST: N_("the least"),
    Measure.SHARE: N_("share"),
}
OF_TIMES = {Measure.MOST: N_("the latest"), Measure.LEAST: N_("the earliest")}


class Period(StrEnum):
    """Which days a report is about; all but the last move on with the day it is made."""

    TODAY = "today"
    WEEK = "week"
    LAST_WEEK = "last_week"
    MONTH = "month"
    LAST_MONTH = "last_month"
    THIRTY = "thirty"
    YEAR = "year"
    DAYS = "days"


PERIODS = {
    Period.TODAY: N_("Today"),
    Period.WEEK: N_("This week"),
    Period.LAST_WEEK: N_("Last week"),
    Period.MONTH: N_("This month"),
    Period.LAST_MONTH: N_("Last month"),
    Period.THIRTY: N_("The last 30 days"),
    Period.YEAR: N_("This school year"),
    Period.DAYS: N_("From day to day"),
}


class Shape(StrEnum):
    """Whether rows are counted by groups, or listed."""

    GROUPS = "groups"
    ROWS = "rows"


class Drawing(StrEnum):
    """How a report is drawn beside its table."""

    NONE = "none"
    COLUMNS = "columns"
    BARS = "bars"


DRAWINGS = {
    Drawing.COLUMNS: N_("Columns"),
    Drawing.BARS: N_("Bars in the table"),
    Drawing.NONE: N_("No chart"),
}


class Every(StrEnum):
    """How often a report is made by itself."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


RHYTHMS = {
    Every.DAY: N_("Each day"),
    Every.WEEK: N_("Each Monday"),
    Every.MONTH: N_("On the 1st of each month"),
}
UNITS = {Kind.MONEY: "₸", Kind.MINUTES: N_("in minutes")}  # of figures that are typed
YES_NO = {"yes": N_("yes"), "no": N_("no")}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a report may cost."""

    rows_max: int = 10_000
    seconds_max: float = 5.0
    waits_s: float = 2.0  # for another report of the same person
    at_once: int = 4  # reports that the service makes at one time


USUAL = Limits()
GLANCE = Limits(rows_max=12, seconds_max=3.0)  # of the builder, while somebody still chooses
BY_ITSELF = Limits(seconds_max=30.0)
