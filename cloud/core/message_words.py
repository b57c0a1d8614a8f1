"""Signs of messages to families, of questions to support, of talks and of the notice board."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

MESSAGE_SIGNS = {
    "support_answer": Sign(N_("Answer of support"), "in", "info"),
    "message_waiting": Sign(N_("Waits for approval"), "warn", "hand"),
    "message_refused": Sign(N_("Not approved"), "no", "stop"),
    "message_approved": Sign(N_("Goes by itself"), "out", "clock"),
    "message_cancelled": Sign(N_("Not sent"), "mute", "dash"),
    "message_sent": Sign(N_("Sent"), "in", "tick"),
    "message_recalled": Sign(N_("Withdrawn"), "mute", "turn"),
    "message_corrected": Sign(N_("Corrected later"), "warn", "turn"),
    "message_read": Sign(N_("Read"), "in", "tick"),
    "message_unread": Sign(N_("Not read yet"), "mute", "dots"),
    "message_nobody": Sign(N_("No account"), "warn", "warn"),
    "announcement": Sign(N_("Announcement"), "out", "info"),
    "message": Sign(N_("Message to you"), "out", "info"),
    "talk_open": Sign(N_("Chat is open"), "in", "tick"),
    "talk_read_only": Sign(N_("Read only"), "warn", "hand"),
    "talk_closed": Sign(N_("Chat is closed"), "mute", "stop"),
    "told_waiting": Sign(N_("Waits for a moderator"), "warn", "hourglass"),
    "told_hidden": Sign(N_("Post hidden"), "no", "stop"),
    "told_stands": Sign(N_("Post stays"), "in", "tick"),
    "posting_pinned": Sign(N_("Pinned"), "out", "pin"),
    "posting_asks": Sign(N_("Confirm that you have read it"), "warn", "hand"),
    "posting_confirmed": Sign(N_("You have confirmed it"), "in", "tick"),
    "posting_shown": Sign(N_("Shown now"), "in", "tick"),
    "posting_ahead": Sign(N_("Not shown yet"), "out", "clock"),
    "posting_over": Sign(N_("Its days are over"), "mute", "clock"),
    "posting_withdrawn": Sign(N_("Taken off the board"), "mute", "turn"),
    "question_waits": Sign(N_("Waits for an answer"), "warn", "hourglass"),
    "question_passed": Sign(N_("Passed on to the operator"), "out", "turn"),
    "question_answered": Sign(N_("Answered"), "in", "tick"),
}
