"""Words and signs of transfers: how a student came, changed class or left."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

TRANSFER_SIGNS = {
    "transfer_arrived": Sign(N_("Came to the school"), "in", "inside"),
    "transfer_moved": Sign(N_("Changed class"), "out", "people"),
    "transfer_promoted": Sign(N_("Moved up a grade"), "in", "tick"),
    "transfer_kept": Sign(N_("Repeats the year"), "warn", "clock"),
    "transfer_left": Sign(N_("Left the school"), "out", "left"),
    "transfer_finished": Sign(N_("Finished school"), "in", "tick"),
}
