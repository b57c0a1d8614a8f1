"""Words and shapes of the journal: kinds of lessons, who was there, parts of a mark, and what is open."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

JOURNAL_SIGNS = {
    "here_unsaid": Sign(N_("Nothing said"), "mute", "dots"),
    "here_present": Sign(N_("At the lesson"), "in", "tick"),
    "here_absent": Sign(N_("Not at the lesson"), "no", "absent"),
    "here_late": Sign(N_("Late for the lesson"), "warn", "clock"),
    "here_away": Sign(N_("Away for the school"), "out", "left"),
    "here_clash": Sign(N_("In the building, not in class"), "warn", "warn"),
    "week": Sign(N_("The week at school"), "out", "calendar"),
    "lesson_sor": Sign(N_("SOR"), "out", "info"),
    "lesson_soch": Sign(N_("SOCH"), "warn", "info"),
    "lesson_off": Sign(N_("Called off"), "mute", "dash"),
    "mark_final": Sign(N_("Final"), "in", "tick"),
    "mark_expected": Sign(N_("Expected, not final"), "warn", "hourglass"),
    "debt_work": Sign(N_("Summative work not written"), "no", "absent"),
    "debt_few": Sign(N_("Too few marks"), "warn", "dots"),
    "debt_no_soch": Sign(N_("No SOCH is planned"), "warn", "warn"),
}
JOURNAL_WORDS = {
    "lesson_lesson": N_("Lesson"),
    "part_formative": N_("Formative marks"),
    "part_sor": N_("SOR: summative for a unit"),
    "part_soch": N_("SOCH: summative for the quarter"),
    "lack_few": N_("Formative marks are still too few."),
    "lack_sor": N_("A SOR is not written yet."),
    "lack_soch": N_("The SOCH is not written yet."),
    "lack_soch_ahead": N_("The SOCH has not been held yet."),
}
