"""What the bot answers: whole sentences in the language of the account, or else of whoever writes."""

from cloud.core.messages import Message, message

CODE_NOT_GOOD = message(
    "This code is not good any more. Press “Join Telegram” again on Esik's page “How I am told”, and use the new code "
    "within a quarter of an hour."
)
PARTED = message("This chat gets no more notices. To get them again, join it on Esik's page “How I am told”.")
NOT_JOINED = message("This chat gets no notices. To get them, join it on Esik's page “How I am told”.")
HELP = message(
    "This bot only tells what Esik has for you, in chats that were joined on the page “How I am told”. Nobody reads "
    "what is written here: ask the school's office. /stop ends the notices."
)


def joined(name: str) -> Message:
    """Return what is said when a chat was joined to an account."""
    return message(
        "This chat now gets the notices for {name}. What is told, and when, is chosen on the page “How I am told”. "
        "/stop ends it.",
        name=name,
    )
