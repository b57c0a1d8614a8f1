"""Words and shapes of what statistics count."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

STATISTICS_SIGNS = {
    "counted_came": Sign(N_("At school"), "in", "tick"),
    "counted_late": Sign(N_("Late"), "warn", "clock"),
    "counted_not_seen": Sign(N_("Not seen at the gates"), "no", "absent"),
    "counted_ate": Sign(N_("Ate at the canteen"), "out", "plate"),
    "counted_food": Sign(N_("Food, of 5"), "mute", "plate"),
    "indicator_whole": Sign(N_("All of them"), "in", "tick"),
    "indicator_part": Sign(N_("Not all of them"), "warn", "dots"),
    "counted_hours": Sign(N_("Staff's hours a day"), "mute", "hourglass"),
}
STATISTICS_WORDS = {
    "counted_ill": N_("Ill"),
    "counted_family": N_("For the family"),
    "counted_other": N_("Another reason, or none known"),
    "counted_away": N_("Away for the school"),
    "counted_unexplained": N_("Nobody said why"),
    # kinds of schools that are compared
    "size_small": N_("Up to 200 students"),
    "size_middle": N_("200 to 600 students"),
    "size_large": N_("600 to 1,200 students"),
    "size_huge": N_("More than 1,200 students"),
    "week_5": N_("Five-day week"),
    "week_6": N_("Six-day week"),
    "shifts_1": N_("One shift"),
    "shifts_2": N_("Two shifts"),
    "shifts_3": N_("Three shifts"),
}
