"""What the timetable refuses."""

from collections.abc import Sequence
from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import Message
from cloud.timetable.rules import Conflict


class TimetableRefused(Refused):
    """What was asked of a timetable cannot be; `conflicts` tell where it clashes."""

    code = "timetable_refused"

    def __init__(self, told: Message, conflicts: Sequence[Conflict] = ()) -> None:
        super().__init__(told)
        self.conflicts = conflicts


class SolveRefused(Refused):
    """A solve cannot be ordered now."""

    status = HTTPStatus.CONFLICT
    code = "solve_refused"
