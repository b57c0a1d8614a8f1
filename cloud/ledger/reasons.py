"""Why somebody puts money right: said in words, by everybody who does it."""

import re
from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.texts import one_line

REASON_MIN, REASON_MAX = 3, 200
ONCE = re.compile(r"[0-9a-f]{32}")


class ReasonMissing(Refused):
    """A reason was not given, or is too long to be kept."""

    code = "reason_missing"

    def __init__(self) -> None:
        super().__init__(
            message("Write why, in {least} to {most} characters: it stays in the journal.", least=REASON_MIN,
                    most=REASON_MAX)
        )  # fmt: skip


class FormSpoilt(Refused):
    """A form lacks the word that lets it count once however often it is sent."""

    code = "form_spoilt"

    def __init__(self) -> None:
        super().__init__(message("This form is not whole. Open the page again and repeat."))


class TooMuch(Refused):
    """More is to be moved than there is."""

    status = HTTPStatus.CONFLICT
    code = "too_much"

    def __init__(self) -> None:
        super().__init__(message("There is not that much. Look at the page again and write a smaller amount."))


def reason_given(text: str) -> str:
    """Return a reason as it is kept. Raises ReasonMissing."""
    reason = one_line(text)
    if not REASON_MIN <= len(reason) <= REASON_MAX:
        raise ReasonMissing
    return reason


def check_once(once: str) -> None:
    """Raise FormSpoilt unless a form bears its word."""
    if ONCE.fullmatch(once) is None:
        raise FormSpoilt
