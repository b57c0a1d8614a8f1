"""Ready-made reports: what a school asks most often, to open as they are or to begin from."""

from dataclasses import dataclass

from cloud.builder.choice import Choice, Filter
from cloud.builder.kinds import Drawing, Period, Shape
from cloud.core.i18n import N_


@dataclass(frozen=True, slots=True)
class Ready:
    """A ready-made report."""

    key: str
    name: str  # in English, for the catalogues
    choice: Choice


READY = (
    Ready("late_by_class", N_("Who is late: by class"), Choice(
        "attendance", groups=("class",), measures=("share:late", "average:late_min", "count"), sort="-share:late",
        drawing=Drawing.BARS)),
    Ready("late_by_day", N_("Lateness day by day"), Choice(
        "attendance", groups=("day",), measures=("share:late", "count"))),
    Ready("late_students", N_("Who was late more than 10 minutes"), Choice(
        "attendance", Period.WEEK, shape=Shape.ROWS, columns=("day", "class", "student", "came", "late_min"),
        filters=(Filter("late_min", least=11),), sort="-late_min", drawing=Drawing.NONE)),
    Ready("absent_by_reason", N_("Absences by reason"), Choice(
        "register", groups=("reason",), measures=("count", "people", "part"),
        filters=(Filter("says", ("absent",)),), sort="-count")),
    Ready("absent_by_class", N_("Absences by class and reason"), Choice(
        "register", groups=("class", "reason"), measures=("count", "people"),
        filters=(Filter("says", ("absent",)),), drawing=Drawing.BARS)),
    Ready("meals_by_day", N_("Meals by day and kind"), Choice(
        "meals", groups=("day", "payment"), measures=("count", "sum:full", "sum:budget"))),
    Ready("meals_by_class", N_("Meals by class"), Choice(
        "meals", Period.MONTH, groups=("class",), measures=("count", "people", "sum:full"), drawing=Drawing.BARS)),
    Ready("staff_hours", N_("Hours of staff"), Choice(
        "staff_hours", Period.MONTH, groups=("staff",), measures=("sum:minutes", "count", "average:came"),
        drawing=Drawing.BARS)),
    Ready("by_hand", N_("Let through without a card: by gate and class"), Choice(
        "passages", groups=("gate", "class"), measures=("count", "people"), filters=(Filter("kind", ("hand",)),),
        sort="-count", drawing=Drawing.BARS)),
    Ready("money_by_kind", N_("Money by kind of entry"), Choice(
        "money", Period.MONTH, groups=("kind",), measures=("sum:amount", "count"), drawing=Drawing.BARS)),
    Ready("deeds_by_subsystem", N_("Deeds by part of the service"), Choice(
        "deeds", groups=("subsystem",), measures=("count", "people"), sort="-count", drawing=Drawing.BARS)),
    Ready("deeds_by_role", N_("Deeds by role"), Choice(
        "deeds", groups=("role",), measures=("count", "people"), sort="-count", drawing=Drawing.BARS)),
    Ready("deeds_by_user", N_("Deeds by user"), Choice(
        "deeds", groups=("user", "role"), measures=("count",), sort="-count", drawing=Drawing.BARS)),
    Ready("sign_ins", N_("Sign-ins by day, and how many failed"), Choice(
        "sign_ins", groups=("day",), measures=("count", "people", "share:failed"))),
    Ready("alarms", N_("Alarms by device"), Choice(
        "alarms", groups=("device", "kind"), measures=("sum:times", "count"), sort="-sum:times",
        drawing=Drawing.BARS)),
)  # fmt: skip


def ready_of(key: str) -> Ready | None:
    """Return a ready-made report; None where there is none."""
    return next((each for each in READY if each.key == key), None)
