"""What commands to devices refuse."""

from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import message


class GateElsewhere(Refused):
    """The device serves no gate of this key."""

    status = HTTPStatus.NOT_FOUND
    code = "gate_elsewhere"

    def __init__(self, gate: str) -> None:
        super().__init__(
            message("This device serves no gate “{gate}”. Open its page again and choose one.", gate=gate[:16])
        )


class ReasonMissing(Refused):
    """A command that opens or shuts a school says why."""

    code = "reason_missing"

    def __init__(self) -> None:
        super().__init__(
            message("Write why, in a few words: it stands in the audit journal beside your name, and nothing was sent.")
        )


class CommandsTooMany(Refused):
    """A device is given only so many commands."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "commands_too_many"

    def __init__(self, most: int) -> None:
        super().__init__(message("This device was given {most} commands within ten minutes. Wait a little.", most=most))
