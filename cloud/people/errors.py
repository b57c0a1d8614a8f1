"""What is refused about people."""

from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import Message, message


class IinWrong(Refused):
    """Twelve digits that are no IIN; the message never repeats them."""

    code = "iin_wrong"


class PersonRefused(Refused):
    """What is said about a person cannot be."""

    code = "person_refused"


class PersonConflict(Refused):
    """An IIN belongs to one person and the school's number to another."""

    status = HTTPStatus.CONFLICT
    code = "person_conflict"

    TOLD = message("The IIN belongs to one person of the school, and the number to another one. Mend one of them.")

    def __init__(self, index: int, told: Message = TOLD) -> None:
        super().__init__(told)
        self.index = index  # of the person in what was given


class PhoneWrong(Refused):
    """Digits that are no phone number."""

    code = "phone_wrong"

    def __init__(self) -> None:
        super().__init__(message("This is no phone number. Write it as +7 701 234 56 78."))
