"""Words and signs of practice and of logs of attempts."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

PRACTICE_SIGNS = {
    "threshold_reached": Sign(N_("Reached"), "in", "tick"),
    "threshold_missed": Sign(N_("Below the threshold"), "warn", "warn"),
    "theme_open": Sign(N_("Open for practice"), "in", "tick"),
    "theme_closed": Sign(N_("Not open"), "mute", "dash"),
    "log_logged": Sign(N_("With a log"), "in", "tick"),
    "log_not_asked": Sign(N_("Without a log"), "mute", "dash"),
    "log_no_consent": Sign(N_("Without a log: no consent"), "mute", "dash"),
    "log_not_heard": Sign(N_("Without a log: nothing was heard from the page"), "mute", "dots"),
}
PRACTICE_WORDS = {
    "test_log": N_("A log while a test is taken"),  # what is consented to
}
