"""Statistics as pages show them: shares, means, charts, and where each figure leads. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cloud.core.actor import Actor
from cloud.core.charts import Chart, Column, chart_of, share_of
from cloud.core.formats import Formats
from cloud.core.i18n import N_
from cloud.core.rights import Right
from cloud.core.words import sign
from cloud.statistics.kinds import PAYMENTS, REASONS, Figures
from cloud.statistics.queries import OfClass, PartSums
from cloud.statistics.spans import By, Stretch

# What stands in the table of days, or of the level below, is counted there.
NOWHERE = dict.fromkeys(("came", "late", "not_seen", "meals", "ratings", "staff"), "")
NONE = "–"  # where there is nothing to take a share of
BY_RIGHT, PAID = N_("Free or for less"), N_("Paid")
Translate = Callable[[str], str]
To = Callable[[By, date], str]


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class in the table as it is written; all is empty but its name where its figures are not told.

    Written here, not in the template: a table has eighty classes, and a template takes a page's time for their cells.
    """

    id: int
    name: str
    share: float = 0.0  # how long the bar of who came is, of 100
    people: str = ""
    came: str = ""
    late: str = ""
    absent: str = ""
    ate: str = ""


def percent_of(formats: Formats) -> Callable[[int, int], str]:
    """Return what writes a share in percent, with one decimal."""

    def percent(part: int, whole: int) -> str:
        return f"{formats.tenths(round(1_000 * part / whole) / 10)} %" if whole else NONE

    return percent


def mean_of(formats: Formats) -> Callable[[int, int], str]:
    """Return what writes a mean, with one decimal."""

    def mean(sums: int, count: int) -> str:
        return formats.tenths(round(10 * sums / count) / 10) if count else NONE

    return mean


def name_of(stretch: Stretch, formats: Formats) -> str:
    """Return a stretch of days as it is read."""
    match stretch.by:
        case By.DAY:
            return formats.day(stretch.first_on)
        case By.MONTH:
            return formats.month(stretch.first_on)
        case By.WEEK:
            return f"{formats.day_short(stretch.first_on)} – {formats.day_short(stretch.last_on)}"
        case By.YEAR:
            return f"{stretch.first_on.year}/{stretch.last_on.year}"


def short_of(stretch: Stretch, formats: Formats) -> str:
    """Return a stretch of days in the row of a table."""
    return formats.day_short(stretch.first_on) if stretch.by is By.DAY else name_of(stretch, formats)


def column_label(stretch: Stretch) -> str:
    """Return what stands under a column: the number of the day, or of the month."""
    return f"{stretch.first_on:%d}" if stretch.by is By.DAY else f"{stretch.first_on:%m}"


def chart_of_presence(parts: Sequence[PartSums], formats: Formats, translate: Translate) -> Chart:
    """Return columns of who came and who was not seen."""
    names = translate(sign("counted_came").word), translate(sign("counted_not_seen").word)
    return _chart(parts, formats, lambda each: (each.came, each.not_seen), names)


def chart_of_meals(parts: Sequence[PartSums], formats: Formats, translate: Translate) -> Chart:
    """Return columns of meals: free or for less, and paid."""
    names = translate(BY_RIGHT), translate(PAID)
    return _chart(parts, formats, lambda each: (each.free + each.subsidised, each.account + each.cash), names)


def reasons_of(figures: Figures) -> list[tuple[str, int, float]]:
    """Return why students were absent: the word's code, of how many, and how long its bar is; the most first."""
    return _bars(("counted_" + name, getattr(figures, name)) for name in REASONS)


def payments_of(figures: Figures) -> list[tuple[str, int, float]]:
    """Return how meals were paid, in the same way."""
    return _bars(("meal_by_" + name, getattr(figures, name)) for name in PAYMENTS)


def class_rows(classes: Iterable[OfClass], formats: Formats) -> list[ClassRow]:
    """Return the rows of the table of classes."""
    number, percent = formats.number, percent_of(formats)

    def row(each: OfClass) -> ClassRow:
        own = each.figures
        if own is None:
            return ClassRow(each.id, each.name)
        return ClassRow(
            each.id, each.name, share_of(own.came, own.expected), number(own.people),
            f"{number(own.came)} · {percent(own.came, own.expected)}", number(own.late), number(own.absent),
            f"{number(own.ate)} · {percent(own.ate, own.taught)}",
        )  # fmt: skip

    return [row(each) for each in classes]


def places_of(actor: Actor, school_id: int, code: str, stretch: Stretch, *, is_today: bool) -> Mapping[str, str]:
    """Return the address at which each figure of a school is told one by one; else the table of its days."""
    here, day = f"/schools/{code}", f"{stretch.first_on:%d.%m.%Y}"
    is_day = stretch.by is By.DAY
    listed = is_day and not is_today and actor.can(Right.REGISTER_READ, school_id)
    attendance = _reports(actor, school_id, here, "attendance")
    register = f"{here}/register?on={day}" if listed else attendance
    sold = f"{here}/sold?on={day}" if is_day and actor.can(Right.SALES_READ, school_id) else ""
    places = {
        "came": register, "late": register, "not_seen": register, "staff": attendance,
        "meals": sold or _reports(actor, school_id, here, "meals"),
        "ratings": f"{here}/ratings" if actor.can(Right.RATINGS_READ, school_id) else "",
    }  # fmt: skip
    if is_day and is_today and actor.can(Right.PRESENCE_READ, school_id):
        office = f"{here}/office"
        places |= {
            "came": office, "late": f"{office}?state=late", "not_seen": f"{office}?state=absent",
            "staff": f"{office}?role=staff",
        }  # fmt: skip
    return places


def places_of_class(code: str, class_id: int, stretch: Stretch, *, opens: bool) -> Mapping[str, str]:
    """Return the address at which each figure of a class is told child by child: the register of its day."""
    listed = opens and stretch.by is By.DAY
    register = f"/schools/{code}/register/{class_id}?on={stretch.first_on:%d.%m.%Y}" if listed else ""
    return {**NOWHERE, "came": register, "late": register, "not_seen": register}


def figures_shown(
    parts: Sequence[PartSums], stretch: Stretch, today: date, to: To, formats: Formats, translate: Translate
) -> dict[str, Any]:  # fmt: skip
    """Return what every page of statistics is given; `to` makes the address of another stretch, by a day of it."""
    return {
        "stretch": stretch, "today": today, "to": to, "is_today": stretch.first_on <= today <= stretch.last_on,
        "percent": percent_of(formats), "mean": mean_of(formats), "name_of": name_of, "short_of": short_of,
        "reasons_of": reasons_of, "payments_of": payments_of, "share_of": share_of, "ways": list(By),
        "presence": chart_of_presence(parts, formats, translate), "eaten": chart_of_meals(parts, formats, translate),
        "shown": [part for part in parts if not part.figures.is_idle],
    }  # fmt: skip


def _reports(actor: Actor, school_id: int, here: str, subject: str) -> str:
    right = Right.ATTENDANCE_REPORTS_READ if subject == "attendance" else Right.REPORTS_READ
    return f"{here}/reports?subject={subject}" if actor.can(right, school_id) else ""


def _bars(named: Iterable[tuple[str, int]]) -> list[tuple[str, int, float]]:
    counted = sorted(((code, count) for code, count in named if count), key=lambda each: -each[1])
    most = max((count for _, count in counted), default=0)
    return [(code, count, share_of(count, most)) for code, count in counted]


def _chart(
    parts: Sequence[PartSums], formats: Formats, values_of: Callable[[Figures], tuple[int, int]],
    names: tuple[str, str],
) -> Chart:  # fmt: skip
    columns = []
    for part in parts:
        values = values_of(part.figures)
        told = ", ".join(f"{name}: {formats.number(value)}" for name, value in zip(names, values, strict=True))
        columns.append(Column(column_label(part.stretch), f"{short_of(part.stretch, formats)}: {told}", values))
    return chart_of(columns)
