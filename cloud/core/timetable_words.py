"""Words and signs of timetables: versions, lessons of a day, summative works."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

TIMETABLE_SIGNS = {
    "timetable_draft": Sign(N_("Draft"), "mute", "dots"),
    "timetable_published": Sign(N_("Published"), "in", "tick"),
    "lesson_off": Sign(N_("Called off"), "no", "stop"),
    "lesson_other": Sign(N_("Substitution"), "warn", "people"),
    "work_sor": Sign(N_("SOR"), "out", "info"),
    "work_soch": Sign(N_("SOCH"), "out", "warn"),
    "work_no_lesson": Sign(N_("No such lesson that day"), "no", "stop"),
    "work_off": Sign(N_("The lesson is called off"), "no", "stop"),
    "work_too_many": Sign(N_("Too many on that day"), "no", "warn"),
    "work_last_day": Sign(N_("The term's last day"), "warn", "clock"),
}
