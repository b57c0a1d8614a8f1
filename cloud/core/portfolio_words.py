"""Words and signs of portfolios, goals and certificates."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

PORTFOLIO_SIGNS = {
    "entry_waiting": Sign(N_("Waits for the school"), "warn", "hourglass"),
    "entry_confirmed": Sign(N_("Confirmed by the school"), "in", "tick"),
    "entry_sent_back": Sign(N_("Sent back"), "no", "warn"),
    "entry_taken_back": Sign(N_("Withdrawn"), "mute", "dash"),
    "goal_is_open": Sign(N_("In progress"), "out", "dots"),
    "goal_is_late": Sign(N_("Its day is over"), "warn", "clock"),
    "goal_is_done": Sign(N_("It is reached"), "in", "tick"),
    "goal_is_dropped": Sign(N_("Goal given up"), "mute", "dash"),
    "advice_is_open": Sign(N_("Nobody answered yet"), "warn", "hourglass"),
    "advice_is_taken": Sign(N_("In the trajectory"), "in", "tick"),
    "advice_is_dismissed": Sign(N_("Not followed"), "mute", "dash"),
    "advice_is_shared": Sign(N_("The family sees it"), "out", "people"),
    "fitness_better": Sign(N_("Better"), "in", "up"),
    "fitness_worse": Sign(N_("Weaker"), "warn", "down"),
    "award_valid": Sign(N_("Certificate is valid"), "in", "tick"),
    "award_revoked": Sign(N_("Certificate was taken back"), "no", "stop"),
    "award_changed": Sign(N_("Certificate was changed"), "no", "warn"),
    "attested": Sign(N_("Attestation holds"), "in", "tick"),
    "attestation_ends": Sign(N_("Attestation ends soon"), "warn", "hourglass"),
    "attestation_ended": Sign(N_("Attestation ended"), "no", "clock"),
}
PORTFOLIO_WORDS = {
    "advice_owes": N_("Summative works are not written"),
    "advice_behind": N_("Stands low in a subject"),
    "advice_falls": N_("Stands lower than before"),
    "advice_misses": N_("Misses lessons"),
    "advice_late": N_("Comes late"),
    "advice_near": N_("Close to a better mark"),
    "advice_strong": N_("Strong in a subject"),
    "advice_idle": N_("Nothing new in the portfolio"),
    "advice_own": N_("A teacher's own recommendation"),
    "goal_made": N_("goal set"),
    "goal_step_added": N_("step added"),
    "goal_step_done": N_("step done"),
    "goal_step_open": N_("step open again"),
    "goal_done": N_("goal reached"),
    "goal_dropped": N_("goal given up"),
    "goal_open": N_("goal open again"),
}
