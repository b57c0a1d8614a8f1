"""What taking in refuses, each with what to do."""

from cloud.core.errors import Refused
from cloud.core.messages import Message, message


class TakeInRefused(Refused):
    """An export cannot be taken in; nothing was changed."""

    code = "not_taken_in"


def damaged(what: str) -> TakeInRefused:
    """Return the refusal of a file that is not what its manifest says."""
    return TakeInRefused(
        message("The file is damaged or was changed: {what}. Nothing was taken in; make the export again.", what=what)
    )


def unknown(what: str) -> TakeInRefused:
    """Return the refusal of an export of a version that this one does not know."""
    return TakeInRefused(
        message("The file is of a version that is not known here: {what}. Install that version first.", what=what)
    )


NOT_EMPTY: Message = message(
    "There are schools or accounts here already. A school is taken into a new, empty installation: make one, and make"
    " the operator's account after."
)
NO_KEYS: Message = message(
    "The export was made without a passphrase, so it lacks what another installation needs. Make it again with one."
)
