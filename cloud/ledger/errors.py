"""What the ledger refuses."""

from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import message


class PostingConflict(Refused):
    """A key that was posted comes again and says something else."""

    status = HTTPStatus.CONFLICT
    code = "posting_conflict"

    def __init__(self, key: str) -> None:
        super().__init__(
            message("This was written down before with another sum or another account. Nothing was changed: compare.")
        )
        self.key = key


class AccountUnknown(Refused):
    """A posting names a person that the school does not have."""

    status = HTTPStatus.NOT_FOUND
    code = "account_unknown"

    def __init__(self, ref: str) -> None:
        super().__init__(message("There is no such person at this school. Check the number of the account."))
        self.ref = ref
