"""Words and shapes of homework: how it stands for a student, and whether a day bears it."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

HOMEWORK_SIGNS = {
    "homework_open": Sign(N_("To be done"), "out", "dots"),
    "homework_not_handed": Sign(N_("Not handed in"), "out", "dots"),  # the same, as the school says it
    "homework_overdue": Sign(N_("Not handed in, overdue"), "no", "clock"),
    "homework_closed": Sign(N_("Closed, not handed in"), "mute", "dash"),
    "homework_handed": Sign(N_("Handed in"), "warn", "hourglass"),
    "homework_handed_late": Sign(N_("Handed in late"), "warn", "clock"),
    "homework_checked": Sign(N_("Checked"), "in", "tick"),
    "homework_returned": Sign(N_("Returned for rework"), "no", "turn"),
    "load_fits": Sign(N_("Within the norm"), "in", "tick"),
    "load_over": Sign(N_("Above the norm"), "warn", "warn"),
}
