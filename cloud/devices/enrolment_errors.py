"""What enrolment by a code refuses, and why; who holds a code that is worth nothing is told what to do."""

from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import message


class CodesUnsafe(Refused):
    """Codes would lead devices to an address without TLS."""

    status = HTTPStatus.CONFLICT
    code = "codes_unsafe"

    def __init__(self, url: str) -> None:
        super().__init__(
            message(
                "Devices enrol over HTTPS only, and the address of the pages is {url}. Set ESIK_PUBLIC_URL to one "
                "that begins with https.",
                url=url,
            )
        )


class CodeTooLong(Refused):
    """So many gates, or such long keys, do not fit into a code that every scanner reads."""

    code = "code_too_long"

    def __init__(self) -> None:
        super().__init__(message("So many gates do not fit into one code. Choose fewer, or shorter keys."))


class InvitationOver(Refused):
    """There is no code that could be cancelled."""

    status = HTTPStatus.CONFLICT
    code = "invitation_over"

    def __init__(self) -> None:
        super().__init__(message("This code was used or cancelled already, or there never was one."))


class EnrolmentMalformed(Refused):
    """The request is not of the form that the contract asks for."""

    status = HTTPStatus.BAD_REQUEST
    code = "enrolment_malformed"

    def __init__(self, why: str) -> None:
        super().__init__(message("This is no request for enrolment: {why}.", why=why))


class CodeUnknown(Refused):
    """Nobody made this code, or it was forgotten long after its end."""

    status = HTTPStatus.FORBIDDEN
    code = "code_unknown"

    def __init__(self) -> None:
        super().__init__(message("This code is not known. Ask the school's IT for a new one."))


class CodeForged(Refused):
    """The request was not signed with the code's token."""

    status = HTTPStatus.FORBIDDEN
    code = "code_forged"

    def __init__(self) -> None:
        super().__init__(message("The request is not signed with this code. Scan the code again."))


class CodeUsed(Refused):
    """Another device enrolled by this code."""

    status = HTTPStatus.CONFLICT
    code = "code_used"

    def __init__(self) -> None:
        super().__init__(message("Another device used this code already. Ask the school's IT for a new one."))


class CodeExpired(Refused):
    """The code's day is over."""

    status = HTTPStatus.GONE
    code = "code_expired"

    def __init__(self) -> None:
        super().__init__(message("This code is older than 24 hours. Ask the school's IT for a new one."))


class CodeCancelled(Refused):
    """The code was cancelled, or a newer one was made for its door."""

    status = HTTPStatus.GONE
    code = "code_cancelled"

    def __init__(self) -> None:
        super().__init__(message("This code was cancelled, or a newer one was printed. Scan the newest one."))


class CodeForeign(Refused):
    """The code was made for another school, or for another device, than the request says."""

    status = HTTPStatus.FORBIDDEN
    code = "code_foreign"

    def __init__(self) -> None:
        super().__init__(message("This code is another school's or another door's. Ask the school's IT for a new one."))
