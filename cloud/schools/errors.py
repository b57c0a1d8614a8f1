"""What schools refuse."""

from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import message


class SchoolRefused(Refused):
    """What is said about a school cannot be."""

    code = "school_refused"


class CodeTaken(Refused):
    """There is a school of this code."""

    status = HTTPStatus.CONFLICT
    code = "school_code_taken"

    def __init__(self, code: str) -> None:
        super().__init__(message("There is a school with the code {code} already. Choose another one.", code=code))


class SchoolUnknown(Refused):
    """There is no school of this code."""

    status = HTTPStatus.NOT_FOUND
    code = "school_unknown"

    def __init__(self, code: str) -> None:
        super().__init__(
            message("There is no school with the code {code}. Check it, or add the school first.", code=code)
        )
