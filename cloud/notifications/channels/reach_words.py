"""Why a message did not come to a browser or into Telegram, in words, by the code that tables keep."""

from cloud.core.i18n import N_

REACH_WHYS = {
    "push_gone": N_("the browser shows notices no more"),
    "push_inside": N_("the browser's push service stands inside a network"),
    "push_wrong": N_("what the browser gave cannot be used"),
    "push_refused": N_("the push service refused it"),
    "push_not_believed": N_("the push service does not believe who sends"),
    "push_busy": N_("the push service takes nothing now"),
    "push_unreached": N_("the push service could not be reached"),
    "push_silent": N_("the push service did not answer"),
    "push_unreadable": N_("the push service's answer could not be read"),
    "push_no_key": N_("the key of Web Push is missing"),
    "telegram_gone": N_("the chat was blocked or ended"),
    "telegram_refused": N_("Telegram refused it"),
    "telegram_busy": N_("Telegram asks to wait"),
    "telegram_token": N_("Telegram does not know the bot"),
    "telegram_server": N_("Telegram takes nothing now"),
    "telegram_unreached": N_("Telegram could not be reached"),
    "telegram_silent": N_("Telegram did not answer"),
}
