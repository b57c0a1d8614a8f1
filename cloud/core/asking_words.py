"""Signs of questionnaires and of video lessons."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

ASKING_SIGNS = {
    "questionnaire": Sign(N_("The school asks you"), "out", "info"),
    "questionnaire_draft": Sign(N_("Draft questionnaire"), "mute", "dots"),
    "questionnaire_ahead": Sign(N_("Begins later"), "out", "clock"),
    "questionnaire_open": Sign(N_("Asks now"), "in", "dots"),
    "questionnaire_over": Sign(N_("Is over"), "mute", "dash"),
    "questionnaire_waits": Sign(N_("Waits for you"), "warn", "hourglass"),
    "questionnaire_answered": Sign(N_("You answered"), "in", "tick"),
    "call_early": Sign(N_("Not open yet"), "mute", "clock"),
    "call_open": Sign(N_("Open now"), "in", "tick"),
    "call_over": Sign(N_("Is over"), "mute", "dash"),
    "call_joined": Sign(N_("Came by video"), "in", "device"),
    "faq_hidden": Sign(N_("Not shown"), "mute", "dash"),
}
