"""Words and signs of absences, trips, a class's morning, and who may collect a child."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

FAMILY_SIGNS = {
    "absence_told": Sign(N_("Told, not seen yet"), "warn", "hourglass"),
    "absence_seen": Sign(N_("Seen by the school"), "out", "info"),
    "absence_accepted": Sign(N_("Accepted"), "in", "tick"),
    "absence_asked": Sign(N_("The school asks back"), "warn", "warn"),
    "absence_taken_back": Sign(N_("Taken back"), "mute", "dash"),
    "absence_changed": Sign(N_("Absence"), "out", "info"),
    "collector_changed": Sign(N_("Who may collect the child"), "out", "people"),
    "teacher_asks": Sign(N_("The teacher asks"), "no", "warn"),
    "excused": Sign(N_("Away, and told to the school"), "out", "info"),
    "excused_ahead": Sign(N_("To be away, and told to the school"), "out", "info"),
    "offer_but_came": Sign(N_("Told absent, but came through the gate"), "warn", "warn"),
    "trip_later": Sign(N_("To come"), "mute", "hourglass"),
    "trip_now": Sign(N_("On a trip"), "out", "left"),
    "trip_over": Sign(N_("Over"), "mute", "dash"),
    "trip_off": Sign(N_("Called off"), "no", "stop"),
    "morning_not_in_class": Sign(N_("In the building, not in class"), "no", "warn"),
    "morning_unknown": Sign(N_("Not here, and nobody knows why"), "no", "absent"),
    "morning_gone": Sign(N_("Left before the lessons end"), "warn", "left"),
    "morning_expected": Sign(N_("Not yet here"), "mute", "dots"),
    "morning_late": Sign(N_("Came late"), "warn", "clock"),
    "morning_away": Sign(N_("Away, and known why"), "out", "info"),
    "morning_inside": Sign(N_("In the building, not marked yet"), "mute", "inside"),
    "morning_here": Sign(N_("In class"), "in", "tick"),
    "collector_holds": Sign(N_("May collect now"), "in", "tick"),
    "collector_later": Sign(N_("May collect later"), "mute", "hourglass"),
    "collector_over": Sign(N_("Its days are over"), "mute", "dash"),
    "collector_ended": Sign(N_("Ended"), "mute", "dash"),
    "collector_stopped": Sign(N_("A guardian says no"), "no", "stop"),
    "collector_rests": Sign(N_("Rests: who named may not decide now"), "warn", "warn"),
}
FAMILY_WORDS = {
    "odd_told_absent": N_("Ate free or for less, but the family told an absence for this day"),
    "away_ill": N_("Ill"),
    "away_family": N_("Family matters"),
    "away_other": N_("Another reason"),
    "kin_mother": N_("Mother"),
    "kin_father": N_("Father"),
    "kin_trustee": N_("Guardian appointed by law"),
    "kin_grandparent": N_("Grandmother or grandfather"),
    "kin_sibling": N_("Grown-up sister or brother"),
    "kin_relative": N_("Another relative"),
    "kin_other": N_("Somebody else: a neighbour, a driver"),
}
