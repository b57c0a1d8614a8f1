"""What the journal refuses."""

from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.journal.kinds import Standing


class JournalRefused(Refused):
    """This cannot stand in the journal."""

    code = "journal_refused"


class JournalClosed(Refused):
    """Nothing is written at this lesson, or not by this account, or not without a reason."""

    code = "journal_closed"


class JournalChanged(Refused):
    """Somebody wrote into the cell since it was seen; `standing` is what stands there."""

    status = HTTPStatus.CONFLICT
    code = "journal_changed"

    def __init__(self, standing: Standing) -> None:
        super().__init__(message("{name} wrote here since you opened the page. Look, then write again.",
                                 name=standing.by))  # fmt: skip
        self.standing = standing


class GradingRefused(Refused):
    """This is no scheme by which marks can be counted."""

    code = "grading_refused"
