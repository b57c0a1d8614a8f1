"""Words of the pages of servers and of security events."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

SERVER_SIGNS = {
    "process_works": Sign(N_("Works"), "in", "tick"),
    "process_stands_by": Sign(N_("Works, and stands by for the rest"), "out", "hourglass"),
    "process_failing": Sign(N_("A part of it fails"), "no", "warn"),
    "process_silent": Sign(N_("Says nothing any more"), "no", "absent"),
    "window_planned": Sign(N_("Announced"), "out", "clock"),
    "window_running": Sign(N_("Is worked on now"), "warn", "hourglass"),
    "window_over": Sign(N_("Over"), "mute", "tick"),
    "window_ended": Sign(N_("Ended early"), "mute", "tick"),
    "window_cancelled": Sign(N_("Called off"), "mute", "dash"),
}
SERVER_WORDS = {
    "process_web": N_("Pages"),
    "process_worker": N_("Worker"),
    "events_alarm": N_("Devices and broker"),
    "events_audit": N_("Accounts, rights and keys"),
    "events_server": N_("Servers and programs"),
    "events_database": N_("Database's own log"),
}
