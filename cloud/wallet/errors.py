"""What the wallet's files and forms are refused for."""

from typing import ClassVar

from cloud.core.errors import Refused
from cloud.core.messages import Message


class FileRefused(Refused):
    """A file cannot be read at all, so that nothing of it was taken."""

    code: ClassVar[str] = "file_refused"


class NoteRefused(Refused):
    """A difference cannot be explained so."""

    code: ClassVar[str] = "note_refused"


class DaysRefused(Refused):
    """These are no days that can be compared at once."""

    code: ClassVar[str] = "days_refused"


class RowWrong(Exception):
    """A row cannot be taken; the message says why, and what to do."""

    def __init__(self, told: Message) -> None:
        super().__init__(str(told))
        self.message = told
