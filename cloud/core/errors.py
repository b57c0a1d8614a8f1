"""What the cloud refuses: expected errors, each with a status, a code, and a sentence for the person concerned."""

from http import HTTPStatus
from typing import ClassVar

from cloud.core.messages import Message, message

CAUSES_MAX = 5


def kinds_of(error: BaseException) -> list[str]:
    """Return the classes of an error and of what caused it; of PostgreSQL's also the code and the constraint.

    This is what a log tells of an unexpected error: its words may hold what somebody typed or a row holds.
    """
    kinds: list[str] = []
    one: BaseException | None = error
    while one is not None and len(kinds) < CAUSES_MAX:
        told = (type(one).__name__, getattr(one, "sqlstate", None), getattr(one, "constraint_name", None))
        kinds.append(" ".join(str(word) for word in told if word))
        one = one.__cause__ or one.__context__
    return kinds


class Refused(Exception):
    """Something was asked for that cannot be; turned into a response at the edge only.

    `code` is for programs and never changes; the message says what was wrong, where, and what to do.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY
    code: ClassVar[str] = "refused"

    def __init__(self, told: Message) -> None:
        super().__init__(str(told))
        self.message = told


class NotAllowed(Refused):
    """The actor's roles do not reach this."""

    status = HTTPStatus.FORBIDDEN
    code = "not_allowed"

    def __init__(self, told: Message | None = None) -> None:
        super().__init__(
            told or message("Your account is not allowed to do this. Ask the school's office for the role.")
        )


class NotFound(Refused):
    """There is no such thing, or the actor may not know of it: the answer is the same."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"

    def __init__(self, told: Message | None = None) -> None:
        super().__init__(told or message("There is nothing here. Check the address, or go back and choose again."))
