"""Signs of messages to families, and of questions to support."""

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
    "question_waits": Sign(N_("Waits for an answer"), "warn", "hourglass"),
    "question_passed": Sign(N_("Passed on to the operator"), "out", "turn"),
    "question_answered": Sign(N_("Answered"), "in", "tick"),
}
